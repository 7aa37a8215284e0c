//! The views that this program keeps: made at the first start, then as they are.

use event_store::Cursor;
use read_model::View;
use sqlx::{PgConnection, PgPool, Row as _};
use uuid::Uuid;

/// Why the views cannot be kept.
#[derive(Debug, thiserror::Error)]
pub enum ViewsError {
    /// The views' database failed.
    #[error("the views' database failed")]
    Database(#[from] sqlx::Error),
    /// A view was made by another release.
    #[error("the view {view} has shape version {found}, this program keeps version {known}")]
    OtherShape {
        /// The view.
        view: View,
        /// The version in the database.
        found: i32,
        /// The version of this program.
        known: i32,
    },
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

/// A view's generation, and how far one partition of it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Target {
    pub(crate) view: View,
    pub(crate) generation: i32,
    pub(crate) checkpoint: Cursor,
}

/// Makes the views that are missing, and makes sure that the others are this program's.
pub(crate) async fn prepare(pool: &PgPool, partitions: u16) -> Result<(), ViewsError> {
    for view in View::ALL {
        let mut transaction = pool.begin().await?;
        // Who comes second waits here until the first has made everything.
        let made = sqlx::query(
            "insert into projection (name, shape_version, live_generation)
            values ($1, $2, 1)
            on conflict (name) do nothing",
        )
        .bind(view.as_str())
        .bind(view.shape_version())
        .execute(&mut *transaction)
        .await?;
        if made.rows_affected() == 1 {
            read_model::create_generation(&mut transaction, *view, 1, partitions).await?;
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
        "select p.shape_version, count(c.partition) as partitions
        from projection p
        left join checkpoint c on c.projection = p.name and c.generation = p.live_generation
        where p.name = $1
        group by p.name",
    )
    .bind(view.as_str())
    .fetch_one(connection)
    .await?;
    let (found, known) = (row.try_get("shape_version")?, view.shape_version());
    if found != known {
        return Err(ViewsError::OtherShape { view, found, known });
    }
    let found: i64 = row.try_get("partitions")?;
    if found != i64::from(partitions) {
        return Err(ViewsError::OtherPartitions {
            view,
            found,
            asked: partitions,
        });
    }
    Ok(())
}

/// The live generation of each view, and how far this partition of it is.
pub(crate) async fn targets(pool: &PgPool, partition: u16) -> Result<Vec<Target>, sqlx::Error> {
    let names: Vec<&str> = View::ALL.iter().map(|view| view.as_str()).collect();
    let rows = sqlx::query(
        "select p.name, p.live_generation, c.position, c.event_id
        from projection p
        join checkpoint c on c.projection = p.name and c.generation = p.live_generation
        where p.name = any ($1)
        and c.partition = $2",
    )
    .bind(names)
    .bind(small(partition))
    .fetch_all(pool)
    .await?;
    let mut targets = Vec::with_capacity(rows.len());
    for row in rows {
        let Some(view) = View::parse(row.try_get("name")?) else {
            continue;
        };
        let checkpoint = Cursor {
            position: row.try_get("position")?,
            event_id: row.try_get("event_id")?,
        };
        targets.push(Target {
            view,
            generation: row.try_get("live_generation")?,
            checkpoint,
        });
    }
    Ok(targets)
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
        sqlx::query("update projection set shape_version = 99")
            .execute(&pool)
            .await
            .unwrap();
        let refused = prepare(&pool, 16).await.unwrap_err();
        assert!(
            matches!(refused, ViewsError::OtherShape { found: 99, .. }),
            "{refused}"
        );
    }
}
