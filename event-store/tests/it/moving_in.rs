//! A team with a `postgres-es` table moves in: the script of the documentation, as it stands there.

use std::collections::HashMap;

use cqrs_es::persist::PersistedEventStore;
use cqrs_es::{AggregateContext as _, CqrsFramework, EventStore as _};
use event_store::StoredEvent;
use postgres_es::PostgresEventRepository;
use sqlx::{Executor as _, Row as _};

use crate::log::{Log, first};
use crate::postgres_es::Counter;

const SCRIPT: &str = include_str!("../../../docs/moving-in/postgres-es.sql");

/// The table that the crate's own `db/init.sql` makes.
const OLD_TABLE: &str = "
create schema moving_in;
create table moving_in.events (
    aggregate_type text not null,
    aggregate_id text not null,
    sequence bigint check (sequence >= 0) not null,
    event_type text not null,
    event_version text not null,
    payload json not null,
    metadata json not null,
    primary key (aggregate_type, aggregate_id, sequence)
)";

type Store = PersistedEventStore<PostgresEventRepository, Counter>;

fn store(log: &Log, table: &str) -> Store {
    let repository =
        PostgresEventRepository::new(log.admin.clone()).with_tables(table, "no_snapshots");
    PersistedEventStore::new_event_store(repository)
}

/// A log with an order of ours, and beside it an old table with two counters whose events alternate.
async fn before_the_move() -> Log {
    let log = Log::new().await;
    log.appender().append(first("ours", 1)).await.unwrap();
    log.run(OLD_TABLE).await;
    let old = CqrsFramework::new(store(&log, "moving_in.events"), vec![], ());
    for (number, (counter, amounts)) in [
        ("b", vec![1]),
        ("a", vec![10, 20]),
        ("b", vec![2]),
        ("a", vec![30]),
    ]
    .into_iter()
    .enumerate()
    {
        let at = format!("2024-05-0{}T12:00:00Z", 9 - number);
        let metadata = HashMap::from([("timestamp".to_owned(), at)]);
        old.execute_with_metadata(counter, amounts, metadata)
            .await
            .unwrap();
    }
    log
}

/// Runs a script as `psql --single-transaction` does.
async fn run(log: &Log, script: &str) -> Result<(), sqlx::Error> {
    let mut transaction = log.admin.begin().await?;
    (&mut *transaction).execute(script).await?;
    transaction.commit().await
}

fn places(events: &[StoredEvent]) -> Vec<(&str, i64)> {
    events
        .iter()
        .map(|event| (event.aggregate_id.as_str(), event.sequence))
        .collect()
}

#[tokio::test]
async fn events_arrive_in_the_order_in_which_they_were_inserted_and_both_sides_read_them() {
    let log = before_the_move().await;
    run(&log, SCRIPT).await.unwrap();

    let events = log.assert_continuous().await;
    assert_eq!(
        places(&events),
        [
            ("ours", 1),
            ("b", 1),
            ("a", 1),
            ("a", 2),
            ("b", 2),
            ("a", 3)
        ]
    );
    assert_eq!(events[1].event_id.get_version_num(), 7);
    assert_eq!(events[1].payload, r#"{"Added": {"amount": 1}}"#);
    for counter in ["a", "b"] {
        let ours = log.store.load("counter", counter).await.unwrap();
        let (old, new) = (store(&log, "moving_in.events"), store(&log, "event"));
        let mut before = old.load_aggregate(counter).await.unwrap();
        let mut after = new.load_aggregate(counter).await.unwrap();
        assert_eq!(before.aggregate(), after.aggregate());
        assert_eq!(before.current_sequence, ours.len());
        assert_eq!(after.current_sequence, ours.len());
    }
}

#[tokio::test]
async fn life_goes_on_after_the_move() {
    let log = before_the_move().await;
    run(&log, SCRIPT).await.unwrap();
    let framework = CqrsFramework::new(store(&log, "event"), vec![], ());
    framework.execute("a", vec![40]).await.unwrap();
    log.appender().append(first("another", 1)).await.unwrap();

    assert_eq!(log.assert_continuous().await.len(), 8);
    let mut context = store(&log, "event").load_aggregate("a").await.unwrap();
    assert_eq!(context.aggregate().total, 100);
}

#[tokio::test]
async fn times_in_the_metadata_decide_where_there_are_some_but_never_against_the_sequences() {
    let log = Log::new().await;
    log.run(OLD_TABLE).await;
    let insert = "insert into moving_in.events values
        ('counter', 'a', 1, 'Added', '1', '{}', '{\"timestamp\": \"2024-05-09T12:00:00Z\"}'),
        ('counter', 'b', 1, 'Added', '1', '{}', '{\"timestamp\": \"2024-05-08T12:00:00Z\"}'),
        ('counter', 'a', 2, 'Added', '1', '{}', '{\"timestamp\": \"2024-05-07T12:00:00Z\"}'),
        ('counter', 'c', 1, 'Added', '1', '{}', '{\"timestamp\": \"2024-05-10T12:00:00Z\"}')";
    log.run(insert).await;
    let script = SCRIPT.replace(
        "null::timestamptz as happened_at",
        "(e.metadata ->> 'timestamp')::timestamptz as happened_at",
    );
    assert_ne!(script, SCRIPT);
    run(&log, &script).await.unwrap();

    let events = log.assert_continuous().await;
    assert_eq!(places(&events), [("b", 1), ("a", 1), ("a", 2), ("c", 1)]);
    let days: Vec<String> = events
        .iter()
        .map(|event| event.recorded_at.format("%d").to_string())
        .collect();
    assert_eq!(days, ["08", "09", "09", "10"]);
}

#[tokio::test]
async fn what_is_not_in_order_stays_where_it_is_and_is_named() {
    let log = before_the_move().await;
    let attempts = [
        (
            "insert into moving_in.events values ('counter', 'holey', 2, 'Added', '1', '{}', '{}')",
            "counter holey has an event of sequence 2 where 1 comes next",
        ),
        (
            "insert into moving_in.events values ('counter', 'zeroth', 0, 'Added', '1', '{}', '{}')",
            "counter zeroth has an event of sequence 0 where 1 comes next",
        ),
        (
            "insert into moving_in.events values ('order', 'o', 1, 'Added', '1', '{}', '{}')",
            "the aggregate type `order` is the platform's own",
        ),
        (
            "insert into event (aggregate_type, aggregate_id, sequence, event_type, event_version, payload, metadata)
            values ('counter', 'b', 1, 'Added', '1', '{}', '{}')",
            "counter b is in the log already",
        ),
    ];
    for (spoil, complaint) in attempts {
        let mut transaction = log.admin.begin().await.unwrap();
        (&mut *transaction).execute(spoil).await.unwrap();
        let refused = (&mut *transaction).execute(SCRIPT).await.unwrap_err();
        assert!(refused.to_string().contains(complaint), "{refused}");
        transaction.rollback().await.unwrap();
    }
    assert_eq!(log.all().await.len(), 1);
    let kept = log.row("select count(*) from moving_in.events").await;
    assert_eq!(kept.get::<i64, _>(0), 5);
}

#[tokio::test]
async fn moving_twice_moves_once() {
    let log = before_the_move().await;
    run(&log, SCRIPT).await.unwrap();
    let refused = run(&log, SCRIPT).await.unwrap_err();
    assert!(
        refused.to_string().contains("is in the log already"),
        "{refused}"
    );
    assert_eq!(log.assert_continuous().await.len(), 6);
}
