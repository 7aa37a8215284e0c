//! A log that was dumped and restored into another cluster.

use std::process::Command;

use event_store::{Append, Appender, AppenderSettings, Cursor, EventStore, Outcome};
use futures::TryStreamExt as _;
use futures::future::join_all;
use sqlx::{Connection as _, Executor as _, PgConnection};
use test_kit::TestCluster;

use crate::log::{after, assert_continuous, first, key, log_on, position, store_on};

/// All tables of the log, in an order in which they can be filled.
const TABLES: [&str; 5] = ["log", "event", "idempotency_key", "relay", "lease"];

/// Dumps the database `postgres` of one server and restores it into that of the other, which is empty.
#[expect(
    clippy::print_stderr,
    reason = "which of the two was done depends on the machine, and is told"
)]
async fn dump_and_restore(from: &TestCluster, to: &TestCluster) {
    if let (Some(dump), Some(restore)) = (from.program("pg_dump"), to.program("pg_restore")) {
        by_its_programs(from, to, dump, restore);
    } else {
        eprintln!(
            "this server came without pg_dump and pg_restore: the log is copied table by table into a migrated database"
        );
        by_copying(from, to).await;
    }
}

fn by_its_programs(from: &TestCluster, to: &TestCluster, mut dump: Command, mut restore: Command) {
    let dumped = dump
        .args(["--format=custom", "--dbname", &from.url("postgres")])
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&dumped.stderr);
    assert!(dumped.status.success(), "pg_dump: {said}");
    let mut restoring = restore
        .args(["--exit-on-error", "--dbname", &to.url("postgres")])
        .stdin(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let mut archive = restoring.stdin.take().unwrap();
    std::io::Write::write_all(&mut archive, &dumped.stdout).unwrap();
    drop(archive);
    assert!(restoring.wait().unwrap().success(), "pg_restore");
}

/// What is left to an operator who has no such programs.
async fn by_copying(from: &TestCluster, to: &TestCluster) {
    log_on(to).await.close().await;
    let mut source = PgConnection::connect(&from.url("postgres")).await.unwrap();
    let mut target = PgConnection::connect(&to.url("postgres")).await.unwrap();
    target.execute("delete from log").await.unwrap();
    for table in TABLES {
        let columns: String = sqlx::query_scalar(
            "select string_agg(attname, ', ' order by attnum)
            from pg_attribute
            where attrelid = $1::regclass
            and attnum > 0
            and not attisdropped
            and attgenerated = ''",
        )
        .bind(table)
        .fetch_one(&mut source)
        .await
        .unwrap();
        let read = format!("copy {table} ({columns}) to stdout");
        let rows = source.copy_out_raw(&read).await.unwrap();
        let rows: Vec<_> = rows.try_collect().await.unwrap();
        let write = format!("copy {table} ({columns}) from stdin");
        let mut copy = target.copy_in_raw(&write).await.unwrap();
        for row in rows {
            copy.send(row.as_ref()).await.unwrap();
        }
        copy.finish().await.unwrap();
    }
    source.close().await.unwrap();
    target.close().await.unwrap();
}

async fn fill(store: &EventStore) -> Vec<Append> {
    let appender = Appender::start(store, AppenderSettings::default());
    let mut commands: Vec<Append> = (0..50)
        .map(|order| Append {
            key: Some(key()),
            ..first(&format!("o-{order}"), 2)
        })
        .collect();
    commands[7].events[0].payload = "{ \"b\":1.50,\n\t\"a\" : \"\\u00e9é\", \"a\":[ ] }".into();
    let outcomes = commands
        .iter()
        .map(|command| appender.append(command.clone()));
    for outcome in join_all(outcomes).await {
        outcome.unwrap();
    }
    appender.close().await;
    commands
}

#[tokio::test]
async fn a_restored_log_is_the_same_log_and_goes_on_where_it_was() {
    let (old, new) = (test_kit::cluster(&[]).await, test_kit::cluster(&[]).await);
    let before = log_on(&old).await;
    let commands = fill(&before).await;
    let events = assert_continuous(&before).await;
    dump_and_restore(&old, &new).await;

    let store = store_on(&new).await;
    assert_eq!(assert_continuous(&store).await, events, "byte for byte");
    assert_eq!(
        store.identity().await.unwrap(),
        before.identity().await.unwrap()
    );
    assert_eq!(
        store.head(16).await.unwrap(),
        before.head(16).await.unwrap()
    );
    let last = events.last().unwrap();
    let held = Cursor::at(last.position, last.event_id);
    assert!(store.read_forward(held, 10).await.unwrap().is_empty());

    let appender = Appender::start(&store, AppenderSettings::default());
    let next = appender.append(after(&commands[3])).await.unwrap();
    assert_eq!(position(&next), 101, "positions go on");
    let replay = appender
        .append(Append {
            key: commands[9].key,
            ..after(&commands[9])
        })
        .await
        .unwrap();
    assert!(matches!(replay, Outcome::Replay(_)), "{replay:?}");
    let stale = appender.append(after(&commands[3])).await.unwrap();
    assert_eq!(stale, Outcome::Conflict, "an order's sequences go on");
    assert_eq!(store.read_forward(held, 10).await.unwrap().len(), 1);

    let admin = new.pool("postgres").await;
    let refused = admin.execute("delete from event").await.unwrap_err();
    let code = refused
        .as_database_error()
        .unwrap()
        .code()
        .unwrap()
        .into_owned();
    assert_eq!(code, "23001", "its events are protected, too");
    event_store::migrate(&admin).await.unwrap();
    assert_eq!(assert_continuous(&store).await.len(), 101);
    appender.close().await;
}
