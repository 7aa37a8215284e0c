//! Why a view could not be read, and what the caller is told.

use read_model::View;
use read_model::audit::EntryError;
use service_kit::{Problem, ProblemType};

/// SQLSTATE `undefined_table`.
const UNDEFINED_TABLE: &str = "42P01";
/// SQLSTATE `foreign_key_violation`.
const FOREIGN_KEY_VIOLATION: &str = "23503";
/// SQLSTATE `query_canceled`: the statement's time was over.
const QUERY_CANCELED: &str = "57014";

/// A view could not be read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ReadError {
    /// The database failed or is away.
    #[error("the views' database failed")]
    Database(#[from] sqlx::Error),
    /// No projector has made the view yet.
    #[error("the view {0} does not exist")]
    NoView(View),
    /// A newer program has built the view: this one does not know what its rows mean.
    #[error(
        "the view {view} has shape {shape}, and this program knows shape {known}: it is served by newer ones",
        known = view.shape_version()
    )]
    NewerShape {
        /// Which.
        view: View,
        /// The version of its shape.
        shape: i32,
    },
    /// The generation that a cursor names was dropped.
    #[error("the generation does not exist any more")]
    GenerationGone,
    /// The live generation changed with every attempt.
    #[error("the live generation keeps changing")]
    Switching,
    /// The time to wait is over and the view is only here.
    #[error("the view has only come to {position}")]
    Behind {
        /// Up to where it is complete.
        position: i64,
    },
    /// The time to wait is over and nobody has had the order tried again.
    #[error("the view could not take in the event at {parked}")]
    Parked {
        /// The first event that is not in the view.
        parked: i64,
        /// Up to where it is complete.
        position: i64,
    },
    /// An earlier state of an order cannot be told, since this program does not know one of its events.
    #[error("an order's history cannot be read")]
    History(#[from] EntryError),
    /// The service ends while the caller waits.
    #[error("the service is stopping")]
    Stopping,
}

impl ReadError {
    /// Whether a table that was named is not there.
    pub(crate) fn is_no_table(&self) -> bool {
        matches!(self, Self::Database(error) if is_no_table(error))
    }

    /// Whether the row that a new one refers to is not there.
    pub(crate) fn is_no_key(&self) -> bool {
        matches!(self, Self::Database(error) if has_code(error, FOREIGN_KEY_VIOLATION))
    }

    /// Whether the connection ended.
    pub(crate) fn is_connection_lost(&self) -> bool {
        matches!(self, Self::Database(error) if is_connection_lost(error))
    }
}

impl From<ReadError> for Problem {
    fn from(error: ReadError) -> Self {
        match &error {
            ReadError::Database(source) if has_code(source, QUERY_CANCELED) => {
                Problem::from_failure(ProblemType::Overloaded, &error)
            }
            ReadError::Database(source) if is_away(source) => {
                Problem::from_failure(ProblemType::Unavailable, &error)
            }
            ReadError::Database(_) => Problem::from_failure(ProblemType::Internal, &error),
            ReadError::NoView(_) | ReadError::Switching => {
                Problem::from_failure(ProblemType::Unavailable, &error)
            }
            ReadError::NewerShape { .. } => {
                Problem::from_failure(ProblemType::Unavailable, &error).detail(error.to_string())
            }
            ReadError::History(source) => {
                let problem = Problem::from_failure(ProblemType::Unavailable, &error);
                match source {
                    EntryError::Event { position, .. } | EntryError::Unfolded { position, .. } => {
                        problem.detail(format!(
                            "the order's event at position {position} cannot be read; the order can be shown as it was before that"
                        ))
                    }
                    EntryError::Malformed(_) => problem,
                }
            }
            ReadError::GenerationGone => Problem::new(ProblemType::BadCursor)
                .detail("the list was rebuilt since; begin again without a cursor"),
            ReadError::Behind { position } => Problem::new(ProblemType::ViewBehind)
                .detail("the view did not reach Min-Position in time")
                .member("position", *position),
            ReadError::Parked { parked, position } => Problem::new(ProblemType::ViewBehind)
                .detail(format!(
                    "the view could not take in the event at position {parked}, and holds the order back until an \
                    operator has it tried again"
                ))
                .member("position", *position),
            ReadError::Stopping => {
                Problem::new(ProblemType::Unavailable).detail("this service is stopping")
            }
        }
    }
}

pub(super) fn is_no_table(error: &sqlx::Error) -> bool {
    has_code(error, UNDEFINED_TABLE)
}

/// Whether the connection ended under the query: reading can simply be done again.
pub(super) fn is_connection_lost(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Io(_) => true,
        sqlx::Error::Database(database) => database
            .code()
            .is_some_and(|code| code.starts_with("57P0") || code.starts_with("08")),
        _ => false,
    }
}

/// Whether the database is away or has no room, rather than our statement being wrong.
fn is_away(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Io(_)
        | sqlx::Error::Tls(_)
        | sqlx::Error::PoolTimedOut
        | sqlx::Error::PoolClosed
        | sqlx::Error::WorkerCrashed => true,
        sqlx::Error::Database(database) => database.code().is_some_and(|code| {
            ["08", "28", "3D", "53", "57", "58"]
                .iter()
                .any(|class| code.starts_with(class))
        }),
        _ => false,
    }
}

fn has_code(error: &sqlx::Error, code: &str) -> bool {
    error
        .as_database_error()
        .and_then(sqlx::error::DatabaseError::code)
        .is_some_and(|found| found == code)
}
