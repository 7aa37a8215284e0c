//! How far an operation is, as it is shown.

use read_model::operations::{Kind, Operation, Phase};
use serde::Serialize;
use serde_json::value::RawValue;
use sqlx::postgres::PgRow;
use sqlx::{PgConnection, Row as _};
use uuid::Uuid;

/// How far an operation is, whatever its kind.
#[derive(Debug, Serialize)]
struct Progress {
    phase: Phase,
    done: i64,
    total: i64,
    events_per_second: Option<f64>,
    eta_seconds: Option<f64>,
    error: Option<String>,
}

/// How far a rebuild is.
#[derive(Debug, Serialize)]
pub(crate) struct Rebuild {
    rebuild_id: Uuid,
    #[serde(flatten)]
    progress: Progress,
}

/// How far the way back to the generation before is.
#[derive(Debug, Serialize)]
pub(crate) struct Revert {
    revert_id: Uuid,
    #[serde(flatten)]
    progress: Progress,
}

/// How far a verification is, and what it has found.
#[derive(Debug, Serialize)]
pub(crate) struct Verification {
    #[serde(rename = "verification_id")]
    id: Uuid,
    #[serde(flatten)]
    progress: Progress,
    fix: bool,
    differences: Vec<Difference>,
}

/// A row that is not what the log says.
#[derive(Debug, Serialize)]
pub(crate) struct Difference {
    table: String,
    key: Box<RawValue>,
    live: Option<Box<RawValue>>,
    expected: Option<Box<RawValue>>,
    fixed: bool,
}

impl From<&Operation> for Progress {
    fn from(operation: &Operation) -> Self {
        // That nobody has begun with it is no phase of the contract: nothing is done of the first one.
        let phase = match (operation.phase, operation.kind) {
            (Phase::Requested, Kind::Rebuild | Kind::Retry) => Phase::Building,
            (Phase::Requested, Kind::Verify) => Phase::Verifying,
            (Phase::Requested, Kind::Revert) => Phase::Switching,
            (phase, _) => phase,
        };
        Self {
            phase,
            done: operation.done,
            total: operation.total,
            events_per_second: operation.events_per_second,
            eta_seconds: operation.eta_seconds(),
            error: operation.error.clone(),
        }
    }
}

impl From<&Operation> for Rebuild {
    fn from(operation: &Operation) -> Self {
        Self {
            rebuild_id: operation.operation_id,
            progress: operation.into(),
        }
    }
}

impl From<&Operation> for Revert {
    fn from(operation: &Operation) -> Self {
        Self {
            revert_id: operation.operation_id,
            progress: operation.into(),
        }
    }
}

impl Verification {
    /// A verification that has found this.
    pub(crate) fn of(operation: &Operation, differences: Vec<Difference>) -> Self {
        Self {
            id: operation.operation_id,
            progress: operation.into(),
            fix: operation.fix,
            differences,
        }
    }
}

/// What a verification has found so far.
pub(crate) async fn differences(
    connection: &mut PgConnection,
    verification: Uuid,
) -> Result<Vec<Difference>, sqlx::Error> {
    let rows = sqlx::query(
        "select relation, key::text, live::text, expected::text, fixed
        from difference
        where operation_id = $1
        order by number",
    )
    .bind(verification)
    .fetch_all(connection)
    .await?;
    rows.iter().map(difference).collect()
}

fn difference(row: &PgRow) -> Result<Difference, sqlx::Error> {
    let json = |text: String| {
        RawValue::from_string(text).map_err(|error| sqlx::Error::Decode(error.into()))
    };
    let or_none = |text: Option<String>| text.map(json).transpose();
    Ok(Difference {
        table: row.try_get("relation")?,
        key: json(row.try_get("key")?)?,
        live: or_none(row.try_get("live")?)?,
        expected: or_none(row.try_get("expected")?)?,
        fixed: row.try_get("fixed")?,
    })
}
