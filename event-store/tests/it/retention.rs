//! Keys live for a time, and their deletion is in nobody's way.

use std::time::Duration;

use event_store::{Append, Outcome, StoreError};
use sqlx::Executor as _;
use uuid::Uuid;

use crate::log::{Log, first, key, position};

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// Fills an empty log with commands of one event each, recorded so long ago; the id of each one's key.
async fn old(log: &Log, commands: usize, age: &str) -> Vec<Uuid> {
    let keys: Vec<Uuid> = (0..commands).map(|_| Uuid::new_v4()).collect();
    let fill = format!(
        "with old as (
            select id, number::bigint as position
            from unnest($1::uuid[]) with ordinality as k (id, number)
        ),
        events as (
            insert into event (aggregate_type, aggregate_id, sequence, event_type, event_version, payload, metadata,
                position, event_id, recorded_at)
            select 'order', 'old-' || position, 1, 'T', '1', '{{}}', '{{}}',
                position, gen_random_uuid(), now() - interval '{age}'
            from old
        )
        insert into idempotency_key (id, request, position, events, status, represented)
        select id, id, position, 1, 201, false
        from old"
    );
    let filled = sqlx::query(&fill).bind(&keys).execute(&log.admin);
    assert_eq!(filled.await.unwrap().rows_affected(), commands as u64);
    keys
}

/// A retry of the command that had this key.
fn retry(id: Uuid) -> Append {
    let mut again = first("again", 1);
    again.key = Some(event_store::KeyToRecord {
        id,
        request: id,
        ..key()
    });
    again
}

#[tokio::test]
async fn expired_keys_go_so_many_at_a_time_and_the_others_stay() {
    let log = Log::new().await;
    let old = old(&log, 1_200, "8 days").await;
    let appender = log.appender();
    let young = Append {
        key: Some(key()),
        ..first("young", 1)
    };
    appender.append(young.clone()).await.unwrap();
    let mut deleted = Vec::new();
    for _ in 0..4 {
        deleted.push(log.store.delete_expired_keys(7 * DAY, 500).await.unwrap());
    }
    assert_eq!(deleted, [500, 500, 200, 0]);
    assert!(log.store.find_key(old[1_199]).await.unwrap().is_none());
    let replay = appender
        .append(Append {
            key: young.key,
            ..first("again", 1)
        })
        .await
        .unwrap();
    assert!(matches!(replay, Outcome::Replay(_)), "{replay:?}");
    assert_eq!(log.assert_continuous().await.len(), 1_201, "events stay");
}

#[tokio::test]
async fn a_key_that_is_still_there_is_a_replay_whatever_its_age_and_then_free() {
    let log = Log::new().await;
    let keys = old(&log, 3, "300 days").await;
    let appender = log.appender();
    let replay = appender.append(retry(keys[1])).await.unwrap();
    assert!(
        matches!(&replay, Outcome::Replay(key) if key.aggregate_id == "old-2"),
        "{replay:?}"
    );
    assert_eq!(
        log.store.delete_expired_keys(7 * DAY, 500).await.unwrap(),
        3
    );
    let anew = appender.append(retry(keys[1])).await.unwrap();
    assert_eq!(position(&anew), 4);
}

#[tokio::test]
async fn a_deletion_that_is_held_open_blocks_neither_appends_nor_other_deletions() {
    let log = Log::new().await;
    let keys = old(&log, 20, "8 days").await;
    let mut held = log.admin.begin().await.unwrap();
    let delete_ten = "select delete_expired_keys(interval '7 days', 10)";
    held.execute(delete_ten).await.unwrap();

    // Nothing is waited for: each of these would end with an error after the statement's or the lock's time.
    let appender = log.appender();
    let replay = appender.append(retry(keys[0])).await.unwrap();
    assert!(
        matches!(replay, Outcome::Replay(_)),
        "nobody has seen the deletion: {replay:?}"
    );
    let new = Append {
        key: Some(key()),
        ..first("new", 1)
    };
    assert_eq!(position(&appender.append(new).await.unwrap()), 21);
    let others = log.store.delete_expired_keys(7 * DAY, 10).await.unwrap();
    assert_eq!(others, 10, "those that are not being deleted");
    held.rollback().await.unwrap();
    assert!(log.store.find_key(keys[0]).await.unwrap().is_some());
    assert!(log.store.find_key(keys[19]).await.unwrap().is_none());
}

#[tokio::test]
async fn nobody_can_forget_what_a_caller_still_counts_on() {
    let log = Log::new().await;
    old(&log, 1, "50 minutes").await;
    for age in [Duration::ZERO, DAY / 25] {
        let refused = log.store.delete_expired_keys(age, 500).await;
        assert!(
            matches!(refused, Err(StoreError::Refused(_))),
            "{refused:?}"
        );
    }
    let hour = Duration::from_secs(60 * 60);
    assert_eq!(log.store.delete_expired_keys(hour, 500).await.unwrap(), 0);
}
