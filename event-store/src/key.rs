//! Idempotency keys: what is recorded with a command, and what a recorded one says.

use sqlx::postgres::PgRow;
use sqlx::{FromRow, Row as _};
use uuid::Uuid;

/// A key to be recorded in the transaction of the command's events.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct KeyToRecord {
    /// Names the key: 16 bytes of a hash over the actor and the key as sent.
    pub id: Uuid,
    /// Names the request: 16 bytes of a hash over its canonical form.
    pub request: Uuid,
    /// The HTTP status of the answer.
    pub status: i16,
    /// Whether the answer holds the order itself, so that a replay gives the same body.
    pub represented: bool,
}

/// What a recorded key led to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordedKey {
    /// The request that it was used with.
    pub request: Uuid,
    /// The kind of the aggregate that the command changed.
    pub aggregate_type: String,
    /// The aggregate that the command changed.
    pub aggregate_id: String,
    /// The sequence of the command's first event.
    pub first_sequence: i64,
    /// The position of the command's first event.
    pub first_position: i64,
    /// How many events the command had.
    pub events: i32,
    /// The HTTP status of the answer.
    pub status: i16,
    /// Whether the answer held the order itself.
    pub represented: bool,
}

impl RecordedKey {
    /// The aggregate's version after the command: the sequence of the command's last event.
    pub fn version(&self) -> i64 {
        self.first_sequence + i64::from(self.events) - 1
    }

    /// The position of the command's last event.
    pub fn last_position(&self) -> i64 {
        self.first_position + i64::from(self.events) - 1
    }
}

impl FromRow<'_, PgRow> for RecordedKey {
    fn from_row(row: &PgRow) -> Result<Self, sqlx::Error> {
        Ok(Self {
            request: row.try_get("key_request")?,
            aggregate_type: row.try_get("key_aggregate_type")?,
            aggregate_id: row.try_get("key_aggregate_id")?,
            first_sequence: row.try_get("key_first_sequence")?,
            first_position: row.try_get("first_position")?,
            events: row.try_get("key_events")?,
            status: row.try_get("key_status")?,
            represented: row.try_get("key_represented")?,
        })
    }
}
