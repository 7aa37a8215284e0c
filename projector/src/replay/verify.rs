//! The live generation of a view, compared row by row with a fold of the log to exactly where its checkpoints are, while it goes on.
//!
//! Each partition is looked at in one snapshot of rows and checkpoint. What differs is looked at again in a new one before it is
//! told. Rows are replaced under the checkpoint's lock: the partition's owner waits, and what it writes next follows what was folded.

use std::collections::{HashMap, HashSet};

use event_store::{Cursor, PartitionOf};
use read_model::SHADOW;
use read_model::comparing::{self, Compared, Difference};
use read_model::operations::{Operation, Phase};
use sqlx::{PgConnection, Postgres, Row as _, Transaction};
use uuid::Uuid;

use super::filling::{self, Extent};
use super::report::Report;
use super::{OfView, Replay, ReplayError};
use crate::checkpoints::small;

/// Rows that are told of an operation, at most.
const TOLD: i64 = 1_000;

/// Compares every partition; differences are no failure, they are the answer.
pub(super) async fn verify(
    replay: &Replay,
    operation: &Operation,
    report: &Report,
) -> Result<(), ReplayError> {
    let views = &replay.sources.views;
    report.enter(views, Phase::Verifying).await?;
    let of = live(replay, operation).await?;
    let count = replay.sources.stream.partitions;
    report.expect(replay.sources.store.head(count).await?.position, 0);
    forget_what_was_told(replay, operation).await?;
    for index in 0..count {
        let looking = Looking {
            replay,
            of: &of,
            place: PartitionOf { index, count },
        };
        let seen = looking.look(report).await?;
        if seen.is_empty() {
            continue;
        }
        // The second time nothing is counted: it was, the first time.
        let uncounted = Report::new(Uuid::nil());
        let before: HashSet<(&str, String)> = seen
            .into_iter()
            .map(|difference| (difference.relation, difference.key))
            .collect();
        let mut again = looking.look(&uncounted).await?;
        again.retain(|difference| before.contains(&(difference.relation, difference.key.clone())));
        if again.is_empty() {
            continue;
        }
        tracing::error!(
            view = of.view.as_str(),
            partition = index,
            rows = again.len(),
            fixed = operation.fix,
            "rows of the view are not what the log says"
        );
        if operation.fix {
            looking.fix(&uncounted).await?;
        }
        tell(replay, operation, &again).await?;
    }
    Ok(())
}

/// One partition of the view that is looked at.
struct Looking<'a> {
    replay: &'a Replay,
    of: &'a OfView,
    place: PartitionOf,
}

impl Looking<'_> {
    /// The rows that differ, in a snapshot of their own.
    async fn look(&self, report: &Report) -> Result<Vec<Difference>, ReplayError> {
        let mut transaction = self.begin("repeatable read").await?;
        let checkpoint = self.checkpoint(&mut transaction, "").await?;
        self.shadow(&mut transaction, checkpoint, report).await?;
        let found = comparing::differences(&mut transaction, self.compared(), TOLD).await?;
        transaction.rollback().await?;
        Ok(found)
    }

    /// Puts what the log says in place of the rows that differ.
    async fn fix(&self, report: &Report) -> Result<(), ReplayError> {
        let mut transaction = self.begin("read committed").await?;
        let checkpoint = self.checkpoint(&mut transaction, "for update").await?;
        self.shadow(&mut transaction, checkpoint, report).await?;
        comparing::replace_differences(&mut transaction, self.compared()).await?;
        read_model::drop_shadow(&mut transaction, self.of.view).await?;
        transaction.commit().await?;
        Ok(())
    }

    async fn begin(&self, isolation: &str) -> Result<Transaction<'static, Postgres>, sqlx::Error> {
        let mut transaction = self.replay.sources.views.begin().await?;
        for setting in [
            format!("set transaction isolation level {isolation}"),
            // Whole tables are read.
            "set local enable_seqscan = on".to_owned(),
            "set local jit = off".to_owned(),
            "set local work_mem = '64MB'".to_owned(),
        ] {
            sqlx::query(&setting).execute(&mut *transaction).await?;
        }
        Ok(transaction)
    }

    /// How far the partition is.
    async fn checkpoint(
        &self,
        connection: &mut PgConnection,
        lock: &str,
    ) -> Result<Cursor, ReplayError> {
        let statement = format!(
            "select position, event_id
            from checkpoint
            where projection = $1
            and generation = $2
            and partition = $3
            {lock}"
        );
        let row = sqlx::query(&statement)
            .bind(self.of.view.as_str())
            .bind(self.of.generation)
            .bind(small(self.place.index))
            .fetch_optional(connection)
            .await?
            .ok_or_else(|| {
                ReplayError::Refused("the generation was dropped while it was looked at".to_owned())
            })?;
        let checkpoint = Cursor {
            position: row.try_get("position")?,
            event_id: row.try_get("event_id")?,
        };
        let position = checkpoint.position;
        if position > 0
            && self.replay.sources.store.event_id(position).await? != checkpoint.event_id
        {
            return Err(ReplayError::Refused(
                "the log has another history than the view, which is about to go back: verify it again then".to_owned(),
            ));
        }
        Ok(checkpoint)
    }

    /// Folds the partition to exactly `checkpoint`.
    async fn shadow(
        &self,
        connection: &mut PgConnection,
        checkpoint: Cursor,
        report: &Report,
    ) -> Result<(), ReplayError> {
        let (store, view) = (&self.replay.sources.store, self.of.view);
        let extent = Extent {
            place: self.place,
            up_to: checkpoint.position,
            before: self.parked(connection).await?,
        };
        read_model::create_shadow(connection, view).await?;
        filling::fill(store, connection, view, SHADOW, extent, report).await?;
        Ok(())
    }

    /// The orders that are parked, and where: their rows stand before that.
    async fn parked(
        &self,
        connection: &mut PgConnection,
    ) -> Result<HashMap<String, i64>, sqlx::Error> {
        let parked: Vec<(String, i64)> = sqlx::query_as(
            "select order_id, position
            from parked
            where projection = $1
            and generation = $2
            and partition = $3",
        )
        .bind(self.of.view.as_str())
        .bind(self.of.generation)
        .bind(small(self.place.index))
        .fetch_all(connection)
        .await?;
        Ok(parked.into_iter().collect())
    }

    fn compared(&self) -> Compared {
        Compared {
            view: self.of.view,
            generation: self.of.generation,
            partition: self.place.index,
            partitions: self.place.count,
        }
    }
}

/// The live generation, if it is of this program's shape.
async fn live(replay: &Replay, operation: &Operation) -> Result<OfView, ReplayError> {
    let view = operation.view;
    let generation: Option<i32> = sqlx::query_scalar(
        "update operation o
        set generation = g.generation
        from projection p
        join generation g on g.projection = p.name and g.generation = p.live_generation
        where o.operation_id = $1
        and p.name = o.projection
        and g.shape_version = $2
        returning g.generation",
    )
    .bind(operation.operation_id)
    .bind(view.shape_version())
    .fetch_optional(&replay.sources.views)
    .await?;
    let generation = generation.ok_or_else(|| {
        ReplayError::Refused("the view is of another shape than this program's".to_owned())
    })?;
    Ok(OfView { view, generation })
}

/// A verification that begins anew tells anew.
async fn forget_what_was_told(replay: &Replay, operation: &Operation) -> Result<(), sqlx::Error> {
    sqlx::query("delete from difference where operation_id = $1")
        .bind(operation.operation_id)
        .execute(&replay.sources.views)
        .await?;
    Ok(())
}

async fn tell(
    replay: &Replay,
    operation: &Operation,
    differences: &[Difference],
) -> Result<(), sqlx::Error> {
    let texts = |column: fn(&Difference) -> Option<&str>| {
        differences.iter().map(column).collect::<Vec<_>>()
    };
    sqlx::query(
        "insert into difference (operation_id, number, relation, key, live, expected, fixed)
        select $1, told.number + known.count, told.relation, told.key::json, told.live::json, told.expected::json, $6
        from unnest($2::text[], $3::text[], $4::text[], $5::text[])
            with ordinality as told (relation, key, live, expected, number)
        cross join (select count(*) as count from difference where operation_id = $1) as known
        where told.number + known.count <= $7",
    )
    .bind(operation.operation_id)
    .bind(texts(|difference| Some(difference.relation)))
    .bind(texts(|difference| Some(&difference.key)))
    .bind(texts(|difference| difference.live.as_deref()))
    .bind(texts(|difference| difference.expected.as_deref()))
    .bind(operation.fix)
    .bind(TOLD)
    .execute(&replay.sources.views)
    .await?;
    Ok(())
}
