//! A standby that lagged takes over: acknowledged events are gone, and their positions are used again.

use event_store::{
    Append, Appender, AppenderSettings, Cursor, EventStore, Outcome, PartitionOf, ReadError,
};
use sqlx::Row as _;
use test_kit::{TestCluster, eventually};

use crate::log::{PATIENCE, after, assert_continuous, first, key, log_on, position, store_on};

/// Waits until the standby has all that the primary has.
async fn caught_up(primary: &TestCluster, standby: &TestCluster) {
    let primary = primary.pool("postgres").await;
    let written: String = sqlx::query_scalar("select pg_current_wal_lsn()::text")
        .fetch_one(&primary)
        .await
        .unwrap();
    primary.close().await;
    let standby = standby.pool("postgres").await;
    eventually("the standby", PATIENCE, async || {
        let row = sqlx::query("select coalesce(pg_last_wal_replay_lsn() >= $1::pg_lsn, false)")
            .bind(&written)
            .fetch_one(&standby)
            .await
            .ok()?;
        row.get::<bool, _>(0).then_some(())
    })
    .await;
    standby.close().await;
}

/// A log that lost its last events: those of `lost`, which followed `kept`, and has others in their places.
struct Failover {
    server: TestCluster,
    store: EventStore,
    appender: Appender,
    kept: Append,
    lost: Append,
    other: Append,
    /// Where a reader stands that has seen the lost event.
    held: Cursor,
}

impl Failover {
    async fn new() -> Self {
        let mut primary = test_kit::cluster(&[]).await;
        let store = log_on(&primary).await;
        let mut standby = primary.standby().await;
        let appender = Appender::start(&store, AppenderSettings::default());
        let kept = first("o", 1);
        appender.append(kept.clone()).await.unwrap();
        caught_up(&primary, &standby).await;

        standby.cut_off().await;
        let lost = Append {
            key: Some(key()),
            ..after(&kept)
        };
        assert_eq!(position(&appender.append(lost.clone()).await.unwrap()), 2);
        let held = Cursor::at(2, lost.events[0].event_id);
        assert!(store.read_forward(held, 10).await.unwrap().is_empty());

        primary.crash().await;
        standby.take_over(&mut primary).await;
        assert_eq!(assert_continuous(&store).await.len(), 1, "one was lost");
        let other = after(&kept);
        let appender = Appender::start(&store, AppenderSettings::default());
        let outcome = appender.append(other.clone()).await.unwrap();
        assert_eq!(position(&outcome), 2, "a position that others have seen");
        Self {
            server: standby,
            store,
            appender,
            kept,
            lost,
            other,
            held,
        }
    }
}

#[tokio::test]
async fn after_a_failover_that_lost_events_writer_and_reader_notice_by_the_events_id() {
    let log = Failover::new().await;
    // Its sequence is right, and yet what was decided upon is gone.
    let upon_the_lost = log.appender.append(after(&log.lost)).await.unwrap();
    assert_eq!(upon_the_lost, Outcome::Conflict);
    let upon_the_other = log.appender.append(after(&log.other)).await.unwrap();
    assert_eq!(position(&upon_the_other), 3);

    let whole = PartitionOf { index: 0, count: 1 };
    for page in [
        log.store.read_forward(log.held, 10).await,
        log.store.read_partition(whole, log.held, 10).await,
    ] {
        assert!(
            matches!(page, Err(ReadError::AnotherHistory { position: 2, held, found })
                if held == log.lost.events[0].event_id && found == log.other.events[0].event_id),
            "{page:?}"
        );
    }
    let agreed = Cursor::at(1, log.kept.events[0].event_id);
    assert_eq!(log.store.read_forward(agreed, 10).await.unwrap().len(), 2);
}

#[tokio::test]
async fn a_key_whose_effect_was_lost_can_be_used_again_and_has_one_effect() {
    let log = Failover::new().await;
    assert_eq!(
        log.store.find_key(log.lost.key.unwrap().id).await.unwrap(),
        None,
        "key and events are lost together"
    );
    let retry = Append {
        key: log.lost.key,
        ..after(&log.other)
    };
    assert_eq!(position(&log.appender.append(retry).await.unwrap()), 3);
    let again = Append {
        key: log.lost.key,
        ..after(&log.other)
    };
    let replay = log.appender.append(again).await.unwrap();
    assert!(matches!(replay, Outcome::Replay(_)), "{replay:?}");
    assert_eq!(assert_continuous(&log.store).await.len(), 3);
    let second = store_on(&log.server).await;
    assert_eq!(assert_continuous(&second).await.len(), 3);
}
