//! Events as they are written and as the log holds them.

use chrono::{DateTime, Utc};
use domain::Timestamp;
use domain::envelope::{Metadata, Recorded};
use domain::order::{EventDecodeError, OrderEvent};
use sqlx::postgres::PgRow;
use sqlx::{FromRow, Row as _};
use thiserror::Error;
use uuid::Uuid;

use crate::upcasting;

/// The aggregate type of orders.
pub const ORDER: &str = "order";

/// An event that is to be appended. Position, sequence and time are the log's to give.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewEvent {
    /// Its id, of version 7. Sent again with the same id it is not written again.
    pub event_id: Uuid,
    /// What kind of event, such as `OrderPlaced`.
    pub event_type: String,
    /// The version of that kind's shape.
    pub event_version: String,
    /// JSON; the log keeps its bytes as they are.
    pub payload: String,
    /// JSON; the log keeps its bytes as they are.
    pub metadata: String,
}

/// An event as the log holds it, not yet decoded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredEvent {
    /// Its place in the one order of all events: 1, 2, 3, …
    pub position: i64,
    /// Its id.
    pub event_id: Uuid,
    /// The kind of its aggregate; [`ORDER`] for orders.
    pub aggregate_type: String,
    /// The aggregate that it belongs to.
    pub aggregate_id: String,
    /// Its place among its aggregate's events: 1, 2, 3, …
    pub sequence: i64,
    /// What kind of event.
    pub event_type: String,
    /// The version of that kind's shape.
    pub event_version: String,
    /// JSON, byte for byte as it was appended.
    pub payload: String,
    /// JSON, byte for byte as it was appended.
    pub metadata: String,
    /// When the log took it, by the database's clock, in microseconds; never falls as positions rise.
    pub recorded_at: DateTime<Utc>,
    /// The first byte of the MD5 of its aggregate's id; see [`PartitionOf`](crate::PartitionOf).
    pub slot: i16,
}

/// Why a stored event could not be read as an order's event.
#[derive(Debug, Error)]
pub enum DecodeError {
    /// It belongs to an aggregate that is not an order.
    #[error("event {position} belongs to a {aggregate_type}, not to an order")]
    NotAnOrder {
        /// The event's position.
        position: i64,
        /// What it belongs to.
        aggregate_type: String,
    },
    /// Its metadata is not what this platform writes.
    #[error("the metadata of event {position} cannot be read")]
    Metadata {
        /// The event's position.
        position: i64,
        /// What is wrong with it.
        source: serde_json::Error,
    },
    /// Payload or metadata of an older version are not JSON.
    #[error("event {position} is not JSON")]
    NoJson {
        /// The event's position.
        position: i64,
        /// What is wrong with it.
        source: serde_json::Error,
    },
    /// Its type, version or payload is unknown to this program.
    #[error("event {position} cannot be read")]
    Event {
        /// The event's position.
        position: i64,
        /// What is wrong with it.
        source: EventDecodeError,
    },
}

impl StoredEvent {
    /// The columns of a stored event, in the order that [`FromRow`] expects. The table is `e`.
    pub(crate) const COLUMNS: &'static str = "e.position, e.event_id, e.aggregate_type, e.aggregate_id, e.sequence, \
         e.event_type, e.event_version, e.payload, e.metadata, e.recorded_at, e.slot";

    /// Reads it as an order's event, lifted to the version that this program knows if it is older.
    pub fn decode(&self) -> Result<Recorded, DecodeError> {
        let position = self.position;
        if self.aggregate_type != ORDER {
            let aggregate_type = self.aggregate_type.clone();
            return Err(DecodeError::NotAnOrder {
                position,
                aggregate_type,
            });
        }
        let (metadata, event) = match upcasting::lifted(self) {
            None => (
                serde_json::from_str(&self.metadata),
                OrderEvent::from_payload(&self.event_type, &self.event_version, &self.payload),
            ),
            Some(Ok(newer)) => (
                serde_json::from_value(newer.metadata),
                OrderEvent::from_payload(
                    &newer.event_type,
                    &newer.event_version,
                    &newer.payload.to_string(),
                ),
            ),
            Some(Err(source)) => return Err(DecodeError::NoJson { position, source }),
        };
        let metadata: Metadata =
            metadata.map_err(|source| DecodeError::Metadata { position, source })?;
        let event = event.map_err(|source| DecodeError::Event { position, source })?;
        Ok(Recorded {
            position,
            event_id: self.event_id,
            order_id: self.aggregate_id.clone(),
            sequence: self.sequence,
            occurred_at: Timestamp::from_datetime(self.recorded_at),
            metadata,
            event,
        })
    }
}

impl FromRow<'_, PgRow> for StoredEvent {
    fn from_row(row: &PgRow) -> Result<Self, sqlx::Error> {
        Ok(Self {
            position: row.try_get(0)?,
            event_id: row.try_get(1)?,
            aggregate_type: row.try_get(2)?,
            aggregate_id: row.try_get(3)?,
            sequence: row.try_get(4)?,
            event_type: row.try_get(5)?,
            event_version: row.try_get(6)?,
            // The wire form of `json` is its text. Unchecked, because the driver would parse it for its own JSON types.
            payload: row.try_get_unchecked(7)?,
            metadata: row.try_get_unchecked(8)?,
            recorded_at: row.try_get(9)?,
            slot: row.try_get(10)?,
        })
    }
}
