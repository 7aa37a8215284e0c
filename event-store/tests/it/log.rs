//! A log of its own for a test, and commands to append to it.

use std::time::{Duration, Instant};

use event_store::{
    Append, Appender, AppenderSettings, Cursor, EventStore, KeyToRecord, NewEvent, ORDER, Outcome,
    StoreSettings, StoredEvent,
};
use sqlx::postgres::PgRow;
use sqlx::{Executor as _, PgPool, Postgres, Transaction};
use test_kit::{TestCluster, TestDatabase, eventually};
use uuid::Uuid;

/// How long a test waits for what must come.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// A migrated log in a database of its own.
pub(crate) struct Log {
    pub(crate) database: TestDatabase,
    /// Connections of an administrator, who can do what services cannot.
    pub(crate) admin: PgPool,
    pub(crate) store: EventStore,
}

impl Log {
    pub(crate) async fn new() -> Self {
        let database = test_kit::database().await;
        let admin = database.pool(8).await;
        event_store::migrate(&admin).await.unwrap();
        let store = EventStore::connect(&settings(&database.url)).await.unwrap();
        Self {
            database,
            admin,
            store,
        }
    }

    /// An appender as another process would have it.
    pub(crate) fn appender(&self) -> Appender {
        Appender::start(&self.store, AppenderSettings::default())
    }

    /// Runs SQL as an administrator.
    pub(crate) async fn run(&self, sql: &str) {
        self.admin.execute(sql).await.unwrap();
    }

    /// One row, asked as an administrator.
    pub(crate) async fn row(&self, sql: &str) -> PgRow {
        self.admin.fetch_one(sql).await.unwrap()
    }

    /// All events, by position.
    pub(crate) async fn all(&self) -> Vec<StoredEvent> {
        self.store
            .read_forward(Cursor::START, 100_000)
            .await
            .unwrap()
    }

    /// Holds the log's lock, so that the next batch waits in the database and others queue behind it.
    pub(crate) async fn hold_lock(&self) -> Transaction<'static, Postgres> {
        let mut holding = self.admin.begin().await.unwrap();
        holding
            .execute("select pg_advisory_xact_lock(1702260340, 1)")
            .await
            .unwrap();
        holding
    }

    /// The backends that wait for the log's lock, once there are `count` of them.
    pub(crate) async fn waiting_for_lock(&self, count: usize) -> Vec<i32> {
        eventually("appends waiting for the lock", PATIENCE, async || {
            let waiting: Vec<i32> = sqlx::query_scalar(
                "select pid
                from pg_locks
                where locktype = 'advisory'
                and not granted
                and classid = 1702260340
                and database = (select oid from pg_database where datname = current_database())",
            )
            .fetch_all(&self.admin)
            .await
            .unwrap();
            (waiting.len() == count).then_some(waiting)
        })
        .await
    }

    /// What a reader must find whatever happened.
    pub(crate) async fn assert_continuous(&self) -> Vec<StoredEvent> {
        assert_continuous(&self.store).await
    }
}

/// What a reader must find whatever happened: positions 1, 2, 3, …, for each aggregate sequences 1, 2, 3, …, and each event
/// in the slot of its aggregate.
pub(crate) async fn assert_continuous(store: &EventStore) -> Vec<StoredEvent> {
    let events = store.read_forward(Cursor::START, 100_000).await.unwrap();
    let mut sequences = std::collections::HashMap::new();
    let mut last_time = None;
    for (event, expected) in events.iter().zip(1..) {
        assert_eq!(event.position, expected, "positions have a gap");
        let last: &mut i64 = sequences.entry(&event.aggregate_id).or_default();
        *last += 1;
        assert_eq!(
            event.sequence, *last,
            "sequences of {} have a gap",
            event.aggregate_id
        );
        assert!(
            Some(event.recorded_at) >= last_time,
            "time fell at {expected}"
        );
        let slot = domain::partition::slot(&event.aggregate_id);
        assert_eq!(
            event.slot,
            i16::from(slot),
            "slot of {}",
            event.aggregate_id
        );
        last_time = Some(event.recorded_at);
    }
    events
}

/// A migrated log in the database `postgres` of this server.
pub(crate) async fn log_on(cluster: &TestCluster) -> EventStore {
    let admin = cluster.pool("postgres").await;
    event_store::migrate(&admin).await.unwrap();
    admin.close().await;
    store_on(cluster).await
}

/// The log in the database `postgres` of this server.
pub(crate) async fn store_on(cluster: &TestCluster) -> EventStore {
    let settings = settings(&cluster.url("postgres"));
    EventStore::connect(&settings).await.unwrap()
}

/// Settings for tests: patient with the lock, so that a test can hold it.
pub(crate) fn settings(url: &str) -> StoreSettings {
    StoreSettings {
        lock_timeout: Duration::from_secs(15),
        statement_timeout: Duration::from_secs(20),
        acquire_timeout: PATIENCE,
        ..StoreSettings::new(url)
    }
}

/// An event with an id of its own.
pub(crate) fn event() -> NewEvent {
    NewEvent {
        event_id: Uuid::now_v7(),
        event_type: "NoteAdded".into(),
        event_version: "1".into(),
        payload: r#"{"text":"a note"}"#.into(),
        metadata: r#"{"actor":"alice"}"#.into(),
    }
}

/// A command that begins an order with so many events.
pub(crate) fn first(order: &str, events: usize) -> Append {
    Append {
        aggregate_type: ORDER.into(),
        aggregate_id: order.into(),
        expected_sequence: 0,
        expected_last_event: None,
        events: (0..events).map(|_| event()).collect(),
        key: None,
        deadline: Instant::now() + PATIENCE,
    }
}

/// A command with one event that follows an earlier command.
pub(crate) fn after(earlier: &Append) -> Append {
    Append {
        expected_sequence: earlier.expected_sequence + i64::try_from(earlier.events.len()).unwrap(),
        expected_last_event: earlier.events.last().map(|event| event.event_id),
        ..first(&earlier.aggregate_id, 1)
    }
}

/// A key that no other command has.
pub(crate) fn key() -> KeyToRecord {
    KeyToRecord {
        id: Uuid::new_v4(),
        request: Uuid::new_v4(),
        status: 201,
        represented: true,
    }
}

/// The position that the log gave to the first event.
pub(crate) fn position(outcome: &Outcome) -> i64 {
    match outcome {
        Outcome::Appended { first_position, .. } => *first_position,
        other => panic!("expected an append, got {other:?}"),
    }
}
