//! Snapshots: where folding a long aggregate can begin.

use crate::{EventStore, LastEvent, StoreError};

/// An aggregate's state after one of its events.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snapshot {
    /// The last event that is in the state.
    pub last_event: LastEvent,
    /// The version of the state's shape, counted by whoever folds it.
    pub shape_version: i32,
    /// The state, as JSON.
    pub state: String,
}

impl EventStore {
    /// Stores an aggregate's snapshot, unless a later one is there. Whether it was stored.
    ///
    /// One whose last event the log does not have, because it was lost, gives way to any.
    pub async fn save_snapshot(
        &self,
        aggregate_type: &str,
        aggregate_id: &str,
        snapshot: &Snapshot,
    ) -> Result<bool, StoreError> {
        let saved = sqlx::query(
            "insert into snapshot (aggregate_type, aggregate_id, last_sequence, last_event_id, shape_version, payload)
            values ($1, $2, $3, $4, $5, $6::text::json)
            on conflict (aggregate_type, aggregate_id) do update
            set last_sequence = excluded.last_sequence,
                last_event_id = excluded.last_event_id,
                shape_version = excluded.shape_version,
                payload = excluded.payload
            where snapshot.last_sequence < excluded.last_sequence
            or (
                snapshot.last_sequence = excluded.last_sequence
                and snapshot.shape_version < excluded.shape_version
            )
            or not exists (
                select
                from event
                where event.aggregate_type = snapshot.aggregate_type
                and event.aggregate_id = snapshot.aggregate_id
                and event.sequence = snapshot.last_sequence
                and event.event_id = snapshot.last_event_id
            )",
        )
        .bind(aggregate_type)
        .bind(aggregate_id)
        .bind(snapshot.last_event.sequence)
        .bind(snapshot.last_event.event_id)
        .bind(snapshot.shape_version)
        .bind(&snapshot.state)
        .execute(self.pool())
        .await?;
        Ok(saved.rows_affected() == 1)
    }
}
