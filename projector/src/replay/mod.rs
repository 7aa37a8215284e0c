//! Replay: what operators ask for. A view is built anew from the log while it serves, compared with the log, or taken back to the
//! generation before.
//!
//! - [`operations`]: which projector carries out what, and how it tells how far it is (`report`).
//! - `rebuild`: the phases of a rebuild; `filling`: the orders of a partition, from their first events, into empty tables.
//! - `switching`: which generation is live; `cleaning`: the end of those that are not needed any more.
//! - `retry`: parked orders are tried again, and a view that is faulted goes on.
//! - `verify`: a view beside a shadow of it, row by row.
//!
//! What holds whatever is killed in between: a partition of a new generation and its checkpoint are of one transaction, so what is
//! there is complete; the live generation is a row, changed in one short transaction; until then nobody sees the new one.

mod cleaning;
mod filling;
pub(crate) mod operations;
mod rebuild;
mod report;
mod retry;
mod switching;
mod verify;

pub(crate) use cleaning::clean;

use event_store::{ReadError, StoreError};
use read_model::View;
use uuid::Uuid;

use crate::checkpoints::Target;
use crate::folding::FoldError;
use crate::parking::CarefulError;
use crate::partition::{PartitionError, Sources};

/// What replay works with.
#[derive(Debug, Clone)]
pub(crate) struct Replay {
    /// As partitions have them, but with connections whose statements may take as long as they need.
    pub(crate) sources: Sources,
    /// How many partitions are worked on at once.
    pub(crate) workers: usize,
    /// This process.
    pub(crate) owner: Uuid,
}

/// Why an operation did not get to its end.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ReplayError {
    /// It cannot succeed as things are; whoever asked is told.
    #[error("{0}")]
    Refused(String),
    /// The views' database failed.
    #[error("the views' database failed")]
    Views(#[from] sqlx::Error),
    /// The log failed.
    #[error(transparent)]
    Log(#[from] StoreError),
    /// A partition could not follow the log.
    #[error(transparent)]
    Partition(#[from] PartitionError),
    /// What an order is could not be told.
    #[error(transparent)]
    Fold(#[from] FoldError),
    /// Nothing could be written, be it good or bad.
    #[error(transparent)]
    Careful(#[from] CarefulError),
    /// A thread that folds ended; the log of this service says where.
    #[error("the fold panicked")]
    Panicked(#[from] tokio::task::JoinError),
}

impl ReplayError {
    /// Whether the same may succeed in a moment, without anybody doing anything about it.
    fn is_passing(&self) -> bool {
        match self {
            Self::Views(error)
            | Self::Careful(CarefulError::Views(error))
            | Self::Partition(PartitionError::Views(error)) => is_passing(error),
            Self::Log(error)
            | Self::Fold(FoldError::Store(error))
            | Self::Careful(CarefulError::Fold(FoldError::Store(error)))
            | Self::Partition(PartitionError::Log(ReadError::Store(error))) => {
                matches!(error, StoreError::Unavailable(_))
            }
            Self::Partition(PartitionError::Doubled | PartitionError::LogBehind { .. }) => true,
            Self::Partition(_)
            | Self::Refused(_)
            | Self::Fold(_)
            | Self::Careful(_)
            | Self::Panicked(_) => false,
        }
    }
}

/// Whether a database's failure is one of connections, locks or restarts.
fn is_passing(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Database(error) => error.code().is_some_and(|code| {
            // Connection, transaction rolled back, lock not available, operator's intervention.
            ["08", "40", "55P03", "57"]
                .iter()
                .any(|class| code.starts_with(class))
        }),
        sqlx::Error::Io(_)
        | sqlx::Error::Tls(_)
        | sqlx::Error::Protocol(_)
        | sqlx::Error::PoolTimedOut
        | sqlx::Error::PoolClosed
        | sqlx::Error::WorkerCrashed => true,
        _ => false,
    }
}

/// A generation of a view, partition by partition.
#[derive(Debug, Clone)]
struct OfView {
    view: View,
    generation: i32,
}

impl OfView {
    /// This generation's target in a partition that is there.
    fn at(&self, checkpoint: event_store::Cursor) -> Target {
        Target {
            view: self.view,
            generation: self.generation,
            checkpoint,
        }
    }
}
