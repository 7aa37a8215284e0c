//! Where a stream begins.

use read_model::{OrderId, View, position};
use sqlx::Row as _;
use sqlx::postgres::PgRow;

use crate::views::{Generation, KnownGeneration, Place, Snapshot, Statement, ViewQuery};

/// How far the history is: that of one order, or all of it.
#[derive(Debug)]
pub(crate) struct Start {
    /// The order, if it is one.
    pub(crate) order_id: Option<OrderId>,
}

impl ViewQuery for Start {
    const VIEW: View = View::OrderHistory;
    /// Whether there is such an order; of all orders, yes.
    type Rows = bool;

    fn generation(&self) -> Generation {
        Generation::Live
    }

    fn place(&self, _: &Self::Rows) -> Place {
        match &self.order_id {
            Some(order_id) => Place::Order(order_id.to_string()),
            None => Place::View,
        }
    }

    fn statement(&self, generation: KnownGeneration) -> Statement {
        let Some(order_id) = &self.order_id else {
            return Statement::kept(format!(
                "select p.live_generation, {position} as view_position, true as there
                from projection p
                where p.name = $1",
                position = position::of_view("$1", "$2"),
            ))
            .bind(Self::VIEW.as_str())
            .bind(generation.number);
        };
        Statement::kept(format!(
            "select p.live_generation, {position} as view_position,
                exists (select from {table} h where h.order_id = $4) as there
            from projection p
            where p.name = $1",
            position = position::of_partition("$1", "$2", "$3", "$5"),
            table = Self::VIEW.table(generation.number),
        ))
        .bind(Self::VIEW.as_str())
        .bind(generation.number)
        .bind(generation.partition_of(order_id))
        .bind(order_id.as_str())
        .bind(i32::from(generation.partitions))
    }

    fn snapshot(&self, rows: &[PgRow]) -> Result<Snapshot<Self::Rows>, sqlx::Error> {
        let Some(row) = rows.first() else {
            return Ok(Snapshot {
                live_generation: None,
                position: None,
                rows: false,
            });
        };
        Ok(Snapshot {
            live_generation: Some(row.try_get("live_generation")?),
            position: row.try_get("view_position")?,
            rows: row.try_get("there")?,
        })
    }
}
