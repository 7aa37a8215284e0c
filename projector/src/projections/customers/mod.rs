//! The projection `customers`: what each order once placed adds to its customer, whatever became of it.

use read_model::contributions::OfOrder;
use read_model::customers::{self, Contribution};
use read_model::order::OrderFold;
use sqlx::PgConnection;

use super::changed_orders::OfOneOrder;

/// The projection.
#[derive(Debug)]
pub(super) struct Customers;

impl OfOneOrder for Customers {
    type Shown = Contribution;

    fn shown(fold: &OrderFold) -> Result<Option<Contribution>, serde_json::Error> {
        let (Some(facts), Some(placed_at), Some(placed_position)) = (
            fold.order().facts(),
            fold.placed_at(),
            fold.placed_position(),
        ) else {
            return Ok(None);
        };
        let (customer, amounts) = (&facts.customer, facts.amounts());
        Ok(Some(Contribution {
            customer_id: customer.customer_id.as_str().to_owned(),
            name: customer.name.as_ref().map(|name| name.as_str().to_owned()),
            email: customer
                .email
                .as_ref()
                .map(|email| email.as_str().to_owned()),
            placed_at,
            placed_position,
            currency: facts.currency.code().to_owned(),
            ordered: amounts.total,
            due: amounts.due,
            captured: amounts.captured,
            refunded: amounts.refunded,
        }))
    }

    async fn write(
        connection: &mut PgConnection,
        generation: i32,
        changed: &[OfOrder<Contribution>],
    ) -> Result<(), sqlx::Error> {
        customers::write(connection, generation, changed).await
    }
}
