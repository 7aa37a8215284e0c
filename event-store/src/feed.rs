//! Reading the log forward, and where it ends.

use sqlx::Row as _;
use thiserror::Error;
use uuid::Uuid;

use crate::{Cursor, EventStore, PartitionOf, StoreError, StoredEvent};

/// Events that a partition's backlog is counted up to.
const COUNTED: i64 = 10_000;

/// Why a page of the log was not given.
#[derive(Debug, Error)]
pub enum ReadError {
    /// The event at the reader's position is not the one that it holds: since it was read, the log has lost events and
    /// used their positions again.
    #[error("position {position} holds event {found}, not {held}: the log has another history")]
    AnotherHistory {
        /// The position of the event held.
        position: i64,
        /// The id of the event held.
        held: Uuid,
        /// The id of the event that the log has there.
        found: Uuid,
    },
    /// The log ends before the event that the reader holds: it is a replica that lags, or it has lost events.
    #[error("the log ends before position {position}, which was read already")]
    EndsBefore {
        /// The position of the event held.
        position: i64,
    },
    /// The log did not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Where the log ends, as of one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// The last position; 0 if there is no event.
    pub position: i64,
    /// The last event's id.
    pub event_id: Option<Uuid>,
    /// The last position of each partition; 0 for one without events.
    pub partitions: Vec<i64>,
}

/// What a reader has before it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Backlog {
    /// How many events it has not read.
    pub events: i64,
    /// How long ago the first of them was recorded, in seconds; 0 if there is none.
    pub seconds: f64,
}

impl Backlog {
    /// All is read.
    pub const NONE: Self = Self {
        events: 0,
        seconds: 0.0,
    };
}

/// Which log this is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct LogIdentity {
    /// Made with the log; its copies keep it.
    pub log_id: Uuid,
    /// Raised when the log is found to have taken another turn.
    pub incarnation: i64,
}

impl ReadError {
    /// Whether what the reader holds is not the log's history: it may be another, or end sooner.
    pub fn is_other_history(&self) -> bool {
        matches!(self, Self::AnotherHistory { .. } | Self::EndsBefore { .. })
    }
}

impl EventStore {
    /// The next events of one partition, at most `limit`; none at its end. The event held may be of any partition.
    pub async fn read_partition(
        &self,
        partition: PartitionOf,
        after: Cursor,
        limit: u32,
    ) -> Result<Vec<StoredEvent>, ReadError> {
        let (first_slot, last_slot) = partition.slots();
        let columns = StoredEvent::COLUMNS;
        // The positions of a page come from the index alone, a short run of each slot.
        let page = sqlx::query_as(&format!(
            "select {columns}
            from (
                select $1::bigint as position
                union all (
                    select of_slot.position
                    from generate_series($2::integer, $3::integer) as slots (slot)
                    cross join lateral (
                        select position
                        from event
                        where slot = slots.slot
                        and position > $1
                        order by position
                        limit $4
                    ) of_slot
                    order by of_slot.position
                    limit $4
                )
            ) page
            cross join lateral (
                select *
                from event
                where position = page.position
                offset 0
            ) e
            order by e.position"
        ))
        .bind(after.position)
        .bind(i32::from(first_slot))
        .bind(i32::from(last_slot))
        .bind(i64::from(limit))
        .fetch_all(self.pool())
        .await
        .map_err(StoreError::from)?;
        without_held(page, after)
    }

    /// Where the log and each of its partitions end, in one statement.
    pub async fn head(&self, partition_count: u16) -> Result<Head, StoreError> {
        let row = sqlx::query(
            "select
                coalesce(latest.position, 0),
                latest.event_id,
                array(
                    select coalesce(max(of_slot.position), 0)
                    from generate_series(0, 255) as slots (slot)
                    left join lateral (
                        select position
                        from event
                        where slot = slots.slot
                        order by position desc
                        limit 1
                    ) of_slot on true
                    group by slots.slot * $1 / 256
                    order by slots.slot * $1 / 256
                )
            from (values (true)) as one
            left join lateral (
                select position, event_id
                from event
                order by position desc
                limit 1
            ) latest on true",
        )
        .bind(i32::from(partition_count))
        .fetch_one(self.pool())
        .await?;
        Ok(Head {
            position: row.try_get(0)?,
            event_id: row.try_get(1)?,
            partitions: row.try_get(2)?,
        })
    }

    /// The last position at or below `up_to` of each partition; 0 for one without: what [`EventStore::head`] would have
    /// said when the log ended at `up_to`.
    pub async fn last_positions(
        &self,
        partition_count: u16,
        up_to: i64,
    ) -> Result<Vec<i64>, StoreError> {
        let positions = sqlx::query_scalar(
            "select coalesce(max(of_slot.position), 0)
            from generate_series(0, 255) as slots (slot)
            left join lateral (
                select position
                from event
                where slot = slots.slot
                and position <= $2
                order by position desc
                limit 1
            ) of_slot on true
            group by slots.slot * $1 / 256
            order by slots.slot * $1 / 256",
        )
        .bind(i32::from(partition_count))
        .bind(up_to)
        .fetch_all(self.pool())
        .await?;
        Ok(positions)
    }

    /// What a reader that has read up to `position` has before it, by this database's clock.
    pub async fn backlog(&self, position: i64) -> Result<Backlog, StoreError> {
        let row = sqlx::query(
            "select
                greatest(coalesce(latest.position, 0) - $1, 0),
                coalesce(greatest(extract(epoch from clock_timestamp() - next.recorded_at), 0), 0)::float8
            from (values (true)) as one
            left join lateral (
                select position
                from event
                order by position desc
                limit 1
            ) latest on true
            left join lateral (
                select recorded_at
                from event
                where position > $1
                order by position
                limit 1
            ) next on true",
        )
        .bind(position)
        .fetch_one(self.pool())
        .await?;
        Ok(Backlog {
            events: row.try_get(0)?,
            seconds: row.try_get(1)?,
        })
    }

    /// What a reader of one partition that has read up to `position` has before it. Events are counted up to 10,000.
    pub async fn partition_backlog(
        &self,
        partition: PartitionOf,
        position: i64,
    ) -> Result<Backlog, StoreError> {
        let (first_slot, last_slot) = partition.slots();
        let row = sqlx::query(
            "select
                least(count(*), $4),
                coalesce(
                    (
                        select greatest(extract(epoch from clock_timestamp() - e.recorded_at), 0)
                        from event e
                        where e.position = min(page.position)
                    ),
                    0
                )::float8
            from (
                select of_slot.position
                from generate_series($1::integer, $2::integer) as slots (slot)
                cross join lateral (
                    select position
                    from event
                    where slot = slots.slot
                    and position > $3
                    order by position
                    limit $4
                ) of_slot
            ) page",
        )
        .bind(i32::from(first_slot))
        .bind(i32::from(last_slot))
        .bind(position)
        .bind(COUNTED)
        .fetch_one(self.pool())
        .await?;
        Ok(Backlog {
            events: row.try_get(0)?,
            seconds: row.try_get(1)?,
        })
    }

    /// The id of the event at this position; none if the log ends before it.
    pub async fn event_id(&self, position: i64) -> Result<Option<Uuid>, StoreError> {
        let id = sqlx::query_scalar("select event_id from event where position = $1")
            .bind(position)
            .fetch_optional(self.pool())
            .await?;
        Ok(id)
    }

    /// How many events one partition has up to a position.
    pub async fn count(&self, partition: PartitionOf, up_to: i64) -> Result<i64, StoreError> {
        let (first_slot, last_slot) = partition.slots();
        let count = sqlx::query_scalar(
            "select count(*) from event where slot between $1 and $2 and position <= $3",
        )
        .bind(first_slot)
        .bind(last_slot)
        .bind(up_to)
        .fetch_one(self.pool())
        .await?;
        Ok(count)
    }

    /// Which log this is.
    pub async fn identity(&self) -> Result<LogIdentity, StoreError> {
        let row = sqlx::query("select log_id, incarnation from log")
            .fetch_one(self.pool())
            .await?;
        Ok(LogIdentity {
            log_id: row.try_get(0)?,
            incarnation: row.try_get(1)?,
        })
    }
}

/// Takes the event held from the front of a page that begins with it, if it is there and the same.
fn without_held(mut page: Vec<StoredEvent>, held: Cursor) -> Result<Vec<StoredEvent>, ReadError> {
    if held.position > 0 {
        check_held(page.first(), held)?;
        page.remove(0);
    }
    Ok(page)
}

/// Whether what is read begins with the event held.
pub(crate) fn check_held(first: Option<&StoredEvent>, held: Cursor) -> Result<(), ReadError> {
    let position = held.position;
    match (first, held.event_id) {
        (Some(first), _) if first.position != position => Err(ReadError::EndsBefore { position }),
        (None, _) => Err(ReadError::EndsBefore { position }),
        (Some(first), Some(held)) if first.event_id != held => Err(ReadError::AnotherHistory {
            position,
            held,
            found: first.event_id,
        }),
        _ => Ok(()),
    }
}
