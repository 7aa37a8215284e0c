//! The schema of the views, their rows and their positions, in a real PostgreSQL.
#![expect(
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "a test that cannot go on says why by ending"
)]

mod positions;
mod roles;
mod rows;
mod sums;

use read_model::{View, create_view};
use sqlx::PgPool;
use test_kit::{TestDatabase, database};

/// An empty views' database with generation 1 of every view.
async fn views(partitions: u16) -> (TestDatabase, PgPool) {
    let database = database().await;
    let pool = database.pool(2).await;
    read_model::migrate(&pool).await.unwrap();
    let mut transaction = pool.begin().await.unwrap();
    for view in View::ALL {
        create_view(&mut transaction, *view, partitions)
            .await
            .unwrap();
    }
    transaction.commit().await.unwrap();
    (database, pool)
}
