//! The schema of the views' database, as this crate was built with it.

use sqlx::PgPool;
use sqlx::migrate::{MigrateError, Migrator};

/// The migrations of the views' database, from `migrations/read-model`.
pub static MIGRATOR: Migrator = sqlx::migrate!("../migrations/read-model");

/// Brings the views' database to this crate's schema, as the role that is to own the views. Several processes may call
/// it at once: one of them migrates, the others wait.
pub async fn migrate(pool: &PgPool) -> Result<(), MigrateError> {
    MIGRATOR.run(pool).await
}
