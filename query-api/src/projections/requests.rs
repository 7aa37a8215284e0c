//! Writing down what operators ask for: the only thing that this service writes.

use std::time::Duration;

use read_model::View;
use read_model::operations::{self, Kind, Operation};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{ConnectOptions as _, PgPool};

use crate::views::ReadError;

/// Operators are few.
const CONNECTIONS: u32 = 2;
/// How long a request waits for a connection.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(2);
/// How long a statement may take on the server.
const STATEMENT_TIMEOUT: &str = "5s";
/// How often a request is written again because the connection broke: it is there once in any case.
const ATTEMPTS: usize = 3;

/// Where requests are written. Its sessions may write; the role may only add requests. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Requests {
    pool: PgPool,
}

impl Requests {
    /// Prepares connections without making one.
    pub(crate) fn connect_lazy(options: PgConnectOptions) -> Self {
        let options = options
            .application_name("query-api-requests")
            .options([("statement_timeout", STATEMENT_TIMEOUT)])
            .disable_statement_logging();
        let pool = PgPoolOptions::new()
            .max_connections(CONNECTIONS)
            .acquire_timeout(ACQUIRE_TIMEOUT)
            .connect_lazy_with(options);
        Self { pool }
    }

    /// Gives the connections back.
    pub(crate) async fn close(&self) {
        // A connection that is still in a statement must not hold up the end of the process.
        let _ = tokio::time::timeout(ACQUIRE_TIMEOUT, self.pool.close()).await;
    }

    /// Asks the projectors for an operation; returns the one that is under way, if there is one.
    pub(crate) async fn ask(
        &self,
        view: View,
        kind: Kind,
        fix: bool,
        requested_by: &str,
    ) -> Result<Operation, ReadError> {
        let mut attempts = 1..ATTEMPTS;
        loop {
            let mut connection = self.pool.acquire().await?;
            match operations::request(&mut connection, view, kind, fix, requested_by).await {
                Ok(operation) => {
                    tracing::info!(%view, %kind, fix, requested_by, operation = %operation.operation_id, "asked for");
                    return Ok(operation);
                }
                Err(error) => {
                    let error = ReadError::from(error);
                    if error.is_no_key() {
                        return Err(ReadError::NoView(view));
                    }
                    if !error.is_connection_lost() || attempts.next().is_none() {
                        return Err(error);
                    }
                }
            }
        }
    }
}
