//! The projection `revenue`: what each order once placed moved, day by day.

use read_model::contributions::OfOrder;
use read_model::order::OrderFold;
use read_model::revenue::{self, Contribution, Day};
use sqlx::PgConnection;

use super::changed_orders::OfOneOrder;

/// The projection.
#[derive(Debug)]
pub(super) struct Revenue;

impl OfOneOrder for Revenue {
    type Shown = Contribution;

    fn shown(fold: &OrderFold) -> Result<Option<Contribution>, serde_json::Error> {
        let (Some(facts), days) = (fold.order().facts(), fold.ledger().days()) else {
            return Ok(None);
        };
        let days = days.iter().map(|(day, movements)| Day {
            day: *day,
            movements: *movements,
        });
        Ok(facts.ever_placed.then(|| Contribution {
            currency: facts.currency.code().to_owned(),
            days: days.collect(),
        }))
    }

    async fn write(
        connection: &mut PgConnection,
        generation: i32,
        changed: &[OfOrder<Contribution>],
    ) -> Result<(), sqlx::Error> {
        revenue::write(connection, generation, changed).await
    }
}
