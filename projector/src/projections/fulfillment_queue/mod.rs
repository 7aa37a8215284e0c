//! The projection `fulfillment-queue`: the orders that can ship now.

use domain::order::{Facts, OrderStatus};
use read_model::contributions::OfOrder;
use read_model::fulfillment_queue::{self, OpenLine, QueueEntry, QueueRow};
use read_model::order::OrderFold;
use sqlx::PgConnection;

use super::changed_orders::OfOneOrder;

/// The projection.
#[derive(Debug)]
pub(super) struct FulfillmentQueue;

impl OfOneOrder for FulfillmentQueue {
    /// Of an order once confirmed; `None`: it cannot ship, for now or any more.
    type Shown = Option<QueueRow>;

    fn shown(fold: &OrderFold) -> Result<Option<Self::Shown>, serde_json::Error> {
        let (Some(facts), Some(confirmed_at)) = (fold.order().facts(), fold.confirmed_at()) else {
            return Ok(None);
        };
        let lines = open_lines(facts);
        if facts.status != OrderStatus::Confirmed || !facts.holds.is_empty() || lines.is_empty() {
            return Ok(Some(None));
        }
        let entry = QueueEntry {
            order_id: facts.order_id.as_str(),
            order_number: fold.order_number(),
            customer: &facts.customer,
            placed_at: fold.placed_at(),
            confirmed_at,
            lines,
            shipping_address: facts.shipping_address.as_ref(),
        };
        Ok(Some(Some(QueueRow {
            order_id: facts.order_id.as_str().to_owned(),
            confirmed_at,
            entry: serde_json::to_string(&entry)?,
        })))
    }

    async fn write(
        connection: &mut PgConnection,
        generation: i32,
        changed: &[OfOrder<Self::Shown>],
    ) -> Result<(), sqlx::Error> {
        let (mut rows, mut left) = (Vec::new(), Vec::new());
        for order in changed {
            match &order.contribution {
                Some(row) => rows.push(row),
                None => left.push(order.order_id.as_str()),
            }
        }
        if !rows.is_empty() {
            fulfillment_queue::write(connection, generation, &rows).await?;
        }
        if !left.is_empty() {
            fulfillment_queue::remove(connection, generation, &left).await?;
        }
        Ok(())
    }
}

fn open_lines(facts: &Facts) -> Vec<OpenLine<'_>> {
    let open = facts.lines.iter().filter(|line| line.open() > 0);
    open.map(|line| OpenLine {
        line_id: line.line_id(),
        sku: &line.priced.sku,
        name: &line.priced.name,
        open_quantity: line.open(),
    })
    .collect()
}
