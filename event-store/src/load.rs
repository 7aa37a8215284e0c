//! Loading aggregates and keys.

use sqlx::postgres::PgRow;
use sqlx::{FromRow as _, Row as _};
use uuid::Uuid;

use crate::{EventStore, RecordedKey, Snapshot, StoreError, StoredEvent};

/// The last event of an aggregate's state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LastEvent {
    /// Its place among the aggregate's events; also the number of events in the state.
    pub sequence: i64,
    /// Its id: after a failover another event can have its place.
    pub event_id: Uuid,
}

/// What can be used of an aggregate instead of its first events. The default is nothing: all events are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Shortcuts {
    /// The last event of a state that the reader has.
    pub held: Option<LastEvent>,
    /// The version of the state's shape that the reader understands in a snapshot; `None` if in none.
    pub shape_version: Option<i32>,
}

/// What the events that were loaded follow.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Base {
    /// Nothing: they are all that there are.
    #[default]
    Nothing,
    /// The state that the reader holds: its last event is in the log.
    Held,
    /// This snapshot: its last event is in the log.
    Snapshot(Snapshot),
}

/// An aggregate and what a key led to, both as of one moment.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Loaded {
    /// What the events follow.
    pub base: Base,
    /// The events of the aggregate after `base`, in order.
    pub events: Vec<StoredEvent>,
    /// What the key led to, if one was asked for and it is recorded.
    pub key: Option<RecordedKey>,
}

/// What [`EventStore::load_from`] is asked for.
#[derive(Debug, Clone)]
pub(crate) struct Wanted {
    aggregate_type: String,
    aggregate_id: String,
    shortcuts: Shortcuts,
    key: Option<Uuid>,
}

/// Selects a key, named by an SQL expression, with the first event that it led to, as [`RecordedKey`] reads it.
///
/// Each is looked up by itself. As a join, a plan that was made while there were hardly any keys walked all of them in the order of
/// their positions, for each key that was asked for, until the next `analyze`.
fn recorded_key(id: &str) -> String {
    format!(
        "select
            k.request as key_request,
            k.position as first_position,
            k.events as key_events,
            k.status as key_status,
            k.represented as key_represented,
            first.aggregate_type as key_aggregate_type,
            first.aggregate_id as key_aggregate_id,
            first.sequence as key_first_sequence
        from (
            select *
            from idempotency_key
            where id = {id}
            offset 0
        ) k
        cross join lateral (
            select aggregate_type, aggregate_id, sequence
            from event
            where position = k.position
            offset 0
        ) first"
    )
}

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

    /// The aggregate, from the latest of the shortcuts that the log bears out, and what the key led to, in one statement
    /// and so of one moment. A refusal must be judged on this: of two statements, the first could miss what the second's
    /// key stands for.
    ///
    /// Aggregates that are asked for at the same time share the statement. It begins after each of them was asked for.
    pub async fn load_from(
        &self,
        aggregate_type: &str,
        aggregate_id: &str,
        shortcuts: Shortcuts,
        key: Option<Uuid>,
    ) -> Result<Loaded, StoreError> {
        let wanted = Wanted {
            aggregate_type: aggregate_type.to_owned(),
            aggregate_id: aggregate_id.to_owned(),
            shortcuts,
            key,
        };
        let read = |wanted| self.load_wanted(wanted);
        self.loads().ask(wanted, read).await
    }

    /// In the order of what is wanted.
    async fn load_wanted(&self, wanted: Vec<Wanted>) -> Result<Vec<Loaded>, StoreError> {
        let types: Vec<&str> = wanted.iter().map(|of| of.aggregate_type.as_str()).collect();
        let ids: Vec<&str> = wanted.iter().map(|of| of.aggregate_id.as_str()).collect();
        let keys: Vec<Option<Uuid>> = wanted.iter().map(|of| of.key).collect();
        let held = || wanted.iter().map(|of| of.shortcuts.held);
        let held_sequences: Vec<Option<i64>> = held().map(|held| Some(held?.sequence)).collect();
        let held_events: Vec<Option<Uuid>> = held().map(|held| Some(held?.event_id)).collect();
        let shapes: Vec<Option<i32>> = wanted.iter().map(|of| of.shortcuts.shape_version).collect();
        let rows = sqlx::query(&load_statement())
            .bind(types)
            .bind(ids)
            .bind(keys)
            .bind(held_sequences)
            .bind(held_events)
            .bind(shapes)
            .fetch_all(self.pool())
            .await?;
        let mut rows_of: Vec<Vec<PgRow>> = wanted.iter().map(|_| Vec::new()).collect();
        for row in rows {
            let number: i64 = row.try_get("wanted_number")?;
            let index = usize::try_from(number - 1).unwrap_or(usize::MAX);
            if let Some(rows) = rows_of.get_mut(index) {
                rows.push(row);
            }
        }
        let loaded = rows_of.iter().map(|rows| Loaded::from_rows(rows));
        Ok(loaded.collect::<Result<Vec<Loaded>, sqlx::Error>>()?)
    }

    /// What a key led to, if it is recorded.
    pub async fn find_key(&self, key: Uuid) -> Result<Option<RecordedKey>, StoreError> {
        let found = sqlx::query_as(&recorded_key("$1"))
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

/// Selects, of each that is wanted, a row an event, or one row if there is none; all have its base and its key.
fn load_statement() -> String {
    let columns = StoredEvent::COLUMNS;
    format!(
        "select {columns}, k.*,
            wanted.number as wanted_number,
            base.sequence as base_sequence,
            base.event_id as base_event,
            base.shape_version as base_shape,
            -- Long, so it comes once.
            case
                when e.sequence is null or e.sequence = base.sequence + 1 then base.state
            end as base_state
        from unnest($1::text[], $2::text[], $3::uuid[], $4::bigint[], $5::uuid[], $6::integer[]) with ordinality
            as wanted (type, id, key, held_sequence, held_event, shape_version, number)
        left join lateral (
            {key}
        ) k on true
        left join lateral (
            select shortcut.*
            from (
                select
                    wanted.held_sequence as sequence,
                    wanted.held_event as event_id,
                    null::integer as shape_version,
                    null::json as state
                union all
                (
                    select last_sequence, last_event_id, shape_version, payload
                    from snapshot
                    where aggregate_type = wanted.type
                    and aggregate_id = wanted.id
                    and shape_version = wanted.shape_version
                    offset 0
                )
            ) shortcut
            cross join lateral (
                select event_id
                from event
                where aggregate_type = wanted.type
                and aggregate_id = wanted.id
                and sequence = shortcut.sequence
                offset 0
            ) there
            where there.event_id = shortcut.event_id
            -- Of two that are equally far, the one that is at hand.
            order by shortcut.sequence desc, shortcut.shape_version nulls first
            limit 1
        ) base on true
        left join lateral (
            select *
            from event
            where aggregate_type = wanted.type
            and aggregate_id = wanted.id
            and sequence > coalesce(base.sequence, 0)
            offset 0
        ) e on true
        order by wanted.number, e.sequence",
        key = recorded_key("wanted.key"),
    )
}

impl Loaded {
    /// Reads rows that each hold an event, or none, and all the same base and key, or none.
    fn from_rows(rows: &[PgRow]) -> Result<Self, sqlx::Error> {
        let mut loaded = Self::default();
        for row in rows {
            if row.try_get::<Option<i64>, _>(0)?.is_some() {
                loaded.events.push(StoredEvent::from_row(row)?);
            }
        }
        if let Some(row) = rows.first() {
            loaded.base = base(row)?;
            if row.try_get::<Option<Uuid>, _>("key_request")?.is_some() {
                loaded.key = Some(RecordedKey::from_row(row)?);
            }
        }
        Ok(loaded)
    }
}

fn base(row: &PgRow) -> Result<Base, sqlx::Error> {
    let Some(sequence) = row.try_get("base_sequence")? else {
        return Ok(Base::Nothing);
    };
    let Some(shape_version) = row.try_get("base_shape")? else {
        return Ok(Base::Held);
    };
    Ok(Base::Snapshot(Snapshot {
        last_event: LastEvent {
            sequence,
            event_id: row.try_get("base_event")?,
        },
        shape_version,
        // The wire form of `json` is its text.
        state: row.try_get_unchecked("base_state")?,
    }))
}
