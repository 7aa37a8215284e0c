//! The checkpoints: how far each partition of each generation is, moved only from exactly where it is believed to be.

use event_store::Cursor;
use read_model::View;
use sqlx::{PgConnection, PgPool, Row as _};
use uuid::Uuid;

use crate::views::known_shapes;

/// A generation of a view, and how far one partition of it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Target {
    pub(crate) view: View,
    pub(crate) generation: i32,
    pub(crate) checkpoint: Cursor,
}

impl Target {
    /// This partition of it.
    pub(crate) fn part(&self, partition: u16) -> Part {
        Part {
            generation: self.generation,
            partition,
        }
    }
}

/// A generation of a view, and one partition of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Part {
    pub(crate) generation: i32,
    pub(crate) partition: u16,
}

/// A checkpoint that is to be moved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Step {
    pub(crate) partition: u16,
    /// With where the checkpoint is believed to be.
    pub(crate) target: Target,
    pub(crate) to: Cursor,
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

/// Moves the checkpoints of these targets to `to`, each from exactly where it is said to be, by event id too.
/// `false`: somebody else moved one, and this transaction must not be committed.
pub(crate) async fn advance(
    connection: &mut PgConnection,
    partition: u16,
    targets: &[&Target],
    to: Cursor,
) -> Result<bool, sqlx::Error> {
    let steps: Vec<Step> = targets
        .iter()
        .map(|target| Step {
            partition,
            target: **target,
            to,
        })
        .collect();
    Ok(take(connection, &steps, "").await?.is_empty())
}

/// The same for several partitions; who holds a checkpoint, and be it for long, is not waited for. Returns the partitions of which
/// some checkpoint did not move: then this transaction must not be committed.
pub(crate) async fn advance_together(
    connection: &mut PgConnection,
    steps: &[Step],
) -> Result<Vec<u16>, sqlx::Error> {
    take(connection, steps, "skip locked").await
}

/// Takes these steps, and says of which partitions some could not be taken. `locked` says what to do about checkpoints that somebody
/// holds, as SQL.
async fn take(
    connection: &mut PgConnection,
    steps: &[Step],
    locked: &str,
) -> Result<Vec<u16>, sqlx::Error> {
    let partitions: Vec<i16> = steps.iter().map(|step| small(step.partition)).collect();
    let names: Vec<&str> = steps.iter().map(|step| step.target.view.as_str()).collect();
    let generations: Vec<i32> = steps.iter().map(|step| step.target.generation).collect();
    let positions = |of: fn(&Step) -> Cursor| -> Vec<i64> {
        steps.iter().map(|step| of(step).position).collect()
    };
    let event_ids = |of: fn(&Step) -> Cursor| -> Vec<Option<Uuid>> {
        steps.iter().map(|step| of(step).event_id).collect()
    };
    let statement = format!(
        "with held as (
            select c.projection, c.generation, c.partition, step.to_position, step.to_event_id
            from (
                select
                    unnest($1::smallint[]) as partition, unnest($2::text[]) as projection,
                    unnest($3::integer[]) as generation, unnest($4::bigint[]) as position,
                    unnest($5::uuid[]) as event_id, unnest($6::bigint[]) as to_position,
                    unnest($7::uuid[]) as to_event_id
            ) as step
            join checkpoint c using (projection, generation, partition)
            where c.position = step.position
            and c.event_id is not distinct from step.event_id
            for update of c {locked}
        )
        update checkpoint c
        set position = held.to_position,
            event_id = held.to_event_id
        from held
        where c.projection = held.projection
        and c.generation = held.generation
        and c.partition = held.partition
        returning c.partition"
    );
    let moved: Vec<i16> = sqlx::query_scalar(&statement)
        .bind(&partitions)
        .bind(names)
        .bind(generations)
        .bind(positions(|step| step.target.checkpoint))
        .bind(event_ids(|step| step.target.checkpoint))
        .bind(positions(|step| step.to))
        .bind(event_ids(|step| step.to))
        .fetch_all(connection)
        .await?;
    let count = |among: &[i16], partition: u16| {
        let partition = small(partition);
        among.iter().filter(|other| **other == partition).count()
    };
    let mut stayed: Vec<u16> = steps.iter().map(|step| step.partition).collect();
    stayed.dedup();
    stayed.retain(|partition| count(&moved, *partition) < count(&partitions, *partition));
    Ok(stayed)
}

/// A partition's number as the database has it.
pub(crate) fn small(partition: u16) -> i16 {
    i16::try_from(partition).unwrap_or(i16::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::views::prepare;

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
    async fn of_several_partitions_those_that_are_free_move() {
        let database = test_kit::database().await;
        let pool = database.pool(3).await;
        read_model::migrate(&pool).await.unwrap();
        prepare(&pool, 16).await.unwrap();
        let (here, to) = (Cursor::at(8, Uuid::now_v7()), Cursor::at(9, Uuid::now_v7()));
        let mut steps = Vec::new();
        for partition in [3, 4, 5, 6] {
            for mut target in targets(&pool, partition).await.unwrap() {
                sqlx::query(
                    "update checkpoint set position = $2, event_id = $3 where partition = $1",
                )
                .bind(small(partition))
                .bind(here.position)
                .bind(here.event_id)
                .execute(&pool)
                .await
                .unwrap();
                target.checkpoint = here;
                // Of the fifth one is elsewhere, of the sixth one is there at another event.
                match (partition, target.view) {
                    (5, View::Returns) => target.checkpoint.position = 7,
                    (6, View::Returns) => target.checkpoint.event_id = Some(Uuid::now_v7()),
                    _ => {}
                }
                steps.push(Step {
                    partition,
                    target,
                    to,
                });
            }
        }
        // And of the fourth somebody holds one.
        let mut somebody = pool.begin().await.unwrap();
        sqlx::query(
            "select from checkpoint where partition = 4 and projection = 'orders' for update",
        )
        .execute(&mut *somebody)
        .await
        .unwrap();
        let mut transaction = pool.begin().await.unwrap();
        // Whoever waits for it does not wait for ever.
        sqlx::query("set local lock_timeout = '10s'")
            .execute(&mut *transaction)
            .await
            .unwrap();
        let stayed = advance_together(&mut transaction, &steps).await.unwrap();
        assert_eq!(stayed, [4, 5, 6]);
        transaction.rollback().await.unwrap();

        steps.retain(|step| step.partition == 3);
        let mut connection = pool.acquire().await.unwrap();
        let stayed = advance_together(&mut connection, &steps).await.unwrap();
        assert_eq!(stayed, [0_u16; 0]);
        let moved = targets(&pool, 3).await.unwrap();
        assert!(moved.iter().all(|target| target.checkpoint == to));
    }
}
