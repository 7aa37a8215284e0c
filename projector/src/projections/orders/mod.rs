//! The projection `orders`: one row an order, with its document and the columns that lists are filtered by.

use read_model::contributions::Part;
use read_model::order::OrderFold;
use read_model::orders::{self, OrderRow};
use sqlx::PgConnection;

use super::{Gathering, Writing};

/// The orders of a batch: every event changes its order's document.
#[derive(Debug, Default)]
pub(super) struct Orders {
    rows: Vec<OrderRow>,
}

impl Gathering for Orders {
    fn end(&mut self, _order_id: &str, after: &OrderFold) -> Result<(), serde_json::Error> {
        self.rows.extend(row(after)?);
        Ok(())
    }

    fn write<'a>(&'a self, connection: &'a mut PgConnection, part: Part) -> Writing<'a> {
        Box::pin(async move {
            if self.rows.is_empty() {
                return Ok(());
            }
            orders::write(connection, part.generation, &self.rows).await
        })
    }
}

/// The row of an order; nothing before its first event.
fn row(fold: &OrderFold) -> Result<Option<OrderRow>, serde_json::Error> {
    let (Some(facts), Some(created_at), Some(updated_at)) =
        (fold.order().facts(), fold.created_at(), fold.updated_at())
    else {
        return Ok(None);
    };
    Ok(Some(OrderRow {
        order_id: facts.order_id.as_str().to_owned(),
        order_number: fold.order_number().map(str::to_owned),
        status: facts.status,
        customer_id: facts.customer.customer_id.as_str().to_owned(),
        placed_at: fold.placed_at(),
        created_at,
        updated_at,
        version: fold.version(),
        position: fold.position(),
        document: serde_json::to_string(&fold.document())?,
    }))
}
