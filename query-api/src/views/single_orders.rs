//! Single orders by id, which is what most callers ask for: those that are asked for at the same time share one statement.
//!
//! What one row costs is little beside what a statement costs. So a few workers take turns: each takes all that are waiting, reads
//! them in one snapshot, and hands every caller its row. Nobody waits for a batch to fill; a batch is what came while the
//! workers were busy. An order that could not be read together with others is read by itself, so that each caller gets an
//! error of its own.
//!
//! The workers have connections of their own, where the statement is planned once: with so few rows planning takes longer than all
//! the rest, and PostgreSQL would do it each time, since a plan for these very orders looks a little better than one for any.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use read_model::{OrderId, View, position};
use sqlx::postgres::{PgConnectOptions, PgRow};
use sqlx::{PgPool, Row as _};
use tokio::sync::{Notify, oneshot};
use tokio_util::sync::CancellationToken;

use super::{KnownGeneration, Statement};

/// Statements under way at a time, each on a connection of its own. More of them would share less.
const WORKERS: u32 = 2;

/// Orders that share a statement, at most: they may be a megabyte each.
const MOST: usize = 64;

/// The orders that are asked for. Cheap to clone.
#[derive(Debug, Clone)]
pub(super) struct SingleOrders {
    waiting: Arc<Waiting>,
    pool: PgPool,
}

#[derive(Debug, Default)]
struct Waiting {
    asked: Mutex<VecDeque<Asked>>,
    came: Notify,
}

#[derive(Debug)]
struct Asked {
    order_id: OrderId,
    generation: KnownGeneration,
    answer: oneshot::Sender<PgRow>,
}

impl SingleOrders {
    /// Begins to read whatever is asked for, until `stopping`.
    pub(super) fn start(options: PgConnectOptions, stopping: &CancellationToken) -> Self {
        let options = options.options([("plan_cache_mode", "force_generic_plan")]);
        let pool = super::pool_of(options, WORKERS);
        let waiting = Arc::new(Waiting::default());
        for _ in 0..WORKERS {
            let (waiting, pool, stopping) = (waiting.clone(), pool.clone(), stopping.clone());
            tokio::spawn(async move {
                stopping
                    .run_until_cancelled(async move { waiting.work(&pool).await })
                    .await;
            });
        }
        Self { waiting, pool }
    }

    /// Gives the connections back.
    pub(super) async fn close(&self) {
        self.pool.close().await;
    }

    /// The row of one order, as [`statement`] selects it. `None`: it is to be read by itself.
    pub(super) async fn read(
        &self,
        order_id: &OrderId,
        generation: KnownGeneration,
    ) -> Option<PgRow> {
        let (answer, row) = oneshot::channel();
        self.waiting.lock().push_back(Asked {
            order_id: order_id.clone(),
            generation,
            answer,
        });
        self.waiting.came.notify_one();
        row.await.ok()
    }
}

impl Waiting {
    async fn work(&self, pool: &PgPool) {
        loop {
            if self.lock().is_empty() {
                self.came.notified().await;
            }
            if let Err(error) = self.answer_some(pool).await {
                tracing::debug!(%error, "orders cannot be read together");
            }
        }
    }

    /// Reads what is waiting by now. On an error, and when a caller has gone, nobody is answered.
    async fn answer_some(&self, pool: &PgPool) -> Result<(), sqlx::Error> {
        let connection = pool.acquire().await;
        // Without a connection, too: those who wait are sent away.
        let asked = self.take();
        let mut connection = connection?;
        let Some(first) = asked.first() else {
            return Ok(());
        };
        let generation = first.generation;
        let order_ids: Vec<&OrderId> = asked.iter().map(|asked| &asked.order_id).collect();
        let rows = statement(&order_ids, generation)
            .fetch_all(&mut connection)
            .await?;
        let mut asked: Vec<Option<Asked>> = asked.into_iter().map(Some).collect();
        for row in rows {
            let number: i64 = row.try_get("number")?;
            let index = usize::try_from(number - 1).unwrap_or(usize::MAX);
            if let Some(asked) = asked.get_mut(index).and_then(Option::take) {
                // Whoever has gone does not need it.
                let _ = asked.answer.send(row);
            }
        }
        Ok(())
    }

    /// The first ones, of one generation, but for those whose callers have gone.
    fn take(&self) -> Vec<Asked> {
        let mut waiting = self.lock();
        let mut taken: Vec<Asked> = Vec::new();
        while taken.len() < MOST
            && let Some(asked) = waiting.pop_front()
        {
            if asked.answer.is_closed() {
                continue;
            }
            if taken
                .first()
                .is_some_and(|first| first.generation != asked.generation)
            {
                waiting.push_front(asked);
                break;
            }
            taken.push(asked);
        }
        taken
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, VecDeque<Asked>> {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Selects a row an order, each with the `number` of its place among these, from one: what is live, the position of the order's
/// partition, the order, and since which position it is parked.
pub(crate) fn statement(order_ids: &[&OrderId], generation: KnownGeneration) -> Statement {
    let (ids, partitions): (Vec<&str>, Vec<i32>) = order_ids
        .iter()
        .map(|id| (id.as_str(), generation.partition_of(id)))
        .unzip();
    // Each order is looked up by its key, whatever the planner knew of the table when it made the plan.
    Statement::kept(format!(
        "select asked.number, p.live_generation, {position} as view_position, o.order_id, o.version, o.document::text,
            k.position as parked_position
        from unnest($3::text[], $4::integer[]) with ordinality as asked (order_id, partition, number)
        cross join projection p
        left join lateral (
            select o.order_id, o.version, o.document
            from {table} o
            where o.order_id = asked.order_id
            offset 0
        ) o on true
        left join lateral (
            select k.position
            from parked k
            where k.projection = $1
            and k.generation = $2
            and k.order_id = asked.order_id
            offset 0
        ) k on true
        where p.name = $1",
        position = position::of_partition("$1", "$2", "asked.partition", "$5"),
        table = View::Orders.table(generation.number),
    ))
    .bind(View::Orders.as_str())
    .bind(generation.number)
    .bind(ids)
    .bind(partitions)
    .bind(i32::from(generation.partitions))
}
