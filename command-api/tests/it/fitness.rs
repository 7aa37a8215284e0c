//! A log that will not do is told at the start, and nothing is written to it.

use command_api::{BuildError, Config, Service};
use reqwest::Method;
use serde_json::json;
use service_kit::Vars;
use test_kit::{TestCluster, eventually};

use crate::api::{Api, DEADLINE, Log, answer, order};

/// As in production: what is acknowledged must last.
fn strict(url: &str, log: &Log) -> Vars {
    log.vars()
        .with("EVENT_STORE_URL", url)
        .with("EVENT_STORE_DURABILITY", "required")
}

/// Why a service does not start; nothing if it does.
async fn refusal(vars: &Vars) -> Option<String> {
    let _ = rustls::crypto::ring::default_provider().install_default();
    match Service::build(Config::from_vars(vars).unwrap()).await {
        Err(error @ BuildError::Unfit(_)) => Some(error.to_string()),
        Err(error) => panic!("{error}"),
        Ok(_) => None,
    }
}

#[track_caller]
fn assert_says(refusal: Option<String>, words: &str) {
    let Some(refusal) = refusal else {
        panic!("the service has started");
    };
    assert!(refusal.contains(words), "{refusal}");
}

/// A server of its own with a migrated log.
async fn own_server(settings: &[&str]) -> TestCluster {
    let cluster = test_kit::cluster(settings).await;
    let pool = cluster.pool("postgres").await;
    event_store::migrate(&pool).await.unwrap();
    pool.close().await;
    cluster
}

#[tokio::test]
async fn a_server_that_may_lose_what_was_acknowledged_is_refused_unless_that_is_wanted() {
    let log = Log::new().await;
    for (setting, words) in [
        ("fsync=off", "fsync is off"),
        ("full_page_writes=off", "full_page_writes is off"),
        ("synchronous_commit=off", "synchronous_commit is off"),
    ] {
        let server = own_server(&[setting]).await;
        let vars = strict(&server.url("postgres"), &log);
        assert_says(refusal(&vars).await, words);

        let api = Api::start(vars.with("EVENT_STORE_DURABILITY", "relaxed")).await;
        api.place("o-1").await;
        let ready = answer(api.request(Method::GET, "/health/ready")).await;
        assert_eq!(
            (ready.status.as_u16(), &ready.body["status"]),
            (200, &json!("degraded"))
        );
        let told = ready.body["checks"]["event-store-settings"].to_string();
        assert!(told.contains(words), "{told}");
        api.stop().await;
    }
}

#[tokio::test]
async fn a_server_with_postgresqls_own_defaults_will_do_and_one_role_that_weakens_it_not() {
    let log = Log::new().await;
    let server = own_server(&[]).await;
    let vars = strict(&server.url("postgres"), &log);
    assert_eq!(refusal(&vars).await, None);
    server
        .run("alter database postgres set synchronous_commit = off")
        .await;
    assert_says(refusal(&vars).await, "synchronous_commit is off");
    // Waiting for no standby is the operator's choice; the server's own disk has it.
    server
        .run("alter database postgres set synchronous_commit = local")
        .await;
    assert_eq!(refusal(&vars).await, None);

    let api = Api::start(vars).await;
    server
        .run("alter database postgres set synchronous_commit = off")
        .await;
    // Connections keep what they began with; those that are made anew do not.
    server
        .run(
            "select pg_terminate_backend(pid)
            from pg_stat_activity
            where application_name = 'event-store'",
        )
        .await;
    eventually("a service that says so", DEADLINE, async || {
        let ready = answer(api.request(Method::GET, "/health/ready")).await;
        let told = ready.body["checks"]["event-store-settings"].to_string();
        (ready.status == 200 && told.contains("synchronous_commit is off")).then_some(())
    })
    .await;
    api.place("o-1").await;
    api.stop().await;
}

#[tokio::test]
async fn a_database_that_cannot_hold_every_text_is_refused() {
    let log = Log::new().await;
    let server = test_kit::cluster(&[]).await;
    server
        .run("create database ascii template template0 encoding 'SQL_ASCII' locale 'C'")
        .await;
    let pool = server.pool("ascii").await;
    event_store::migrate(&pool).await.unwrap();
    pool.close().await;
    let refused = refusal(&strict(&server.url("ascii"), &log)).await;
    assert_says(refused, "its encoding is SQL_ASCII, and must be UTF8");
}

#[tokio::test]
async fn a_schema_that_is_missing_older_or_another_is_refused_and_a_newer_one_told() {
    let empty = test_kit::database().await;
    let log = Log::new().await;
    let vars = log.vars();
    let nothing = vars.clone().with("EVENT_STORE_URL", &empty.url);
    assert_says(refusal(&nothing).await, "run `orders migrate`");
    let change = async |sql: &str| {
        sqlx::raw_sql(sql).execute(&log.pool).await.unwrap();
    };

    let newer = "insert into _sqlx_migrations
        select 99990101000000, 'of the next release', now(), true, checksum, 0
        from _sqlx_migrations
        limit 1";
    change(newer).await;
    let api = Api::start(vars.clone()).await;
    let ready = answer(api.request(Method::GET, "/health/ready")).await;
    let told = ready.body["checks"]["event-store-settings"].to_string();
    assert!(
        told.contains("newer than this program's (migration 99990101000000)"),
        "{told}"
    );
    assert_eq!(ready.status, 200);
    api.place("o-1").await;
    api.stop().await;

    change("delete from _sqlx_migrations where version = 99990101000000").await;
    change("update _sqlx_migrations set success = false where version = 20261121080100").await;
    assert_says(refusal(&vars).await, "migration 20261121080100 is another");
    change(
        "update _sqlx_migrations set success = true, checksum = '\\x00' where version = 20261121080100",
    )
    .await;
    assert_says(refusal(&vars).await, "migration 20261121080100 is another");
    change("delete from _sqlx_migrations where version >= 20261121080100").await;
    assert_says(
        refusal(&vars).await,
        "older than this program's, run `orders migrate` (migration 20261121080100 is missing)",
    );
}

#[tokio::test]
async fn a_role_without_the_right_to_look_is_told_so() {
    let server = own_server(&[]).await;
    server.run("create role nobody login").await;
    let log = Log::new().await;
    let url = server.url("postgres").replace("postgres@", "nobody@");
    let refused = refusal(&strict(&url, &log)).await;
    assert_says(refused, "grant it its rights again");
}

#[tokio::test]
async fn a_log_that_comes_later_and_will_not_do_gets_no_command_until_it_will() {
    let log = Log::new().await;
    sqlx::raw_sql("alter table _sqlx_migrations rename to hidden")
        .execute(&log.pool)
        .await
        .unwrap();
    log.take_away().await;
    let api = Api::start(log.vars()).await;
    log.bring_back().await;
    let unready = eventually("a service that says why", DEADLINE, async || {
        let ready = answer(api.request(Method::GET, "/health/ready")).await;
        let told = ready.body["checks"]["event-store"].to_string();
        told.contains("no schema").then_some(ready)
    })
    .await;
    assert_eq!(unready.status, 503);
    let refused = answer(api.post("/v1/orders", &order("o-1"))).await;
    refused.is_problem(503, "unavailable");
    assert_eq!(log.events().await, 0);

    sqlx::raw_sql("alter table hidden rename to _sqlx_migrations")
        .execute(&log.pool)
        .await
        .unwrap();
    eventually("the first order", DEADLINE, async || {
        let placed = answer(api.post("/v1/orders", &order("o-1"))).await;
        (placed.status == 201).then_some(())
    })
    .await;
    api.stop().await;
}
