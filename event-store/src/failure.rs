//! What can go wrong with the database, and what that says about what was written.

use sqlx::postgres::{PgDatabaseError, PgSeverity};
use thiserror::Error;

/// Why the log did not answer a question.
#[derive(Debug, Error)]
pub enum StoreError {
    /// The database cannot be reached or has no connection left; asking again later may help.
    #[error("the event log is not available")]
    Unavailable(#[source] sqlx::Error),
    /// The database answered that it will not, or answered what this program cannot read; asking again does not help.
    #[error("the event log refused a statement")]
    Refused(#[source] sqlx::Error),
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        use sqlx::Error::{Io, PoolClosed, PoolTimedOut, Protocol, Tls, WorkerCrashed};
        match (Answer::of(&error), &error) {
            (Answer::NotNow, _)
            | (_, Io(_) | Tls(_) | Protocol(_) | PoolTimedOut | PoolClosed | WorkerCrashed) => {
                Self::Unavailable(error)
            }
            // A FATAL: the connection is gone.
            (Answer::Unknown, sqlx::Error::Database(_)) => Self::Unavailable(error),
            _ => Self::Refused(error),
        }
    }
}

/// What a failed statement says about itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Answer {
    /// An ERROR on account of what was asked: nothing was changed.
    Refused,
    /// An ERROR on account of the server's state (a lock, a limit, a shutdown): nothing was changed.
    NotNow,
    /// Anything else, such as a lost connection, a FATAL or a timeout: the statement may have been, or may yet be, carried out.
    Unknown,
}

impl Answer {
    pub(crate) fn of(error: &sqlx::Error) -> Self {
        let answer = error
            .as_database_error()
            .and_then(|error| error.try_downcast_ref::<PgDatabaseError>());
        match answer {
            Some(answer) if answer.severity() == PgSeverity::Error => {
                match answer.code().get(..2) {
                    // Transaction rollback, resources, object state (55P03 is the lock timeout), operator, system.
                    Some("40" | "53" | "55" | "57" | "58") => Self::NotNow,
                    // A standby or a server that was set to read only.
                    _ if answer.code() == "25006" => Self::NotNow,
                    _ => Self::Refused,
                }
            }
            _ => Self::Unknown,
        }
    }
}

/// Whether an ERROR came of the data alone, so that every sending of the same data ends with it.
pub(crate) fn is_about_the_data(error: &sqlx::Error) -> bool {
    error
        .as_database_error()
        .and_then(sqlx::error::DatabaseError::code)
        .is_some_and(|code| matches!(code.get(..2), Some("22" | "23" | "54")))
}
