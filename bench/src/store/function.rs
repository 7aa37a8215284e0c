//! The log's SQL function alone: what is left when nobody forms batches, waits or answers.

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use domain::partition::slot;
use event_store::{Append, EventStore, StoreSettings};
use sqlx::{Connection as _, PgConnection, Row as _};
use tokio::sync::Mutex;
use uuid::Uuid;

use super::ours::command;
use crate::cell::Sample;
use crate::database;
use crate::workload::new_stream;

pub(super) struct Function {
    connection: Mutex<PgConnection>,
}

impl Function {
    pub(super) async fn open(server: &str) -> Result<Self> {
        let url = database::anew(server, "bench_function").await?;
        let store = EventStore::connect(&StoreSettings::new(&url)).await?;
        event_store::migrate(store.pool()).await?;
        store.close().await;
        Ok(Self {
            connection: Mutex::new(PgConnection::connect(&url).await?),
        })
    }

    /// Batches of that many commands, one after the other.
    pub(super) async fn measure(&self, at_once: usize, duration: Duration) -> Result<Sample> {
        let mut connection = self.connection.lock().await;
        call(&mut connection, at_once).await?;
        let began = Instant::now();
        let mut events = 0;
        while began.elapsed() < duration {
            call(&mut connection, at_once).await?;
            events += u64::try_from(at_once)?;
        }
        Ok(Sample::new(events, began.elapsed().as_secs_f64()))
    }
}

/// One call with so many commands of one event.
async fn call(connection: &mut PgConnection, at_once: usize) -> Result<()> {
    let commands: Vec<Append> = (0..at_once)
        .map(|_| command(new_stream(), 0, None))
        .collect();
    let each = |text: fn(&Append) -> &str| commands.iter().map(text).collect::<Vec<_>>();
    let first = |text: fn(&event_store::NewEvent) -> &str| {
        let events = commands.iter().flat_map(|command| &command.events);
        events.map(text).collect::<Vec<_>>()
    };
    let events = commands.iter().flat_map(|command| &command.events);
    let event_ids: Vec<Uuid> = events.map(|event| event.event_id).collect();
    let slots = commands
        .iter()
        .map(|command| i16::from(slot(&command.aggregate_id)));
    let slots: Vec<i16> = slots.collect();
    let rows = sqlx::query(
        "select outcome from append_events($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20)",
    )
    .bind(each(|command| &command.aggregate_type))
    .bind(each(|command| &command.aggregate_id))
    .bind(vec![0_i64; at_once])
    .bind(vec![None::<Uuid>; at_once])
    .bind(vec![1_i32; at_once])
    .bind((0..i32::try_from(at_once)?).collect::<Vec<_>>())
    .bind(&event_ids)
    .bind(commands.iter().map(|c| c.key.map(|key| key.id)).collect::<Vec<_>>())
    .bind(commands.iter().map(|c| c.key.map(|key| key.request)).collect::<Vec<_>>())
    .bind(vec![200_i16; at_once])
    .bind(vec![false; at_once])
    .bind(each(|command| &command.aggregate_type))
    .bind(each(|command| &command.aggregate_id))
    .bind(vec![1_i64; at_once])
    .bind(slots)
    .bind(&event_ids)
    .bind(first(|event| &event.event_type))
    .bind(first(|event| &event.event_version))
    .bind(first(|event| &event.payload))
    .bind(first(|event| &event.metadata))
    .fetch_all(connection)
    .await?;
    let outcome: &str = rows.first().context("no answer")?.try_get(0)?;
    ensure!(outcome == "all_appended", "the log refused a command");
    Ok(())
}
