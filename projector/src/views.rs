//! The views that this program keeps: made at the first start, then as they are.

use read_model::View;
use read_model::operations::{self, Kind};
use sqlx::{PgConnection, PgPool, Row as _};

/// Why the views cannot be kept.
#[derive(Debug, thiserror::Error)]
pub enum ViewsError {
    /// The views' database failed.
    #[error("the views' database failed")]
    Database(#[from] sqlx::Error),
    /// A view was made for another number of partitions.
    #[error(
        "the view {view} was built with {found} partitions: set PARTITIONS={found}, not {asked}"
    )]
    OtherPartitions {
        /// The view.
        view: View,
        /// The number in the database.
        found: i64,
        /// The number that was configured.
        asked: u16,
    },
}

/// Makes the views that are missing, and makes sure that the others are this program's. A view whose shape this program
/// has changed is to be built anew; until then it stays as it is.
pub(crate) async fn prepare(pool: &PgPool, partitions: u16) -> Result<(), ViewsError> {
    for view in View::ALL {
        let mut transaction = pool.begin().await?;
        if read_model::create_view(&mut transaction, *view, partitions).await? {
            tracing::info!(
                view = view.as_str(),
                partitions,
                "the view's tables are made"
            );
        } else {
            check(&mut transaction, *view, partitions).await?;
        }
        transaction.commit().await?;
    }
    Ok(())
}

async fn check(
    connection: &mut PgConnection,
    view: View,
    partitions: u16,
) -> Result<(), ViewsError> {
    let row = sqlx::query(
        "select g.shape_version, count(c.partition) as partitions
        from projection p
        join generation g on g.projection = p.name and g.generation = p.live_generation
        left join checkpoint c on c.projection = p.name and c.generation = p.live_generation
        where p.name = $1
        group by g.shape_version",
    )
    .bind(view.as_str())
    .fetch_one(&mut *connection)
    .await?;
    let found: i64 = row.try_get("partitions")?;
    if found != i64::from(partitions) {
        return Err(ViewsError::OtherPartitions {
            view,
            found,
            asked: partitions,
        });
    }
    let (found, known): (i32, i32) = (row.try_get("shape_version")?, view.shape_version());
    if found < known {
        tracing::info!(
            view = view.as_str(),
            found,
            known,
            "the view is of an older shape: it is built anew, and serves as it is until then"
        );
        let (kind, by) = (Kind::Rebuild, "the start of a newer program");
        operations::request(connection, view, kind, false, by).await?;
    }
    if found > known {
        tracing::error!(
            view = view.as_str(),
            found,
            known,
            "the view is of a newer shape than this program knows, which leaves it alone"
        );
    }
    Ok(())
}

/// Ends the keeping of a generation, and says why.
pub(crate) async fn fault(
    pool: &PgPool,
    view: View,
    generation: i32,
    fault: &str,
) -> Result<(), sqlx::Error> {
    tracing::error!(
        view = view.as_str(),
        generation,
        fault,
        "the generation is faulted"
    );
    sqlx::query("update generation set fault = $3 where projection = $1 and generation = $2")
        .bind(view.as_str())
        .bind(generation)
        .bind(fault)
        .execute(pool)
        .await?;
    Ok(())
}

/// The views and the versions of their shapes, as this program knows them.
pub(crate) fn known_shapes() -> (Vec<&'static str>, Vec<i32>) {
    let views = View::ALL.iter();
    views
        .map(|view| (view.as_str(), view.shape_version()))
        .unzip()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checkpoints::targets;

    #[tokio::test]
    async fn views_are_made_once_and_those_of_others_are_refused() {
        let database = test_kit::database().await;
        let pool = database.pool(4).await;
        read_model::migrate(&pool).await.unwrap();
        let (first, second) = tokio::join!(prepare(&pool, 16), prepare(&pool, 16));
        first.unwrap();
        second.unwrap();
        let refused = prepare(&pool, 32).await.unwrap_err();
        assert!(
            matches!(
                refused,
                ViewsError::OtherPartitions {
                    found: 16,
                    asked: 32,
                    ..
                }
            ),
            "{refused}"
        );
    }

    #[tokio::test]
    async fn a_generation_of_another_shape_is_left_alone() {
        let database = test_kit::database().await;
        let pool = database.pool(4).await;
        read_model::migrate(&pool).await.unwrap();
        prepare(&pool, 16).await.unwrap();
        sqlx::query("update generation set shape_version = 99 where projection = 'orders'")
            .execute(&pool)
            .await
            .unwrap();
        prepare(&pool, 16).await.unwrap();
        let kept = targets(&pool, 3).await.unwrap();
        assert_eq!(kept.len(), View::ALL.len() - 1);
        assert!(kept.iter().all(|target| target.view != View::Orders));
        let asked = operations::all_under_way(&pool).await.unwrap();
        assert_eq!(asked, [], "whoever knows less does not rebuild");
    }
}
