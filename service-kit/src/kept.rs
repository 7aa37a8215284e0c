//! Connections that are used again and again.
//!
//! A pool asks the server before each use of a connection whether it still answers, and after each use once more. Where one short
//! statement follows the other, that is most of the work. Here only a connection that lay idle is asked.

use std::ops::{Deref, DerefMut};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use sqlx::{Connection as _, PgConnection, PgPool};

/// A connection that lay idle longer than this is tried before it is used, and has as long to answer.
pub const TRUSTED_IDLE: Duration = Duration::from_secs(1);

/// Connections of a pool that stay with who uses them, as many as were ever in use at a time.
#[derive(Debug)]
pub struct Kept {
    pool: PgPool,
    idle: Mutex<Vec<(PgConnection, Instant)>>,
}

/// A connection in use. Dropped before [`InUse::give_back`] it is cut off: something may be under way on it.
#[derive(Debug)]
pub struct InUse<'a> {
    kept: &'a Kept,
    connection: PgConnection,
}

impl Kept {
    /// None yet; they are opened by the pool, as it would open them for itself.
    pub fn of(pool: PgPool) -> Self {
        Self {
            pool,
            idle: Mutex::default(),
        }
    }

    /// The connection that was used last, or a new one.
    ///
    /// # Errors
    ///
    /// As of [`PgPool::acquire`]: the database cannot be reached in the pool's time.
    pub async fn take(&self) -> Result<InUse<'_>, sqlx::Error> {
        let idle = self.idle().pop();
        let connection = match idle {
            Some((connection, since)) if since.elapsed() <= TRUSTED_IDLE => Some(connection),
            Some((connection, _)) => answering(connection).await,
            None => None,
        };
        let connection = match connection {
            Some(connection) => connection,
            None => self.pool.acquire().await?.detach(),
        };
        Ok(InUse {
            kept: self,
            connection,
        })
    }

    /// Ends those that are not in use, in order.
    pub async fn close(&self) {
        let idle = std::mem::take(&mut *self.idle());
        for (connection, _) in idle {
            // The server notices without the farewell, too.
            let _ = connection.close().await;
        }
    }

    fn idle(&self) -> MutexGuard<'_, Vec<(PgConnection, Instant)>> {
        // What it guards is whole after every statement, so a panic elsewhere does not spoil it.
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The connection, if its server still answers.
async fn answering(mut connection: PgConnection) -> Option<PgConnection> {
    let answer = tokio::time::timeout(TRUSTED_IDLE, connection.ping()).await;
    matches!(answer, Ok(Ok(()))).then_some(connection)
}

impl InUse<'_> {
    /// Nothing is under way on it.
    pub fn give_back(self) {
        self.kept.idle().push((self.connection, Instant::now()));
    }
}

impl Deref for InUse<'_> {
    type Target = PgConnection;

    fn deref(&self) -> &PgConnection {
        &self.connection
    }
}

impl DerefMut for InUse<'_> {
    fn deref_mut(&mut self) -> &mut PgConnection {
        &mut self.connection
    }
}
