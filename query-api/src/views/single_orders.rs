//! Single orders by id, which is what most callers ask for: those that are asked for at the same time share a statement.
//!
//! It runs on connections of its own, where it is planned once: with so few rows planning takes longer than all the rest, and
//! PostgreSQL would do it each time, since a plan for these very orders looks a little better than one for any.

use std::sync::Arc;

use read_model::{OrderId, View, position};
use service_kit::Kept;
use shared_reads::SharedReads;
use sqlx::postgres::{PgConnectOptions, PgRow};

use super::{KnownGeneration, Statement};

/// Statements under way at a time, each on a connection of its own.
const AT_A_TIME: u32 = 2;

/// Orders that share a statement, at most: they may be a megabyte each.
const MOST: usize = 64;

/// An order and the generation that it is read from.
type Wanted = (OrderId, KnownGeneration);

/// The orders that are asked for. Cheap to clone.
#[derive(Debug, Clone)]
pub(super) struct SingleOrders {
    reads: Arc<SharedReads<Wanted, Option<PgRow>>>,
    connections: Arc<Kept>,
}

impl SingleOrders {
    pub(super) fn connect_lazy(options: PgConnectOptions) -> Self {
        let options = options.options([("plan_cache_mode", "force_generic_plan")]);
        Self {
            reads: Arc::new(SharedReads::new(AT_A_TIME as usize, MOST)),
            connections: Arc::new(Kept::of(super::pool_of(options, AT_A_TIME))),
        }
    }

    /// The row of one order, as [`statement`] selects it; none if there is no such view.
    pub(super) async fn read(
        &self,
        order_id: &OrderId,
        generation: KnownGeneration,
    ) -> Result<Option<PgRow>, sqlx::Error> {
        let wanted = (order_id.clone(), generation);
        self.reads.ask(wanted, |wanted| self.read_all(wanted)).await
    }

    /// In the order of what is wanted.
    async fn read_all(&self, wanted: Vec<Wanted>) -> Result<Vec<Option<PgRow>>, sqlx::Error> {
        let mut connection = self.connections.take().await?;
        let mut rows = Vec::with_capacity(wanted.len());
        // All are of one generation, unless it is being switched at this moment.
        for wanted in wanted.chunk_by(|(_, one), (_, next)| one == next) {
            let Some((_, generation)) = wanted.first() else {
                continue;
            };
            let order_ids: Vec<&OrderId> = wanted.iter().map(|(order_id, _)| order_id).collect();
            let statement = statement(&order_ids, *generation);
            let found = statement.fetch_all(&mut connection).await?;
            let none = std::iter::repeat_with(|| None);
            let found = found.into_iter().map(Some).chain(none);
            rows.extend(found.take(wanted.len()));
        }
        connection.give_back();
        Ok(rows)
    }

    /// Gives the connections back.
    pub(super) async fn close(&self) {
        self.connections.close().await;
    }
}

/// Selects a row an order, in the order of these: what is live, the position of the order's partition, the order, and since which
/// position it is parked. No row at all if there is no such view.
pub(crate) fn statement(order_ids: &[&OrderId], generation: KnownGeneration) -> Statement {
    let (ids, partitions): (Vec<&str>, Vec<i32>) = order_ids
        .iter()
        .map(|id| (id.as_str(), generation.partition_of(id)))
        .unzip();
    // Each order is looked up by its key, whatever the planner knew of the table when it made the plan.
    Statement::kept(format!(
        "select p.live_generation, {position} as view_position, o.order_id, o.version, o.document::text,
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
        where p.name = $1
        order by asked.number",
        position = position::of_partition("$1", "$2", "asked.partition", "$5"),
        table = View::Orders.table(generation.number),
    ))
    .bind(View::Orders.as_str())
    .bind(generation.number)
    .bind(ids)
    .bind(partitions)
    .bind(i32::from(generation.partitions))
}
