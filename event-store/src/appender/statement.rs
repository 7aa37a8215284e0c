//! The one statement that appends a batch.

use std::time::Duration;

use chrono::{DateTime, Utc};
use domain::partition::slot;
use sqlx::postgres::types::PgInterval;
use sqlx::postgres::{PgConnection, PgRow};
use sqlx::{FromRow as _, Row as _};
use uuid::Uuid;

use super::Outcome;
use super::queue::Pending;
use crate::RecordedKey;

const APPEND: &str = "
select
    outcome, first_position, recorded_at,
    key_request, key_aggregate_type, key_aggregate_id, key_first_sequence, key_events, key_status, key_represented,
    lock_wait
from append_events($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20)";

/// What the log decided about a batch.
pub(super) struct Decided {
    /// One outcome a command, in their order.
    pub(super) outcomes: Vec<Outcome>,
    /// How long the statement waited for the log's lock.
    pub(super) lock_wait: Duration,
}

/// A batch as the statement takes it: an array a column.
#[derive(Default)]
struct Columns<'a> {
    aggregate_types: Vec<&'a str>,
    aggregate_ids: Vec<&'a str>,
    expected_sequences: Vec<i64>,
    expected_events: Vec<Option<Uuid>>,
    event_counts: Vec<i32>,
    events_before: Vec<i32>,
    first_events: Vec<Option<Uuid>>,
    keys: Vec<Option<Uuid>>,
    requests: Vec<Option<Uuid>>,
    statuses: Vec<Option<i16>>,
    represented: Vec<Option<bool>>,
    event_aggregate_types: Vec<&'a str>,
    event_aggregate_ids: Vec<&'a str>,
    event_sequences: Vec<i64>,
    event_slots: Vec<i16>,
    event_ids: Vec<Uuid>,
    event_types: Vec<&'a str>,
    event_versions: Vec<&'a str>,
    payloads: Vec<&'a str>,
    metadatas: Vec<&'a str>,
}

impl<'a> Columns<'a> {
    fn of(batch: &'a [Pending]) -> Self {
        let mut columns = Self::default();
        for Pending { append, .. } in batch {
            columns.aggregate_types.push(&append.aggregate_type);
            columns.aggregate_ids.push(&append.aggregate_id);
            columns.expected_sequences.push(append.expected_sequence);
            columns.expected_events.push(append.expected_last_event);
            // More events than this do not fit into memory.
            let count = i32::try_from(append.events.len()).unwrap_or(i32::MAX);
            columns.event_counts.push(count);
            let before = i32::try_from(columns.event_ids.len()).unwrap_or(i32::MAX);
            columns.events_before.push(before);
            let first = append.events.first().map(|event| event.event_id);
            columns.first_events.push(first);
            columns.keys.push(append.key.map(|key| key.id));
            columns.requests.push(append.key.map(|key| key.request));
            columns.statuses.push(append.key.map(|key| key.status));
            columns
                .represented
                .push(append.key.map(|key| key.represented));
            let slot = i16::from(slot(&append.aggregate_id));
            for (event, nth) in append.events.iter().zip(1..) {
                columns.event_aggregate_types.push(&append.aggregate_type);
                columns.event_aggregate_ids.push(&append.aggregate_id);
                columns.event_sequences.push(append.expected_sequence + nth);
                columns.event_slots.push(slot);
                columns.event_ids.push(event.event_id);
                columns.event_types.push(&event.event_type);
                columns.event_versions.push(&event.event_version);
                columns.payloads.push(&event.payload);
                columns.metadatas.push(&event.metadata);
            }
        }
        columns
    }
}

/// Sends a batch and waits for the end of the statement: its rows come before the commit, which can still fail.
pub(super) async fn send(
    connection: &mut PgConnection,
    batch: &[Pending],
) -> Result<Vec<PgRow>, sqlx::Error> {
    let columns = Columns::of(batch);
    sqlx::query(APPEND)
        .bind(columns.aggregate_types)
        .bind(columns.aggregate_ids)
        .bind(columns.expected_sequences)
        .bind(columns.expected_events)
        .bind(columns.event_counts)
        .bind(columns.events_before)
        .bind(columns.first_events)
        .bind(columns.keys)
        .bind(columns.requests)
        .bind(columns.statuses)
        .bind(columns.represented)
        .bind(columns.event_aggregate_types)
        .bind(columns.event_aggregate_ids)
        .bind(columns.event_sequences)
        .bind(columns.event_slots)
        .bind(columns.event_ids)
        .bind(columns.event_types)
        .bind(columns.event_versions)
        .bind(columns.payloads)
        .bind(columns.metadatas)
        .fetch_all(connection)
        .await
}

/// Reads the answer to a batch: one row for all commands where all were new, else one row a command.
pub(super) fn read(rows: &[PgRow], batch: &[Pending]) -> Result<Decided, sqlx::Error> {
    let Some(first) = rows.first() else {
        return Err(sqlx::Error::Protocol("no answer to a batch".into()));
    };
    let outcomes = if first.try_get::<&str, _>("outcome")? == "all_appended" {
        all_appended(first, batch)?
    } else if rows.len() == batch.len() {
        rows.iter().map(outcome).collect::<Result<_, _>>()?
    } else {
        let message = format!("{} answers to {} commands", rows.len(), batch.len());
        return Err(sqlx::Error::Protocol(message));
    };
    let waited: PgInterval = first.try_get("lock_wait")?;
    Ok(Decided {
        outcomes,
        lock_wait: Duration::from_micros(waited.microseconds.try_into().unwrap_or(0)),
    })
}

/// The outcomes of commands that are all in the log, one after the other.
fn all_appended(row: &PgRow, batch: &[Pending]) -> Result<Vec<Outcome>, sqlx::Error> {
    let mut next_position: i64 = row.try_get("first_position")?;
    let recorded_at: DateTime<Utc> = row.try_get("recorded_at")?;
    let appended = batch.iter().map(|Pending { append, .. }| {
        let first_position = next_position;
        next_position += i64::try_from(append.events.len()).unwrap_or(i64::MAX);
        Outcome::Appended {
            first_position,
            recorded_at,
        }
    });
    Ok(appended.collect())
}

fn outcome(row: &PgRow) -> Result<Outcome, sqlx::Error> {
    match row.try_get("outcome")? {
        "appended" => Ok(Outcome::Appended {
            first_position: row.try_get("first_position")?,
            recorded_at: row.try_get::<DateTime<Utc>, _>("recorded_at")?,
        }),
        "replay" => Ok(Outcome::Replay(RecordedKey::from_row(row)?)),
        "key_reused" => Ok(Outcome::KeyReused),
        "conflict" => Ok(Outcome::Conflict),
        other => Err(sqlx::Error::Protocol(format!("unknown outcome {other}"))),
    }
}
