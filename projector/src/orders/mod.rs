//! The projection `orders`: one row an order, with its document and the columns that lists are filtered by.

use read_model::order::OrderFold;
use read_model::orders::OrderRow;

/// Raised whenever the document or a column changes its meaning, so that the view is built anew.
pub(crate) const SHAPE_VERSION: i32 = 1;

/// The row of an order; nothing before its first event.
pub(crate) fn row(fold: &OrderFold) -> Result<Option<OrderRow>, serde_json::Error> {
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
