//! Errors, held locks and servers that are away.

use std::time::{Duration, Instant};

use event_store::{
    Append, AppendError, Appender, AppenderSettings, EventStore, Outcome, StoreSettings,
};
use test_kit::eventually;

use crate::log::{Log, PATIENCE, first, position, settings};

#[tokio::test]
async fn an_error_at_the_commit_acknowledges_nothing() {
    let log = Log::new().await;
    log.run(
        "create function fail_at_commit() returns trigger language plpgsql as $$
        begin
            raise exception 'too late';
        end $$;
        create constraint trigger fail_at_commit after insert on event
        deferrable initially deferred for each row
        when (new.aggregate_id = 'late') execute function fail_at_commit()",
    )
    .await;
    let appender = log.appender();
    let refused = appender.append(first("late", 1)).await;
    assert!(
        matches!(refused, Err(AppendError::Refused(_))),
        "{refused:?}"
    );

    // In a batch it fails alone, after all of the batch was rolled back.
    let lock = log.hold_lock().await;
    let ahead = tokio::spawn({
        let appender = appender.clone();
        async move { appender.append(first("ahead", 1)).await }
    });
    log.waiting_for_lock(1).await;
    let (good, late, released) = tokio::join!(
        appender.append(first("good", 1)),
        appender.append(first("late", 1)),
        lock.rollback(),
    );
    released.unwrap();
    ahead.await.unwrap().unwrap();
    assert_eq!(position(&good.unwrap()), 2);
    assert!(matches!(late, Err(AppendError::Refused(_))), "{late:?}");
    assert_eq!(log.assert_continuous().await.len(), 2);
}

#[tokio::test]
async fn a_lock_that_is_held_too_long_makes_appends_unavailable_and_writes_nothing() {
    let log = Log::new().await;
    let impatient = StoreSettings {
        lock_timeout: Duration::from_millis(50),
        ..settings(&log.database.url)
    };
    let store = EventStore::connect(&impatient).await.unwrap();
    let appender = Appender::start(&store, AppenderSettings::default());
    let lock = log.hold_lock().await;
    let refused = appender.append(first("o", 1)).await;
    assert!(
        matches!(refused, Err(AppendError::Unavailable)),
        "{refused:?}"
    );
    lock.rollback().await.unwrap();
    assert_eq!(position(&appender.append(first("o", 1)).await.unwrap()), 1);
}

#[tokio::test]
async fn a_batch_whose_connection_was_killed_is_sent_again_and_takes_effect_once() {
    let log = Log::new().await;
    let appender = log.appender();
    let lock = log.hold_lock().await;
    let waiting = tokio::spawn({
        let appender = appender.clone();
        async move { appender.append(first("o", 2)).await }
    });
    let killed = log.waiting_for_lock(1).await;
    log.run(&format!("select pg_terminate_backend({})", killed[0]))
        .await;
    eventually("the second sending", PATIENCE, async || {
        (log.waiting_for_lock(1).await != killed).then_some(())
    })
    .await;
    lock.rollback().await.unwrap();
    assert_eq!(position(&waiting.await.unwrap().unwrap()), 1);
    assert_eq!(log.assert_continuous().await.len(), 2);
}

#[tokio::test]
async fn a_caller_who_cannot_wait_for_the_outcome_is_told_so_and_the_batch_is_decided_all_the_same()
{
    let log = Log::new().await;
    let appender = log.appender();
    let lock = log.hold_lock().await;
    let deadline = Instant::now() + Duration::from_millis(200);
    let unknown = appender
        .append(Append {
            deadline,
            ..first("o", 1)
        })
        .await;
    assert!(
        matches!(unknown, Err(AppendError::OutcomeUnknown)),
        "{unknown:?}"
    );
    lock.rollback().await.unwrap();
    appender.close().await;
    assert_eq!(log.all().await.len(), 1);
}

#[tokio::test]
async fn a_database_that_is_away_is_told_at_once() {
    let nowhere = StoreSettings {
        acquire_timeout: Duration::from_millis(200),
        ..StoreSettings::new("postgres://nobody@127.0.0.1:1/nothing")
    };
    let store = EventStore::connect_lazy(&nowhere).unwrap();
    let appender = Appender::start(&store, AppenderSettings::default());
    let refused = appender.append(first("o", 1)).await;
    assert!(
        matches!(refused, Err(AppendError::Unavailable)),
        "{refused:?}"
    );
    let unread = store.load("order", "o").await;
    assert!(
        matches!(unread, Err(event_store::StoreError::Unavailable(_))),
        "{unread:?}"
    );
    assert!(EventStore::connect(&nowhere).await.is_err());
}

#[tokio::test]
async fn the_net_under_the_lock_is_there() {
    let log = Log::new().await;
    log.appender().append(first("o", 1)).await.unwrap();
    let twice = sqlx::query(
        "insert into event (aggregate_type, aggregate_id, sequence, event_type, event_version, payload, metadata,
            position, event_id, recorded_at)
        values ('order', 'p', 1, 'T', '1', '{}', '{}', 1, gen_random_uuid(), now())",
    )
    .execute(&log.admin)
    .await
    .unwrap_err();
    assert_eq!(
        twice.as_database_error().unwrap().constraint(),
        Some("event_position_key")
    );
}

#[tokio::test]
async fn a_later_batch_is_written_after_one_that_failed() {
    let log = Log::new().await;
    let appender = log.appender();
    let mut bad = first("bad", 1);
    bad.events[0].payload = "no".into();
    appender.append(bad).await.unwrap_err();
    let outcome = appender.append(first("good", 1)).await.unwrap();
    assert!(matches!(
        outcome,
        Outcome::Appended {
            first_position: 1,
            ..
        }
    ));
}
