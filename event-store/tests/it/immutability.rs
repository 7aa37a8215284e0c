//! Events are never updated or deleted, whoever asks.

use event_store::{Append, Appender, AppenderSettings, EventStore};
use sqlx::postgres::{PgConnection, PgPoolOptions};
use sqlx::{Connection as _, Executor as _};
use uuid::Uuid;

use crate::log::{Log, first, key, settings};

/// A role of its own for a test; roles belong to the whole server.
struct Role {
    name: String,
}

impl Role {
    async fn new(log: &Log) -> Self {
        let name = format!("test_{}", Uuid::new_v4().simple());
        log.run(&format!("create role {name} login")).await;
        Self { name }
    }

    /// A connection that has this role's rights.
    async fn connection(&self, log: &Log) -> PgConnection {
        let mut connection = PgConnection::connect(&log.database.url).await.unwrap();
        connection
            .execute(format!("set role {}", self.name).as_str())
            .await
            .unwrap();
        connection
    }

    async fn drop(self, log: &Log) {
        let name = self.name;
        log.run(&format!("drop owned by {name} cascade; drop role {name}"))
            .await;
    }
}

/// The SQLSTATE with which a statement is refused.
async fn refusal(connection: &mut PgConnection, sql: &str) -> String {
    let refused = connection.execute(sql).await.expect_err(sql);
    refused
        .as_database_error()
        .unwrap()
        .code()
        .unwrap()
        .into_owned()
}

const CHANGES: [&str; 5] = [
    "update event set payload = '{}'",
    "update event set payload = '{}' where false",
    "delete from event where position = 1",
    "truncate event",
    "insert into event as e (aggregate_type, aggregate_id, sequence, event_type, event_version, payload, metadata)
    values ('order', 'o', 1, 'T', '1', '{}', '{}')
    on conflict (aggregate_type, aggregate_id, sequence) do update set event_type = 'other'",
];

#[tokio::test]
async fn a_logs_owner_cannot_change_events() {
    let log = Log::new().await;
    let role = Role::new(&log).await;
    log.run(&format!(
        "drop schema public cascade; create schema public authorization {}",
        role.name
    ))
    .await;
    let set_role = format!("set role {}", role.name);
    let as_owner = PgPoolOptions::new()
        .after_connect(move |connection, _| {
            let set_role = set_role.clone();
            Box::pin(async move { connection.execute(set_role.as_str()).await.map(drop) })
        })
        .connect(&log.database.url)
        .await
        .unwrap();
    event_store::migrate(&as_owner).await.unwrap();
    log.appender().append(first("o", 1)).await.unwrap();

    let mut owner = role.connection(&log).await;
    for sql in CHANGES {
        assert_eq!(refusal(&mut owner, sql).await, "23001", "{sql}");
    }
    assert_eq!(log.all().await.len(), 1);
    as_owner.close().await;
    owner.close().await.unwrap();
    role.drop(&log).await;
}

#[tokio::test]
async fn an_administrator_cannot_change_events_though_triggers_are_off() {
    let log = Log::new().await;
    log.appender().append(first("o", 1)).await.unwrap();
    let mut administrator = PgConnection::connect(&log.database.url).await.unwrap();
    administrator
        .execute("set session_replication_role = replica")
        .await
        .unwrap();
    for sql in &CHANGES[..4] {
        assert_eq!(refusal(&mut administrator, sql).await, "23001", "{sql}");
    }
    assert_eq!(log.all().await.len(), 1);
}

#[tokio::test]
async fn a_writer_can_append_and_read_but_neither_change_nor_place_events() {
    let log = Log::new().await;
    let role = Role::new(&log).await;
    log.run(&format!("select grant_log_writer('{}')", role.name))
        .await;
    log.appender().append(first("o", 1)).await.unwrap();
    let mut writer = role.connection(&log).await;
    for sql in CHANGES {
        assert_eq!(refusal(&mut writer, sql).await, "42501", "{sql}");
    }
    let placed = [
        "insert into event (aggregate_type, aggregate_id, sequence, event_type, event_version, payload, metadata,
            position)
        values ('order', 'p', 1, 'T', '1', '{}', '{}', 7)",
        "insert into event (aggregate_type, aggregate_id, sequence, event_type, event_version, payload, metadata,
            recorded_at)
        values ('order', 'p', 1, 'T', '1', '{}', '{}', now())",
        "insert into event (aggregate_type, aggregate_id, sequence, event_type, event_version, payload, metadata,
            slot)
        values ('order', 'p', 1, 'T', '1', '{}', '{}', 0)",
        "delete from idempotency_key",
        "update idempotency_key set status = 500",
        "update log set incarnation = 9",
        "alter table event disable trigger all",
        "select grant_log_writer('postgres')",
    ];
    for sql in placed {
        assert_eq!(refusal(&mut writer, sql).await, "42501", "{sql}");
    }
    writer
        .execute(
            "insert into event (aggregate_type, aggregate_id, sequence, event_type, event_version, payload, metadata)
            values ('order', 'p', 1, 'T', '1', '{}', '{}')",
        )
        .await
        .unwrap();
    log.assert_continuous().await;
    writer.close().await.unwrap();
    role.drop(&log).await;
}

#[tokio::test]
async fn all_that_the_command_service_does_works_with_a_writers_rights() {
    let log = Log::new().await;
    let role = Role::new(&log).await;
    let name = &role.name;
    log.run(&format!(
        "alter role {name} password 'secret'; select grant_log_writer('{name}')"
    ))
    .await;
    let options: sqlx::postgres::PgConnectOptions = log.database.url.parse().unwrap();
    let url = sqlx::ConnectOptions::to_url_lossy(&options.username(name).password("secret"));
    let store = EventStore::connect(&settings(url.as_str())).await.unwrap();
    let appender = Appender::start(&store, AppenderSettings::default());
    let key = key();
    let outcome = appender
        .append(Append {
            key: Some(key),
            ..first("o", 2)
        })
        .await
        .unwrap();
    assert_eq!(crate::log::position(&outcome), 1);
    assert!(
        store
            .load_from(
                "order",
                "o",
                event_store::Shortcuts::default(),
                Some(key.id)
            )
            .await
            .unwrap()
            .key
            .is_some()
    );
    store.identity().await.unwrap();
    store.head(16).await.unwrap();
    let owner = Uuid::new_v4();
    let ttl = std::time::Duration::from_secs(5);
    assert!(
        event_store::lease::acquire(store.pool(), "relay", owner, ttl)
            .await
            .unwrap()
    );
    event_store::lease::release(store.pool(), "relay", owner)
        .await
        .unwrap();
    event_store::relay_row::write(store.pool(), "ORDERS", event_store::Cursor::START)
        .await
        .unwrap();
    let held = store.identity().await.unwrap();
    let start = event_store::Cursor::START;
    let raised = event_store::incarnation::raise(store.pool(), held, 1, None, "ORDERS", start);
    assert!(raised.await.unwrap().is_some());
    appender.close().await;
    store.pool().close().await;
    role.drop(&log).await;
}

#[tokio::test]
async fn a_reader_can_only_read() {
    let log = Log::new().await;
    let role = Role::new(&log).await;
    log.run(&format!("select grant_log_reader('{}')", role.name))
        .await;
    let mut reader = role.connection(&log).await;
    reader.execute("select * from event, log").await.unwrap();
    let refused = [
        "insert into event (aggregate_type, aggregate_id, sequence, event_type, event_version, payload, metadata)
        values ('order', 'p', 1, 'T', '1', '{}', '{}')",
        "select append_events('{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}')",
        "select * from idempotency_key",
        "insert into relay values ('s', 0)",
        "delete from lease",
        "select raise_incarnation(null, 1, 1, 0, null, 'ORDERS', 0, null)",
    ];
    for sql in CHANGES.into_iter().chain(refused) {
        assert_eq!(refusal(&mut reader, sql).await, "42501", "{sql}");
    }
    reader.close().await.unwrap();
    role.drop(&log).await;
}
