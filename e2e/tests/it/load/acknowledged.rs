//! What clients were told, and whether it is so.

use std::collections::BTreeMap;

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use sqlx::postgres::PgPool;

use crate::platform::Platform;

/// What clients were told.
#[derive(Default)]
pub(crate) struct Acknowledged {
    commands: usize,
    retried: usize,
    /// By event id: its order, its number there, and its position.
    events: BTreeMap<String, (String, i64, i64)>,
}

impl Acknowledged {
    pub(crate) fn commands(&self) -> usize {
        self.commands
    }

    pub(crate) fn retried(&self) -> usize {
        self.retried
    }

    pub(crate) fn events(&self) -> usize {
        self.events.len()
    }

    pub(crate) fn extend(&mut self, other: Self) {
        self.commands += other.commands;
        self.retried += other.retried;
        self.events.extend(other.events);
    }

    /// A command was sent once more.
    pub(super) fn repeats(&mut self) {
        self.retried += 1;
    }

    pub(super) fn take(&mut self, answer: &Value) -> Result<()> {
        self.commands += 1;
        let order = answer["order_id"].as_str().context("order_id")?;
        for event in answer["events"].as_array().context("events")? {
            let id = event["event_id"].as_str().context("event_id")?.to_owned();
            let sequence = event["sequence"].as_i64().context("sequence")?;
            let position = event["position"].as_i64().context("position")?;
            self.events
                .insert(id, (order.to_owned(), sequence, position));
        }
        Ok(())
    }

    /// The log holds exactly the events that clients were told, each where they were told.
    pub(crate) async fn compare_with_the_log(&self, platform: &Platform) -> Result<()> {
        let log = PgPool::connect(platform.text("event_store_url")).await?;
        let rows: Vec<(String, String, i64, i64)> = sqlx::query_as(
            "select event_id::text, aggregate_id, sequence, position from event order by position",
        )
        .fetch_all(&log)
        .await?;
        for (row, expected) in rows.iter().zip(1..) {
            ensure!(
                row.3 == expected,
                "position {expected} is missing from the log"
            );
        }
        let mut there: BTreeMap<String, (String, i64, i64)> = rows
            .into_iter()
            .map(|(id, order, sequence, position)| (id, (order, sequence, position)))
            .collect();
        for (id, told) in &self.events {
            let found = there.remove(id);
            ensure!(
                found.as_ref() == Some(told),
                "acknowledged event {id} was told as {told:?}, the log has {found:?}"
            );
        }
        // Every command is repeated until it is answered, so nothing may be there that nobody was told of.
        ensure!(there.is_empty(), "nobody was told of {there:?}");
        Ok(())
    }
}
