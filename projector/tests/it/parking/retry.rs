//! Parked orders tried again.

use read_model::View;
use sqlx::types::chrono::{DateTime, Utc};
use test_kit::eventually;

use crate::setup::{PATIENCE, Setup, ids};

#[tokio::test]
async fn a_retry_while_the_orders_go_on_loses_and_repeats_nothing() {
    let mut setup = Setup::new().await;
    let projector = setup.projector();
    setup.traffic("o", 60, 0).await;
    setup.caught_up().await;
    for round in 0..5 {
        setup
            .refuse_but("orders_1", "version < 2 or order_id !~ '-1'")
            .await;
        setup
            .refuse_but("customers_by_order_1", "order_id <> 'new'")
            .await;
        for _ in 0..3 {
            setup.note(&ids("o", 60), &format!("round {round}")).await;
        }
        setup.caught_up().await;
        assert_eq!(setup.parked().await.len(), 11);
        setup.accept("orders_1").await;
        setup.accept("customers_by_order_1").await;
        setup.retry(View::Orders).await;
        for _ in 0..10 {
            setup.note(&ids("o", 60), "meanwhile").await;
        }
        setup.nothing_is_parked().await;
        setup.views_equal_the_log().await;
    }
    projector.stop().await;
}

#[tokio::test]
async fn a_retry_that_fails_again_leaves_the_order_parked() {
    let mut setup = Setup::new().await;
    let projector = setup.projector();
    setup.traffic("o", 20, 0).await;
    setup.caught_up().await;
    setup
        .refuse_but("orders_1", "order_id <> 'o-7' or version < 3")
        .await;
    for _ in 0..3 {
        setup.note(&ids("o", 20), "text").await;
    }
    setup.caught_up().await;
    let read = async |setup: &Setup| -> (i64, String, bool, DateTime<Utc>) {
        sqlx::query_as("select position, error, retry, since from parked")
            .fetch_one(&setup.views)
            .await
            .unwrap()
    };
    let (position, error, _, since) = read(&setup).await;
    assert_eq!(position, setup.position_of("o-7", 3).await);
    assert!(error.contains("poison"), "{error}");

    // Something else is wrong now, and later.
    setup.accept("orders_1").await;
    sqlx::query("alter table orders_1 add constraint venom check (order_id <> 'o-7' or version < 4) not valid")
        .execute(&setup.views)
        .await
        .unwrap();
    setup.retry(View::Orders).await;
    setup.retried().await;
    let (position, error, retry, still_since) = read(&setup).await;
    assert_eq!(position, setup.position_of("o-7", 4).await);
    assert!(error.contains("venom"), "{error}");
    assert!(!retry);
    assert_eq!(still_since, since);
    setup.versions_are(4, &[("o-7", 3)]).await;

    // And the very same: what the view shows stays.
    setup.retry(View::Orders).await;
    setup.retried().await;
    assert_eq!(read(&setup).await.0, position);
    setup.versions_are(4, &[("o-7", 3)]).await;

    sqlx::query("alter table orders_1 drop constraint venom")
        .execute(&setup.views)
        .await
        .unwrap();
    setup.note(&ids("o", 20), "text").await;
    setup.retry(View::Orders).await;
    setup.nothing_is_parked().await;
    setup.views_equal_the_log().await;
    projector.stop().await;
}

/// Each believes now and then that all partitions are its own, and that an order is parked which the other has taken in.
#[tokio::test]
async fn two_workers_on_the_same_partitions_agree_on_what_is_parked() {
    let mut setup = Setup::new().await;
    let (first, second) = (setup.projector(), setup.projector());
    setup.traffic("o", 50, 0).await;
    setup.caught_up().await;
    for round in 0..6 {
        setup
            .refuse_but("orders_1", "version < 2 or order_id !~ '-[12]'")
            .await;
        setup.note(&ids("o", 50), "held back").await;
        eventually("orders that are parked", PATIENCE, async || {
            (setup.parked().await.len() == 22).then_some(())
        })
        .await;
        setup.accept("orders_1").await;
        for _ in 0..5 {
            sqlx::query("delete from lease where name like 'partition:%'")
                .execute(&setup.views)
                .await
                .unwrap();
            setup.note(&ids("o", 50), &format!("round {round}")).await;
            setup.retry(View::Orders).await;
        }
        setup.nothing_is_parked().await;
    }
    setup.views_equal_the_log().await;
    first.stop().await;
    second.stop().await;
}

/// The checkpoint does not tell: it is where it was.
#[tokio::test]
async fn a_worker_that_missed_that_another_took_an_order_in_begins_anew() {
    let mut setup = Setup::new().await;
    let projector = setup.projector();
    setup.traffic("o", 20, 0).await;
    setup.caught_up().await;
    setup
        .refuse_but("orders_1", "order_id <> 'o-7' or version < 2")
        .await;
    setup.note(&ids("o", 20), "held back").await;
    setup.caught_up().await;
    assert_eq!(setup.parked().await.len(), 1);
    setup.accept("orders_1").await;
    sqlx::query("delete from parked")
        .execute(&setup.views)
        .await
        .unwrap();
    setup.note(&ids("o", 20), "and on").await;
    setup.views_equal_the_log().await;
    projector.stop().await;
}

#[tokio::test]
async fn what_is_parked_goes_back_with_the_log() {
    let mut setup = Setup::new().await;
    let projector = setup.projector();
    setup.traffic("o", 40, 1).await;
    setup.caught_up().await;
    setup
        .refuse_but(
            "orders_1",
            "order_id not in ('o-1', 'o-2', 'o-3') or version < 3",
        )
        .await;
    // One stays parked, and has nothing that is lost; of the next all that is parked is lost; the last has both.
    setup
        .note(&["o-1".to_owned(), "o-3".to_owned()], "parked")
        .await;
    setup.caught_up().await;
    let kept = setup.head().await;
    setup.note(&ids("o", 4)[2..], "lost").await;
    setup.note(&ids("o", 4)[2..], "lost, too").await;
    setup.caught_up().await;
    let at = |order: &str, position: i64| ("orders", order.to_owned(), position);
    let one = setup.position_of("o-1", 3).await;
    let three = setup.position_of("o-3", 3).await;
    let two = setup.position_of("o-2", 3).await;
    setup
        .parked_are(&[at("o-1", one), at("o-2", two), at("o-3", three)])
        .await;

    setup.lose_after(kept).await;
    setup.traffic("p", 40, 1).await;
    setup.position_is_the_head().await;
    setup.caught_up().await;
    setup.parked_are(&[at("o-1", one), at("o-3", three)]).await;
    setup.versions_are(2, &[]).await;

    setup.accept("orders_1").await;
    setup.retry(View::Orders).await;
    setup.nothing_is_parked().await;
    setup.views_equal_the_log().await;
    projector.stop().await;
}
