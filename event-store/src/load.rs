//! Loading aggregates and keys.

use sqlx::postgres::PgRow;
use sqlx::{FromRow as _, Row as _};
use uuid::Uuid;

use crate::{EventStore, RecordedKey, StoreError, StoredEvent};

/// An aggregate's events and what a key led to, both as of one moment.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Loaded {
    /// All events of the aggregate, in order; empty if there is none.
    pub events: Vec<StoredEvent>,
    /// What the key led to, if one was asked for and it is recorded.
    pub key: Option<RecordedKey>,
}

/// A key with the first event that it led to, as [`RecordedKey`] reads it.
const KEY: &str = "
select
    k.request as key_request,
    k.position as first_position,
    k.events as key_events,
    k.status as key_status,
    k.represented as key_represented,
    first.aggregate_type as key_aggregate_type,
    first.aggregate_id as key_aggregate_id,
    first.sequence as key_first_sequence
from idempotency_key k
join event first on first.position = k.position";

impl EventStore {
    /// All events of an aggregate, in order; empty if there is none.
    pub async fn load(
        &self,
        aggregate_type: &str,
        aggregate_id: &str,
    ) -> Result<Vec<StoredEvent>, StoreError> {
        let columns = StoredEvent::COLUMNS;
        let events = sqlx::query_as(&format!(
            "select {columns}
            from event e
            where e.aggregate_type = $1
            and e.aggregate_id = $2
            order by e.sequence"
        ))
        .bind(aggregate_type)
        .bind(aggregate_id)
        .fetch_all(self.pool())
        .await?;
        Ok(events)
    }

    /// The aggregate's events and what the key led to, in one statement and so of one moment. A refusal must be judged
    /// on this: of two statements, the first could miss what the second's key stands for.
    pub async fn load_with_key(
        &self,
        aggregate_type: &str,
        aggregate_id: &str,
        key: Option<Uuid>,
    ) -> Result<Loaded, StoreError> {
        let columns = StoredEvent::COLUMNS;
        let rows = sqlx::query(&format!(
            "select {columns}, k.*
            from (values (true)) as one
            left join lateral (
                {KEY}
                where k.id = $3
                offset 0
            ) k on true
            left join lateral (
                select *
                from event
                where aggregate_type = $1
                and aggregate_id = $2
                offset 0
            ) e on true
            order by e.sequence"
        ))
        .bind(aggregate_type)
        .bind(aggregate_id)
        .bind(key)
        .fetch_all(self.pool())
        .await?;
        let loaded = Loaded::from_rows(&rows)?;
        Ok(loaded)
    }

    /// What a key led to, if it is recorded.
    pub async fn find_key(&self, key: Uuid) -> Result<Option<RecordedKey>, StoreError> {
        let found = sqlx::query_as(&format!("{KEY} where k.id = $1"))
            .bind(key)
            .fetch_optional(self.pool())
            .await?;
        Ok(found)
    }

    /// The events of several aggregates up to a position, ordered by aggregate and sequence.
    pub async fn load_many(
        &self,
        aggregate_type: &str,
        aggregate_ids: &[String],
        up_to_position: i64,
    ) -> Result<Vec<StoredEvent>, StoreError> {
        let columns = StoredEvent::COLUMNS;
        let events = sqlx::query_as(&format!(
            "select {columns}
            from (select distinct id from unnest($2::text[]) as wanted (id)) as wanted
            cross join lateral (
                select *
                from event
                where aggregate_type = $1
                and aggregate_id = wanted.id
                and position <= $3
                offset 0
            ) e
            order by e.aggregate_id, e.sequence"
        ))
        .bind(aggregate_type)
        .bind(aggregate_ids)
        .bind(up_to_position)
        .fetch_all(self.pool())
        .await?;
        Ok(events)
    }
}

impl Loaded {
    /// Reads rows that each hold an event, or none, and all the same key, or none.
    fn from_rows(rows: &[PgRow]) -> Result<Self, sqlx::Error> {
        let mut loaded = Self::default();
        for row in rows {
            if row.try_get::<Option<i64>, _>(0)?.is_some() {
                loaded.events.push(StoredEvent::from_row(row)?);
            }
        }
        if let Some(row) = rows.first()
            && row.try_get::<Option<Uuid>, _>("key_request")?.is_some()
        {
            loaded.key = Some(RecordedKey::from_row(row)?);
        }
        Ok(loaded)
    }
}
