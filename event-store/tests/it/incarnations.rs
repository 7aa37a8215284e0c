//! Raising the log's incarnation.

use event_store::{Backlog, Cursor, PartitionOf, incarnation, relay_row};
use uuid::Uuid;

use crate::log::{Log, first};

#[tokio::test]
async fn an_incarnation_is_raised_once_and_only_for_an_event_that_is_gone() {
    let log = Log::new().await;
    log.appender().append(first("o", 2)).await.unwrap();
    let there = log.all().await;
    let (kept, last) = (&there[0], &there[1]);
    let held = log.store.identity().await.unwrap();
    let pool = log.store.pool();
    let agreed = Cursor::at(kept.position, kept.event_id);

    let still_there = Some(Cursor::at(last.position, last.event_id));
    let raised = incarnation::raise(pool, held, 1, still_there, "S", agreed).await;
    assert_eq!(raised.unwrap(), None, "the log has that event");
    assert_eq!(relay_row::read(pool, "S").await.unwrap(), None);

    let gone = Some(Cursor::at(last.position, Uuid::now_v7()));
    let raised = incarnation::raise(pool, held, 4, gone, "S", agreed).await;
    let raised = raised.unwrap().unwrap();
    assert_eq!((raised.log_id, raised.incarnation), (held.log_id, 5));
    assert_eq!(log.store.identity().await.unwrap(), raised);
    assert_eq!(relay_row::read(pool, "S").await.unwrap(), Some(agreed));

    let again = incarnation::raise(pool, held, 4, gone, "S", Cursor::START).await;
    assert_eq!(again.unwrap(), None, "somebody else was quicker");
    assert_eq!(relay_row::read(pool, "S").await.unwrap(), Some(agreed));
}

#[tokio::test]
async fn a_backlog_counts_the_events_ahead_and_the_age_of_the_first() {
    let log = Log::new().await;
    assert_eq!(log.store.backlog(0).await.unwrap().events, 0);
    log.appender().append(first("o", 3)).await.unwrap();
    let backlog = log.store.backlog(1).await.unwrap();
    assert_eq!(backlog.events, 2);
    assert!(backlog.seconds > 0.0);
    let none = log.store.backlog(3).await.unwrap();
    assert_eq!(none, Backlog::NONE);

    let slot = u16::try_from(log.all().await[0].slot).unwrap();
    let own = PartitionOf {
        index: slot,
        count: 256,
    };
    let of_partition = log.store.partition_backlog(own, 1).await.unwrap();
    assert_eq!(of_partition.events, 2);
    assert!(of_partition.seconds > 0.0);
    let other = PartitionOf {
        index: (slot + 1) % 256,
        count: 256,
    };
    let none = log.store.partition_backlog(other, 0).await.unwrap();
    assert_eq!(none, Backlog::NONE);
}
