//! The log's schema, as this crate was built with it.

use sqlx::PgPool;
use sqlx::migrate::{MigrateError, Migrator};

/// The migrations of the log's database, from `migrations/event-store`.
pub static MIGRATOR: Migrator = sqlx::migrate!("../migrations/event-store");

/// Brings the database to this crate's schema, as the role that is to own the log. Several processes may call it at
/// once: one of them migrates, the others wait.
pub async fn migrate(pool: &PgPool) -> Result<(), MigrateError> {
    MIGRATOR.run(pool).await
}
