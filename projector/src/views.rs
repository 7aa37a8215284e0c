//! The views that this program keeps: made at the first start, then as they are.

use event_store::Cursor;
use read_model::View;
use read_model::operations::{self, Kind};
use sqlx::{PgConnection, PgPool, Row as _};
use uuid::Uuid;

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

/// A generation of a view, and how far one partition of it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Target {
    pub(crate) view: View,
    pub(crate) generation: i32,
    pub(crate) checkpoint: Cursor,
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

/// The generations that the owners of partitions keep, and how far this partition of each is: those of this program's shape
/// that are followed and not faulted.
pub(crate) async fn targets(pool: &PgPool, partition: u16) -> Result<Vec<Target>, sqlx::Error> {
    let (names, versions) = known_shapes();
    let rows = sqlx::query(
        "select g.projection, g.generation, c.position, c.event_id
        from unnest($1::text[], $2::integer[]) as known (projection, shape_version)
        join generation g using (projection, shape_version)
        join checkpoint c using (projection, generation)
        where g.followed
        and g.fault is null
        and c.partition = $3
        order by g.projection, g.generation",
    )
    .bind(names)
    .bind(versions)
    .bind(small(partition))
    .fetch_all(pool)
    .await?;
    let mut targets = Vec::with_capacity(rows.len());
    for row in rows {
        let Some(view) = View::parse(row.try_get("projection")?) else {
            continue;
        };
        targets.push(Target {
            view,
            generation: row.try_get("generation")?,
            checkpoint: Cursor {
                position: row.try_get("position")?,
                event_id: row.try_get("event_id")?,
            },
        });
    }
    Ok(targets)
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

/// How far each partition of a generation is.
pub(crate) async fn generation(
    pool: &PgPool,
    view: View,
    generation: i32,
) -> Result<Vec<Cursor>, sqlx::Error> {
    let rows = sqlx::query(
        "select position, event_id
        from checkpoint
        where projection = $1
        and generation = $2
        order by partition",
    )
    .bind(view.as_str())
    .bind(generation)
    .fetch_all(pool)
    .await?;
    rows.iter()
        .map(|row| {
            Ok(Cursor {
                position: row.try_get("position")?,
                event_id: row.try_get("event_id")?,
            })
        })
        .collect()
}

/// The views and the versions of their shapes, as this program knows them.
pub(crate) fn known_shapes() -> (Vec<&'static str>, Vec<i32>) {
    let views = View::ALL.iter();
    views
        .map(|view| (view.as_str(), view.shape_version()))
        .unzip()
}

/// Moves the checkpoints of these targets to `to`, each from exactly where it is said to be, by event id too.
/// `false`: somebody else moved one, and this transaction must not be committed.
pub(crate) async fn advance(
    connection: &mut PgConnection,
    partition: u16,
    targets: &[&Target],
    to: Cursor,
) -> Result<bool, sqlx::Error> {
    let names: Vec<&str> = targets.iter().map(|target| target.view.as_str()).collect();
    let generations: Vec<i32> = targets.iter().map(|target| target.generation).collect();
    let positions: Vec<i64> = targets
        .iter()
        .map(|target| target.checkpoint.position)
        .collect();
    let event_ids: Vec<Option<Uuid>> = targets
        .iter()
        .map(|target| target.checkpoint.event_id)
        .collect();
    let moved = sqlx::query(
        "update checkpoint c
        set position = $6,
            event_id = $7
        from unnest($2::text[], $3::integer[], $4::bigint[], $5::uuid[]) as held (projection, generation, position, event_id)
        where c.projection = held.projection
        and c.generation = held.generation
        and c.partition = $1
        and c.position = held.position
        and c.event_id is not distinct from held.event_id",
    )
    .bind(small(partition))
    .bind(names)
    .bind(generations)
    .bind(positions)
    .bind(event_ids)
    .bind(to.position)
    .bind(to.event_id)
    .execute(connection)
    .await?;
    Ok(moved.rows_affected() == targets.len() as u64)
}

/// A partition's number as the database has it.
pub(crate) fn small(partition: u16) -> i16 {
    i16::try_from(partition).unwrap_or(i16::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_checkpoint_moves_only_from_exactly_where_it_was() {
        let database = test_kit::database().await;
        let pool = database.pool(2).await;
        read_model::migrate(&pool).await.unwrap();
        prepare(&pool, 16).await.unwrap();
        let held = targets(&pool, 3).await.unwrap();
        assert_eq!(held.len(), View::ALL.len());
        let held: Vec<&Target> = held.iter().collect();
        let (here, there) = (Cursor::at(7, Uuid::now_v7()), Cursor::at(9, Uuid::now_v7()));
        let mut connection = pool.acquire().await.unwrap();
        assert!(advance(&mut connection, 3, &held, here).await.unwrap());
        assert!(
            !advance(&mut connection, 3, &held, there).await.unwrap(),
            "another worker was here"
        );

        let elsewhere: Vec<Target> = held
            .iter()
            .map(|target| Target {
                checkpoint: Cursor {
                    position: 6,
                    ..here
                },
                ..**target
            })
            .collect();
        let elsewhere: Vec<&Target> = elsewhere.iter().collect();
        let moved = advance(&mut connection, 3, &elsewhere, there)
            .await
            .unwrap();
        assert!(!moved, "the event is right, and yet stood elsewhere");

        // The position is right, and yet another history's event stood there.
        let strangers: Vec<Target> = held
            .iter()
            .map(|target| Target {
                checkpoint: Cursor::at(7, Uuid::now_v7()),
                ..**target
            })
            .collect();
        let strangers: Vec<&Target> = strangers.iter().collect();
        assert!(
            !advance(&mut connection, 3, &strangers, there)
                .await
                .unwrap()
        );
        assert!(
            targets(&pool, 3)
                .await
                .unwrap()
                .iter()
                .all(|target| target.checkpoint == here)
        );
    }

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
