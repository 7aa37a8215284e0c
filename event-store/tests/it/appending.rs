//! Order, atomicity and concurrency of appends.

use std::time::Duration;

use event_store::{Append, Outcome};
use futures::future::join_all;
use sqlx::Row as _;
use test_kit::eventually;
use tokio::task::JoinSet;
use uuid::Uuid;

use crate::log::{Log, PATIENCE, after, event, first, position};

/// Appends to `order`, one event a command, each upon the one before.
async fn write_on(appender: event_store::Appender, order: String, commands: usize) {
    let mut command = first(&order, 1);
    for _ in 0..commands {
        let outcome = appender.append(command.clone()).await.unwrap();
        assert!(matches!(outcome, Outcome::Appended { .. }), "{outcome:?}");
        command = after(&command);
    }
}

/// Reads while others write: every page goes on where the last one ended, with nothing left out.
async fn read_along(log: &Log, until: i64) {
    let mut held = event_store::Cursor::START;
    eventually("the reader's end of the log", PATIENCE, async || {
        for event in log.store.read_forward(held, 7).await.unwrap() {
            assert_eq!(
                event.position,
                held.position + 1,
                "a reader skipped a position"
            );
            held = event_store::Cursor::at(event.position, event.event_id);
        }
        (held.position == until).then_some(())
    })
    .await;
}

async fn many_writers_leave_no_gap(log: &Log) {
    let mut writers = JoinSet::new();
    // Two processes, each with an appender, 32 writers each.
    for process in 0..2 {
        let appender = log.appender();
        for order in 0..32 {
            writers.spawn(write_on(
                appender.clone(),
                format!("order-{process}-{order}"),
                10,
            ));
        }
    }
    let reading = read_along(log, 640);
    let writing = async {
        while let Some(done) = writers.join_next().await {
            done.unwrap();
        }
    };
    tokio::join!(reading, writing);
    assert_eq!(log.assert_continuous().await.len(), 640);
}

#[tokio::test(flavor = "multi_thread")]
async fn sixty_four_writers_leave_no_gap_and_readers_skip_nothing() {
    let log = Log::new().await;
    many_writers_leave_no_gap(&log).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_order_holds_though_the_database_defaults_to_repeatable_read() {
    let log = Log::new().await;
    let name = &log.database.name;
    log.run(&format!(
        "alter database {name} set default_transaction_isolation = 'repeatable read'"
    ))
    .await;
    many_writers_leave_no_gap(&log).await;
}

#[tokio::test]
async fn the_function_refuses_to_run_under_another_isolation() {
    let log = Log::new().await;
    for isolation in ["repeatable read", "serializable"] {
        let mut transaction = log.admin.begin().await.unwrap();
        sqlx::query(&format!("set transaction isolation level {isolation}"))
            .execute(&mut *transaction)
            .await
            .unwrap();
        let refused = sqlx::query(
            "select append_events('{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}')",
        )
        .execute(&mut *transaction)
        .await
        .unwrap_err();
        let code = refused
            .as_database_error()
            .unwrap()
            .code()
            .unwrap()
            .into_owned();
        assert_eq!(code, "25000", "{isolation}");
    }
}

#[tokio::test]
async fn of_two_writers_on_one_order_one_wins_and_the_other_is_told() {
    let log = Log::new().await;
    let (one, other) = (log.appender(), log.appender());
    let (left, right) = tokio::join!(one.append(first("o", 1)), other.append(first("o", 2)));
    let mut outcomes = [left.unwrap(), right.unwrap()];
    outcomes.sort_by_key(|outcome| *outcome == Outcome::Conflict);
    assert_eq!(position(&outcomes[0]), 1);
    assert_eq!(outcomes[1], Outcome::Conflict);
    log.assert_continuous().await;
}

#[tokio::test]
async fn a_command_on_a_stale_version_conflicts() {
    let log = Log::new().await;
    let appender = log.appender();
    let begin = first("o", 3);
    appender.append(begin.clone()).await.unwrap();
    let stale = [
        first("o", 1),
        Append {
            expected_sequence: 2,
            ..after(&begin)
        },
        Append {
            expected_sequence: 4,
            ..after(&begin)
        },
        Append {
            expected_last_event: None,
            ..after(&begin)
        },
    ];
    for command in stale {
        assert_eq!(appender.append(command).await.unwrap(), Outcome::Conflict);
    }
    let outcome = appender.append(after(&begin)).await.unwrap();
    assert_eq!(position(&outcome), 4);
}

#[tokio::test]
async fn a_last_event_of_another_history_conflicts_though_its_sequence_is_right() {
    let log = Log::new().await;
    let appender = log.appender();
    let begin = first("o", 1);
    appender.append(begin.clone()).await.unwrap();
    let other_history = Append {
        expected_last_event: Some(Uuid::now_v7()),
        ..after(&begin)
    };
    assert_eq!(
        appender.append(other_history).await.unwrap(),
        Outcome::Conflict
    );
}

#[tokio::test]
async fn a_command_of_1500_events_is_one_run_of_positions() {
    let log = Log::new().await;
    let appender = log.appender();
    let outcome = appender.append(first("big", 1_500)).await.unwrap();
    assert_eq!(position(&outcome), 1);
    let events = log.assert_continuous().await;
    assert_eq!(events.len(), 1_500);
    assert!(
        events
            .iter()
            .all(|event| event.recorded_at == events[0].recorded_at)
    );
}

#[tokio::test]
async fn a_command_whose_last_event_is_refused_leaves_nothing() {
    let log = Log::new().await;
    let mut command = first("o", 3);
    command.events[2].payload = "not JSON".into();
    log.appender().append(command).await.unwrap_err();
    assert!(log.all().await.is_empty());
}

#[tokio::test]
async fn payload_and_metadata_stay_byte_for_byte() {
    let log = Log::new().await;
    let payload = "{ \"b\":1.50,\n\t\"a\" : \"\\u0000\\u00e9é\", \"a\":[ ] }";
    let mut command = first("o", 1);
    command.events[0].payload = payload.into();
    command.events[0].metadata = payload.into();
    log.appender().append(command).await.unwrap();
    let stored = &log.all().await[0];
    assert_eq!(
        (stored.payload.as_str(), stored.metadata.as_str()),
        (payload, payload)
    );
}

#[tokio::test]
async fn what_the_append_says_is_what_the_log_holds() {
    let log = Log::new().await;
    let command = first("o", 2);
    let outcome = log.appender().append(command.clone()).await.unwrap();
    let events = log.all().await;
    let appended = Outcome::Appended {
        first_position: events[0].position,
        recorded_at: events[0].recorded_at,
    };
    assert_eq!(outcome, appended);
    for (stored, new) in events.iter().zip(&command.events) {
        assert_eq!(stored.event_id, new.event_id);
        assert_eq!(stored.event_type, new.event_type);
        assert_eq!(stored.event_version, new.event_version);
        assert_eq!(
            u8::try_from(stored.slot).unwrap(),
            domain::partition::slot("o")
        );
    }
}

#[tokio::test]
async fn a_time_never_falls_though_the_servers_clock_did() {
    let log = Log::new().await;
    log.run(
        "insert into event (aggregate_type, aggregate_id, sequence, event_type, event_version, payload, metadata,
            position, event_id, recorded_at)
        values ('order', 'future', 1, 'T', '1', '{}', '{}', 1, gen_random_uuid(), '2100-01-01 00:00:00Z')",
    )
    .await;
    log.appender().append(first("o", 1)).await.unwrap();
    let events = log.assert_continuous().await;
    assert_eq!(events[1].recorded_at, events[0].recorded_at);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_open_write_transaction_in_another_database_does_not_hold_the_feed() {
    let log = Log::new().await;
    let other = Log::new().await;
    let mut open = other.admin.begin().await.unwrap();
    sqlx::query("insert into lease values ('x', gen_random_uuid(), now())")
        .execute(&mut *open)
        .await
        .unwrap();
    let appender = log.appender();
    let commands = (0..10).map(|order| appender.append(first(&format!("o-{order}"), 1)));
    join_all(commands).await;
    assert_eq!(log.assert_continuous().await.len(), 10);
    open.rollback().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_append_that_is_held_open_is_neither_skipped_nor_stalls_the_feed() {
    for committed in [true, false] {
        let log = Log::new().await;
        // An event with this version waits inside the append, with the log's lock held, until it may go on.
        log.run(
            "create function wait_in_append() returns trigger language plpgsql as $$
            begin
                perform pg_advisory_xact_lock_shared(42);
                return new;
            end $$;
            create trigger wait_in_append before insert on event for each row
            when (new.event_version = 'slow') execute function wait_in_append()",
        )
        .await;
        log.appender().append(first("before", 1)).await.unwrap();
        let mut gate = log.admin.begin().await.unwrap();
        sqlx::query("select pg_advisory_xact_lock(42)")
            .execute(&mut *gate)
            .await
            .unwrap();

        let mut slow = first("slow", 1);
        slow.events[0] = event_store::NewEvent {
            event_version: "slow".into(),
            ..event()
        };
        let (one, other) = (log.appender(), log.appender());
        let held = tokio::spawn(async move { one.append(slow).await });
        let pid: i32 = eventually("the append held open", PATIENCE, async || {
            let row = sqlx::query(
                "select pid from pg_locks
                where locktype = 'advisory' and not granted and objid = 42
                and database = (select oid from pg_database where datname = current_database())",
            )
            .fetch_optional(&log.admin)
            .await
            .unwrap();
            row.map(|row| row.get(0))
        })
        .await;
        let waiting = tokio::spawn(async move { other.append(first("waiting", 1)).await });
        log.waiting_for_lock(1).await;
        assert_eq!(
            log.assert_continuous().await.len(),
            1,
            "only what is committed is read"
        );

        if committed {
            gate.rollback().await.unwrap();
        } else {
            log.run(&format!("select pg_cancel_backend({pid})")).await;
        }
        let held = held.await.unwrap();
        assert_eq!(held.is_ok(), committed, "{held:?}");
        let waited = position(&waiting.await.unwrap().unwrap());
        assert_eq!(
            waited,
            if committed { 3 } else { 2 },
            "a rollback leaves no gap"
        );
        log.assert_continuous().await;
    }
}

#[tokio::test]
async fn a_commit_wakes_who_waits_for_it() {
    let log = Log::new().await;
    let appender = log.appender();
    let mut committed = appender.committed();
    appender.append(first("o", 3)).await.unwrap();
    let seen = tokio::time::timeout(
        Duration::from_secs(5),
        committed.wait_for(|last| *last == 3),
    );
    seen.await.unwrap().unwrap();
}
