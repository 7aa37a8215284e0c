//! Measures appends: many writers through the appender, batches of 100 through it, one writer, and a bare `INSERT`.
//!
//! `cargo run --release -p event-store --example append_rate -- postgres://…/an_empty_database`. The figures of one
//! run compare with one another, not with those of another day.
#![expect(
    clippy::print_stdout,
    clippy::cast_precision_loss,
    reason = "a report for a person"
)]

use std::time::{Duration, Instant};

use anyhow::Context as _;
use event_store::{
    Append, Appender, AppenderSettings, EventStore, KeyToRecord, NewEvent, ORDER, StoreSettings,
};
use futures::future::try_join_all;
use sqlx::{Connection as _, PgConnection};
use uuid::Uuid;

const EACH: Duration = Duration::from_secs(3);

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let url = std::env::args()
        .nth(1)
        .context("the URL of an empty database is missing")?;
    let store = EventStore::connect(&StoreSettings::new(&url)).await?;
    event_store::migrate(store.pool()).await?;
    let appender = Appender::start(&store, AppenderSettings::default());

    let (mut inserted, mut single, mut groups, mut writers) = (vec![], vec![], vec![], vec![]);
    for _ in 0..3 {
        inserted.push(bare_inserts(&url).await?);
        single.push(appends(&appender, 1, 1).await?);
        groups.push(appends(&appender, 1, 100).await?);
        writers.push(appends(&appender, 64, 1).await?);
    }
    println!("events/s, median of 3 runs of {} s", EACH.as_secs());
    println!(
        "one connection, bare INSERT       {:>9.0}",
        median(inserted)
    );
    println!("one writer, one event             {:>9.0}", median(single));
    println!("batches of 100                    {:>9.0}", median(groups));
    println!("64 writers, one event             {:>9.0}", median(writers));
    appender.close().await;
    Ok(())
}

fn median(mut rates: Vec<f64>) -> f64 {
    rates.sort_by(f64::total_cmp);
    rates[rates.len() / 2]
}

/// Events a second of `writers`, each of which sends `at_once` commands and waits for all their answers.
async fn appends(appender: &Appender, writers: usize, at_once: usize) -> anyhow::Result<f64> {
    let began = Instant::now();
    let write = async |appender: Appender| {
        let mut events = 0_u64;
        while began.elapsed() < EACH {
            let sent = (0..at_once).map(|_| appender.append(command()));
            events += try_join_all(sent).await?.len() as u64;
        }
        anyhow::Ok(events)
    };
    let written = try_join_all((0..writers).map(|_| write(appender.clone()))).await?;
    let events: u64 = written.into_iter().sum();
    Ok(events as f64 / began.elapsed().as_secs_f64())
}

/// Rows a second of one connection into a table with the columns and one index of the log.
async fn bare_inserts(url: &str) -> anyhow::Result<f64> {
    let mut connection = PgConnection::connect(url).await?;
    sqlx::raw_sql(
        "create table if not exists bare (
            aggregate_type text, aggregate_id text, sequence bigint, event_type text, event_version text,
            payload json, metadata json, primary key (aggregate_type, aggregate_id, sequence)
        )",
    )
    .execute(&mut connection)
    .await?;
    let began = Instant::now();
    let mut rows = 0_u64;
    while began.elapsed() < EACH {
        let command = command();
        sqlx::query("insert into bare values ($1, $2, 1, $3, $4, $5::text::json, $6::text::json)")
            .bind(&command.aggregate_type)
            .bind(&command.aggregate_id)
            .bind(&command.events[0].event_type)
            .bind(&command.events[0].event_version)
            .bind(&command.events[0].payload)
            .bind(&command.events[0].metadata)
            .execute(&mut connection)
            .await?;
        rows += 1;
    }
    Ok(rows as f64 / began.elapsed().as_secs_f64())
}

/// A new order of one event, about 900 bytes, with a key.
fn command() -> Append {
    Append {
        aggregate_type: ORDER.into(),
        aggregate_id: Uuid::now_v7().to_string(),
        expected_sequence: 0,
        expected_last_event: None,
        events: vec![NewEvent {
            event_id: Uuid::now_v7(),
            event_type: "OrderPlaced".into(),
            event_version: "1".into(),
            payload: format!("{{\"text\":\"{}\"}}", "x".repeat(500)),
            metadata: format!("{{\"actor\":\"{}\"}}", "y".repeat(300)),
        }],
        key: Some(KeyToRecord {
            id: Uuid::new_v4(),
            request: Uuid::new_v4(),
            status: 201,
            represented: false,
        }),
        deadline: Instant::now() + Duration::from_secs(10),
    }
}
