//! What operators ask of the projectors: rebuild a view, verify it, go back to the generation before, try parked orders again.
//!
//! Whoever asks writes a row; a projector carries it out and writes into the row how far it is. Of one view and kind, one is
//! under way at a time: whoever asks for it again is told of that one.

use std::fmt;

use domain::Timestamp;
use serde::Serialize;
use sqlx::postgres::PgRow;
use sqlx::types::chrono::{DateTime, Utc};
use sqlx::{PgConnection, PgExecutor, Row as _};
use uuid::Uuid;

use crate::View;

/// What is to be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// Build a new generation beside the live one and switch to it.
    Rebuild,
    /// Compare the live generation with the log, row by row.
    Verify,
    /// Switch to the generation that was live before.
    Revert,
    /// Try parked orders again, and go on with a view that is faulted.
    Retry,
}

impl Kind {
    /// All kinds.
    pub const ALL: [Self; 4] = [Self::Rebuild, Self::Verify, Self::Revert, Self::Retry];

    /// As it is stored.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Rebuild => "rebuild",
            Self::Verify => "verify",
            Self::Revert => "revert",
            Self::Retry => "retry",
        }
    }

    /// The kind with this name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == name)
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// How far an operation is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// No projector has begun with it.
    Requested,
    /// The new generation is filled from the log.
    Building,
    /// The new generation takes in what happened meanwhile.
    CatchingUp,
    /// Another generation becomes the live one.
    Switching,
    /// Rows are compared.
    Verifying,
    /// It is done.
    Done,
    /// It failed, and nothing has changed.
    Failed,
}

impl Phase {
    const ALL: [Self; 7] = [
        Self::Requested,
        Self::Building,
        Self::CatchingUp,
        Self::Switching,
        Self::Verifying,
        Self::Done,
        Self::Failed,
    ];

    /// As it is stored and shown.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Requested => "requested",
            Self::Building => "building",
            Self::CatchingUp => "catching_up",
            Self::Switching => "switching",
            Self::Verifying => "verifying",
            Self::Done => "done",
            Self::Failed => "failed",
        }
    }

    /// Whether nothing more will happen.
    pub const fn is_final(self) -> bool {
        matches!(self, Self::Done | Self::Failed)
    }

    fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|phase| phase.as_str() == name)
    }
}

/// An operation and how far it is.
#[derive(Debug, Clone, PartialEq)]
pub struct Operation {
    /// Names it.
    pub operation_id: Uuid,
    /// Of which view.
    pub view: View,
    /// What is to be done.
    pub kind: Kind,
    /// Of a verification: whether rows that differ are replaced.
    pub fix: bool,
    /// Who asked for it.
    pub requested_by: String,
    /// When it was asked for.
    pub requested_at: Timestamp,
    /// How far it is.
    pub phase: Phase,
    /// The generation that it works on; none before it has begun.
    pub generation: Option<i32>,
    /// Events that are done.
    pub done: i64,
    /// Events that there are to do, as far as is known.
    pub total: i64,
    /// The rate of late; none as long as nobody can tell.
    pub events_per_second: Option<f64>,
    /// When it ended.
    pub finished_at: Option<Timestamp>,
    /// Why it failed.
    pub error: Option<String>,
}

impl Operation {
    /// The seconds until it is done at the rate of late; 0 when it is done, none as long as nobody can tell.
    pub fn eta_seconds(&self) -> Option<f64> {
        match self.phase {
            Phase::Done => Some(0.0),
            Phase::Failed => None,
            _ => {
                let rate = self.events_per_second.filter(|rate| *rate > 0.0)?;
                #[expect(
                    clippy::cast_precision_loss,
                    reason = "an estimate; counts stay below 2^53"
                )]
                let left = self.total.saturating_sub(self.done).max(0) as f64;
                Some((left / rate).ceil())
            }
        }
    }
}

const COLUMNS: &str = "operation_id, projection, kind, fix, requested_by, requested_at, phase, generation, done, total, \
    events_per_second, finished_at, error";

/// Asks for an operation, unless it is under way: returns that one or the new one.
pub async fn request(
    connection: &mut PgConnection,
    view: View,
    kind: Kind,
    fix: bool,
    requested_by: &str,
) -> Result<Operation, sqlx::Error> {
    loop {
        sqlx::query(
            "insert into operation (operation_id, projection, kind, fix, requested_by, phase)
            values ($1, $2, $3, $4, $5, 'requested')
            on conflict (projection, kind) where finished_at is null do nothing",
        )
        .bind(Uuid::now_v7())
        .bind(view.as_str())
        .bind(kind.as_str())
        .bind(fix)
        .bind(requested_by)
        .execute(&mut *connection)
        .await?;
        if let Some(operation) = under_way(&mut *connection, view, kind).await? {
            return Ok(operation);
        }
        // It has ended between the two statements: then ours is a new one.
    }
}

/// The operation of this kind that is under way.
pub async fn under_way(
    executor: impl PgExecutor<'_>,
    view: View,
    kind: Kind,
) -> Result<Option<Operation>, sqlx::Error> {
    let statement = format!(
        "select {COLUMNS} from operation where projection = $1 and kind = $2 and finished_at is null"
    );
    let row = sqlx::query(&statement)
        .bind(view.as_str())
        .bind(kind.as_str())
        .fetch_optional(executor)
        .await?;
    row.as_ref().map(read).transpose()
}

/// All operations that are under way, those that were asked for first before the others.
pub async fn all_under_way(executor: impl PgExecutor<'_>) -> Result<Vec<Operation>, sqlx::Error> {
    let statement = format!(
        "select {COLUMNS} from operation where finished_at is null order by requested_at, operation_id"
    );
    let rows = sqlx::query(&statement).fetch_all(executor).await?;
    rows.iter().map(read).collect()
}

/// The operation with this id.
pub async fn find(
    executor: impl PgExecutor<'_>,
    operation_id: Uuid,
) -> Result<Option<Operation>, sqlx::Error> {
    let statement = format!("select {COLUMNS} from operation where operation_id = $1");
    let row = sqlx::query(&statement)
        .bind(operation_id)
        .fetch_optional(executor)
        .await?;
    row.as_ref().map(read).transpose()
}

fn read(row: &PgRow) -> Result<Operation, sqlx::Error> {
    let unknown = |what: &str| sqlx::Error::Decode(format!("no known {what}").into());
    let time = |time: DateTime<Utc>| Timestamp::from_datetime(time);
    Ok(Operation {
        operation_id: row.try_get("operation_id")?,
        view: View::parse(row.try_get("projection")?).ok_or_else(|| unknown("view"))?,
        kind: Kind::parse(row.try_get("kind")?).ok_or_else(|| unknown("kind"))?,
        fix: row.try_get("fix")?,
        requested_by: row.try_get("requested_by")?,
        requested_at: time(row.try_get("requested_at")?),
        phase: Phase::parse(row.try_get("phase")?).ok_or_else(|| unknown("phase"))?,
        generation: row.try_get("generation")?,
        done: row.try_get("done")?,
        total: row.try_get("total")?,
        events_per_second: row.try_get("events_per_second")?,
        finished_at: row
            .try_get::<Option<DateTime<Utc>>, _>("finished_at")?
            .map(time),
        error: row.try_get("error")?,
    })
}
