//! The projection `returns`: one row a return, with the order that it is of.

use read_model::contributions::OfOrder;
use read_model::order::{OrderFold, ReturnDocument};
use read_model::returns::{self, ReturnOfOrder, ReturnRow};
use sqlx::PgConnection;

use super::changed_orders::OfOneOrder;

/// The projection.
#[derive(Debug)]
pub(super) struct Returns;

impl OfOneOrder for Returns {
    type Shown = Vec<ReturnRow>;

    fn shown(fold: &OrderFold) -> Result<Option<Vec<ReturnRow>>, serde_json::Error> {
        let Some(facts) = fold
            .order()
            .facts()
            .filter(|facts| !facts.returns.is_empty())
        else {
            return Ok(None);
        };
        let mut rows = Vec::with_capacity(facts.returns.len());
        for (known, request) in facts.returns.iter().zip(fold.return_requests()) {
            let document = ReturnOfOrder {
                order_id: facts.order_id.as_str(),
                order_number: fold.order_number(),
                customer: &facts.customer,
                of_order: ReturnDocument::from(known),
            };
            rows.push(ReturnRow {
                order_id: facts.order_id.as_str().to_owned(),
                return_id: known.return_id.as_str().to_owned(),
                status: known.state,
                requested_at: request.at,
                position: request.position,
                document: serde_json::to_string(&document)?,
            });
        }
        Ok(Some(rows))
    }

    async fn write(
        connection: &mut PgConnection,
        generation: i32,
        changed: &[OfOrder<Vec<ReturnRow>>],
    ) -> Result<(), sqlx::Error> {
        let rows: Vec<&ReturnRow> = changed
            .iter()
            .flat_map(|order| &order.contribution)
            .collect();
        returns::write(connection, generation, &rows).await
    }
}
