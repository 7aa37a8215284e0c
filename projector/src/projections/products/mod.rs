//! The projection `products`: what each order once placed adds to the products in its lines.

use std::collections::BTreeMap;

use domain::order::{Facts, Line};
use read_model::contributions::OfOrder;
use read_model::order::OrderFold;
use read_model::products::{self, Contribution, Product, Units, Worth};
use sqlx::PgConnection;

use super::changed_orders::OfOneOrder;

/// The projection.
#[derive(Debug)]
pub(super) struct Products;

impl OfOneOrder for Products {
    type Shown = Contribution;

    fn shown(fold: &OrderFold) -> Result<Option<Contribution>, serde_json::Error> {
        let (Some(facts), Some(placed_position)) = (fold.order().facts(), fold.placed_position())
        else {
            return Ok(None);
        };
        Ok(Some(Contribution {
            placed_position,
            currency: facts.currency.code().to_owned(),
            products: products_of(facts),
        }))
    }

    async fn write(
        connection: &mut PgConnection,
        generation: i32,
        changed: &[OfOrder<Contribution>],
    ) -> Result<(), sqlx::Error> {
        products::write(connection, generation, changed).await
    }
}

/// The products of an order by SKU: several lines may be of one.
fn products_of(facts: &Facts) -> Vec<Product> {
    let mut products: BTreeMap<&str, Product> = BTreeMap::new();
    for line in &facts.lines {
        let sku = line.priced.sku.as_str();
        let product = products.entry(sku).or_insert_with(|| Product {
            sku: sku.to_owned(),
            name: String::new(),
            units: Units::default(),
            worth: Worth::default(),
        });
        line.priced.name.as_str().clone_into(&mut product.name);
        add(product, line);
    }
    products.into_values().collect()
}

fn add(product: &mut Product, line: &Line) {
    let Product { units, worth, .. } = product;
    units.ordered += line.quantity();
    units.cancelled += line.cancelled;
    units.shipped += line.shipped;
    units.delivered += line.delivered;
    units.returned += line.returned;
    worth.ordered += line.priced.total.get();
    worth.cancelled += line.cancelled_amount;
    worth.returned += line.returned_amount;
}
