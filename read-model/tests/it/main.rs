//! The schema of the views, their rows and their positions, in a real PostgreSQL.
#![expect(
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "a test that cannot go on says why by ending"
)]

mod positions;
mod roles;
mod rows;

use read_model::{View, create_generation};
use sqlx::PgPool;
use test_kit::{TestDatabase, database};

/// An empty views' database with generation 1 of every view.
async fn views(partitions: u16) -> (TestDatabase, PgPool) {
    let database = database().await;
    let pool = database.pool(2).await;
    read_model::migrate(&pool).await.unwrap();
    let mut transaction = pool.begin().await.unwrap();
    for view in View::ALL {
        sqlx::query(
            "insert into projection (name, shape_version, live_generation) values ($1, 1, 1)",
        )
        .bind(view.as_str())
        .execute(&mut *transaction)
        .await
        .unwrap();
        create_generation(&mut transaction, *view, 1, partitions)
            .await
            .unwrap();
    }
    transaction.commit().await.unwrap();
    (database, pool)
}
