//! Rows that services keep beside the log.

use std::time::Duration;

use event_store::lease::{self, Lease};
use event_store::{Cursor, relay_row};
use test_kit::eventually;
use uuid::Uuid;

use crate::log::{Log, PATIENCE};

const LONG: Duration = Duration::from_secs(60);

#[tokio::test]
async fn a_lease_is_one_owners_until_it_expires_or_is_given_back() {
    let log = Log::new().await;
    let (one, other) = (Uuid::new_v4(), Uuid::new_v4());
    let pool = &log.admin;
    assert!(lease::acquire(pool, "relay", one, LONG).await.unwrap());
    assert!(
        lease::acquire(pool, "relay", one, LONG).await.unwrap(),
        "its owner may take it again"
    );
    assert!(!lease::acquire(pool, "relay", other, LONG).await.unwrap());
    assert!(!lease::renew(pool, "relay", other, LONG).await.unwrap());
    lease::release(pool, "relay", other).await.unwrap();
    assert!(
        lease::renew(pool, "relay", one, LONG).await.unwrap(),
        "only its owner gives it back"
    );
    lease::release(pool, "relay", one).await.unwrap();
    assert!(!lease::renew(pool, "relay", one, LONG).await.unwrap());

    assert!(
        lease::acquire(pool, "relay", one, Duration::from_millis(50))
            .await
            .unwrap()
    );
    eventually("the end of the lease", PATIENCE, async || {
        lease::acquire(pool, "relay", other, LONG)
            .await
            .unwrap()
            .then_some(())
    })
    .await;
    assert!(!lease::renew(pool, "relay", one, LONG).await.unwrap());
}

#[tokio::test]
async fn a_lease_that_has_expired_is_not_renewed() {
    let log = Log::new().await;
    let owner = Uuid::new_v4();
    assert!(
        lease::acquire(&log.admin, "p", owner, Duration::ZERO)
            .await
            .unwrap()
    );
    assert!(!lease::renew(&log.admin, "p", owner, LONG).await.unwrap());
}

#[tokio::test]
async fn of_many_who_want_a_lease_at_once_one_gets_it() {
    let log = Log::new().await;
    let wanting = (0..8).map(|_| lease::acquire(&log.admin, "p", Uuid::new_v4(), LONG));
    let got = futures::future::join_all(wanting).await;
    assert_eq!(
        got.into_iter().filter(|got| *got.as_ref().unwrap()).count(),
        1
    );
}

#[tokio::test]
async fn the_leases_that_are_held_are_listed() {
    let log = Log::new().await;
    let owner = Uuid::new_v4();
    for (name, ttl) in [
        ("worker/a", LONG),
        ("worker/b", Duration::ZERO),
        ("relay", LONG),
    ] {
        lease::acquire(&log.admin, name, owner, ttl).await.unwrap();
    }
    let held = lease::held(&log.admin, "worker/").await.unwrap();
    assert_eq!(
        held,
        [Lease {
            name: "worker/a".into(),
            owner
        }]
    );
}

#[tokio::test]
async fn a_relays_place_is_remembered_for_each_stream() {
    let log = Log::new().await;
    let pool = &log.admin;
    assert_eq!(relay_row::read(pool, "ORDERS").await.unwrap(), None);
    for at in [
        Cursor::at(7, Uuid::new_v4()),
        Cursor::at(5, Uuid::new_v4()),
        Cursor::START,
    ] {
        relay_row::write(pool, "ORDERS", at).await.unwrap();
        assert_eq!(relay_row::read(pool, "ORDERS").await.unwrap(), Some(at));
    }
    assert_eq!(relay_row::read(pool, "OTHER").await.unwrap(), None);
}
