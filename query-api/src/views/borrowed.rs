//! A connection for one statement.

use sqlx::pool::PoolConnection;
use sqlx::{PgConnection, PgPool, Postgres};

/// A connection that ends with the one who asked: dropped before [`Self::give_back`], in the middle of a statement, it is
/// cut off instead of being drained, and the server stops the statement when it notices (`client_connection_check_interval`).
#[derive(Debug)]
pub(super) struct Borrowed {
    connection: Option<PoolConnection<Postgres>>,
}

impl Borrowed {
    pub(super) async fn from(pool: &PgPool) -> Result<Self, sqlx::Error> {
        let connection = Some(pool.acquire().await?);
        Ok(Self { connection })
    }

    /// The connection; none is never, before it is given back.
    pub(super) fn connection(&mut self) -> Result<&mut PgConnection, sqlx::Error> {
        let connection = self.connection.as_deref_mut();
        connection.ok_or(sqlx::Error::PoolClosed)
    }

    /// Nothing is under way on it.
    pub(super) fn give_back(mut self) {
        self.connection = None;
    }
}

impl Drop for Borrowed {
    fn drop(&mut self) {
        if let Some(connection) = self.connection.take() {
            drop(connection.detach());
        }
    }
}
