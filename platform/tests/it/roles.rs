//! Each service of `orders up` has a role that can do what the service needs, and nothing else.

use std::collections::BTreeSet;

use nix::sys::signal::Signal;
use serde_json::Value;
use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{ConnectOptions as _, Connection as _, Executor as _};

use crate::program::{Scratch, Up};

const LOG: &str = "orders_log";
const VIEWS: &str = "orders_views";

/// A running platform with its roles' passwords.
struct Roles {
    scratch: Scratch,
    up: Up,
    passwords: Value,
}

impl Roles {
    fn start(arguments: &[&str]) -> Self {
        let scratch = Scratch::new();
        let up = Up::start(scratch.path(), arguments);
        let state = std::fs::read_to_string(scratch.path().join("state.json")).expect("a state");
        let state: Value = serde_json::from_str(&state).expect("JSON");
        Self {
            scratch,
            up,
            passwords: state["postgres"]["passwords"].clone(),
        }
    }

    async fn log_in(&self, role: &str, database: &str) -> Result<PgConnection, sqlx::Error> {
        let owner: PgConnectOptions = self.up.text("event_store_url").parse()?;
        let password = self.passwords[role].as_str().expect(role);
        owner
            .username(role)
            .password(password)
            .database(database)
            .connect()
            .await
    }

    /// Asserts that the role may do none of these.
    async fn assert_refused(&self, role: &str, database: &str, statements: &[&str]) {
        let mut connection = self.log_in(role, database).await.expect(role);
        for sql in statements {
            let refused = connection.execute(*sql).await.expect_err(sql);
            assert_eq!(code(&refused), "42501", "{role}: {sql}: {refused}");
        }
        connection.close().await.expect("a goodbye");
    }

    async fn assert_locked_out(&self, role: &str, database: &str) {
        let refused = self.log_in(role, database).await.expect_err(role);
        assert_eq!(code(&refused), "42501", "{role} in {database}: {refused}");
    }

    fn end(self) {
        assert!(self.up.end(Signal::SIGINT).success());
        drop(self.scratch);
    }
}

fn code(error: &sqlx::Error) -> String {
    let error = error
        .as_database_error()
        .expect("an answer of the database");
    error.code().unwrap_or_default().into_owned()
}

/// What no service may do to any database.
const NOBODY: [&str; 6] = [
    "create table mine (x integer)",
    "create temporary table mine (x integer)",
    "create role mine",
    "create database mine",
    "alter system set fsync = off",
    "update _sqlx_migrations set success = false",
];

/// What no service may do to the log.
const NOBODY_TO_THE_LOG: [&str; 8] = [
    "insert into event (aggregate_type, aggregate_id, sequence, event_type, event_version, payload, metadata, position)
    values ('order', 'x', 1, 'T', '1', '{}', '{}', 1)",
    "update event set payload = '{}'",
    "delete from event",
    "truncate event",
    "drop trigger event_is_immutable on event",
    "alter table event disable trigger all",
    "drop table event",
    "update log set incarnation = incarnation + 1",
];

#[tokio::test]
async fn no_service_can_do_to_the_log_or_the_views_what_it_need_not() {
    let roles = Roles::start(&[]);
    for role in ["command_api", "projector"] {
        roles.assert_refused(role, LOG, &NOBODY).await;
        roles.assert_refused(role, LOG, &NOBODY_TO_THE_LOG).await;
    }
    let only_by_its_functions = [
        "delete from idempotency_key",
        "update idempotency_key set status = 500",
        "insert into idempotency_key values (gen_random_uuid(), gen_random_uuid(), 1, 1, 200, false)",
    ];
    roles
        .assert_refused("command_api", LOG, &only_by_its_functions)
        .await;
    let only_to_read = [
        "insert into event (aggregate_type, aggregate_id, sequence, event_type, event_version, payload, metadata)
        values ('order', 'x', 1, 'T', '1', '{}', '{}')",
        "select append_events('{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}')",
        "select delete_expired_keys('7 days', 500)",
        "select * from idempotency_key",
        "insert into snapshot values ('order', 'x', 1, 0, '{}')",
        "insert into lease values ('x', gen_random_uuid(), now())",
        "delete from relay",
    ];
    roles.assert_refused("projector", LOG, &only_to_read).await;
    roles.assert_locked_out("query_api", LOG).await;

    roles.assert_locked_out("command_api", VIEWS).await;
    roles.assert_refused("query_api", VIEWS, &NOBODY).await;
    let only_to_read = [
        "insert into frontier values (1, '{1}')",
        "update checkpoint set position = 0, event_id = null",
        "delete from orders_1",
        "truncate order_history_1",
        "drop table orders_1",
        "update projection set live_generation = 2",
    ];
    roles
        .assert_refused("query_api", VIEWS, &only_to_read)
        .await;
    let not_the_owners = [
        "drop table checkpoint",
        "truncate projection",
        "alter table lease add column x integer",
        "create role mine",
        "update _sqlx_migrations set success = false",
    ];
    roles
        .assert_refused("projector", VIEWS, &not_the_owners)
        .await;
    roles.end();
}

#[tokio::test]
async fn the_services_use_their_roles() {
    let roles = Roles::start(&["--split"]);
    let mut superuser = roles.log_in("postgres", "postgres").await.expect("a login");
    let seen: Vec<(String, String)> = sqlx::query_as(
        "select distinct usename::text, datname::text
        from pg_stat_activity
        where datname in ('orders_log', 'orders_views')",
    )
    .fetch_all(&mut superuser)
    .await
    .expect("an answer");
    let expected = [
        ("command_api", LOG),
        ("projector", LOG),
        ("projector", VIEWS),
        ("query_api", VIEWS),
    ];
    let expected: BTreeSet<_> = expected
        .map(|(role, database)| (role.to_owned(), database.to_owned()))
        .into();
    assert_eq!(seen.into_iter().collect::<BTreeSet<_>>(), expected);
    superuser.close().await.expect("a goodbye");
    roles.end();
}

#[tokio::test]
async fn a_platform_of_an_older_release_gets_the_roles_that_it_lacks() {
    let roles = Roles::start(&[]);
    let mut superuser = roles.log_in("postgres", VIEWS).await.expect("a login");
    // As that release left it: the views are the owner's, and the query API has no role.
    sqlx::raw_sql(
        "reassign owned by projector to views_owner;
        drop owned by query_api;
        revoke connect on database orders_views from query_api;
        drop role query_api",
    )
    .execute(&mut superuser)
    .await
    .expect("an older state");
    superuser.close().await.expect("a goodbye");
    let Roles {
        scratch,
        up,
        mut passwords,
    } = roles;
    assert!(up.end(Signal::SIGINT).success());
    let path = scratch.path().join("state.json");
    let state = std::fs::read_to_string(&path).expect("a state");
    let mut state: Value = serde_json::from_str(&state).expect("JSON");
    passwords
        .as_object_mut()
        .expect("roles")
        .remove("query_api");
    state["postgres"]["passwords"] = passwords;
    std::fs::write(&path, state.to_string()).expect("a file");

    let up = Up::start(scratch.path(), &[]);
    assert!(up.end(Signal::SIGINT).success());
}
