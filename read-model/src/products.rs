//! The view `products`: what became of each product, over all orders once placed.
//!
//! A row is what one partition's orders of one product in one currency sum to.

use serde::{Deserialize, Serialize};
use sqlx::PgConnection;

use crate::View;
use crate::contributions::{self, Change, OfOrder, amounts, column, partitions};
use crate::view::{Shape, Table};

/// The view.
pub(crate) const SHAPE: Shape = Shape {
    name: "products",
    version: 1,
    tables: &[
        Table {
            name: "products",
            key: &["sku", "currency", "partition"],
            create: include_str!("tables/products.sql"),
        },
        BY_ORDER,
    ],
    is_of_orders: false,
};

/// What each order adds to it.
const BY_ORDER: Table = contributions::table("products_by_order");

/// What a placed order adds to its products.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contribution {
    /// The position at which it was placed.
    pub placed_position: i64,
    /// Its currency.
    pub currency: String,
    /// Its products, each once.
    pub products: Vec<Product>,
}

/// What the lines of one product in an order sum to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Product {
    /// Names the product.
    pub sku: String,
    /// What it is called in the last of the lines.
    pub name: String,
    /// Its units.
    pub units: Units,
    /// What they are worth, in minor units of the order's currency.
    pub worth: Worth,
}

/// Units of a product, by what became of them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Units {
    /// All that were ordered.
    pub ordered: i64,
    /// Of these, the cancelled ones.
    pub cancelled: i64,
    /// The shipped ones.
    pub shipped: i64,
    /// The ones that arrived.
    pub delivered: i64,
    /// The ones that came back.
    pub returned: i64,
}

/// What units of a product are worth to who pays for them, in minor units.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Worth {
    /// All that were ordered.
    pub ordered: i64,
    /// Of these, the cancelled ones.
    pub cancelled: i64,
    /// The ones that came back.
    pub returned: i64,
}

/// A product, as the contract shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ProductDocument {
    /// Names the product.
    pub sku: String,
    /// As it is called in the order placed last.
    pub name: String,
    /// Its units, over all currencies.
    pub units: Units,
    /// What they are worth, by currency.
    pub money: Vec<ProductMoney>,
}

/// Sums over a product's orders in one currency, in its minor units: exact, and beyond what one amount can be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ProductMoney {
    /// The currency.
    pub currency: String,
    /// What was ordered.
    pub ordered: i128,
    /// What of it was cancelled.
    pub cancelled: i128,
    /// What of it came back.
    pub returned: i128,
}

/// Takes in what these orders add now, whatever they added before; an order may occur only once. Two statements, however
/// many they are.
pub async fn write(
    connection: &mut PgConnection,
    generation: i32,
    orders: &[OfOrder<Contribution>],
) -> Result<(), sqlx::Error> {
    let before = contributions::replace(connection, &BY_ORDER, generation, orders).await?;
    let changes: Vec<Change<(&Contribution, &Product)>> = contributions::changes(&before, orders)
        .flat_map(|change| {
            let order = change.by;
            change.parts(order.products.iter().map(move |product| (order, product)))
        })
        .collect();
    // Products of which nothing changed sum to nothing and are not written.
    let statement = format!(
        "insert into {table} as known (
            sku, currency, partition, orders, last_position, name,
            ordered_units, cancelled_units, shipped_units, delivered_units, returned_units,
            ordered, cancelled, returned
        )
        select sku, currency, partition, sum(sign), max(placed_position),
            (array_agg(name order by placed_position desc, sign desc))[1],
            sum(ordered_units), sum(cancelled_units), sum(shipped_units), sum(delivered_units), sum(returned_units),
            sum(ordered), sum(cancelled), sum(returned)
        from (
            select
                unnest($1::smallint[]) as partition, unnest($2::bigint[]) as sign, unnest($3::text[]) as sku,
                unnest($4::text[]) as currency, unnest($5::bigint[]) as placed_position, unnest($6::text[]) as name,
                unnest($7::bigint[]) as ordered_units, unnest($8::bigint[]) as cancelled_units,
                unnest($9::bigint[]) as shipped_units, unnest($10::bigint[]) as delivered_units,
                unnest($11::bigint[]) as returned_units, unnest($12::bigint[]) as ordered,
                unnest($13::bigint[]) as cancelled, unnest($14::bigint[]) as returned
        ) as change
        group by sku, currency, partition
        having (
            sum(sign), sum(ordered_units), sum(cancelled_units), sum(shipped_units), sum(delivered_units),
            sum(returned_units), sum(ordered), sum(cancelled), sum(returned)
        ) <> (0, 0, 0, 0, 0, 0, 0, 0, 0)
        on conflict (sku, currency, partition) do update
        set orders = known.orders + excluded.orders,
            last_position = greatest(known.last_position, excluded.last_position),
            name = case when excluded.last_position >= known.last_position then excluded.name else known.name end,
            ordered_units = known.ordered_units + excluded.ordered_units,
            cancelled_units = known.cancelled_units + excluded.cancelled_units,
            shipped_units = known.shipped_units + excluded.shipped_units,
            delivered_units = known.delivered_units + excluded.delivered_units,
            returned_units = known.returned_units + excluded.returned_units,
            ordered = known.ordered + excluded.ordered,
            cancelled = known.cancelled + excluded.cancelled,
            returned = known.returned + excluded.returned",
        table = View::Products.table(generation)
    );
    sqlx::query(&statement)
        .bind(partitions(&changes))
        .bind(amounts(&changes, |_| 1))
        .bind(column(&changes, |(_, product)| product.sku.as_str()))
        .bind(column(&changes, |(order, _)| order.currency.as_str()))
        .bind(column(&changes, |(order, _)| order.placed_position))
        .bind(column(&changes, |(_, product)| product.name.as_str()))
        .bind(amounts(&changes, |(_, product)| product.units.ordered))
        .bind(amounts(&changes, |(_, product)| product.units.cancelled))
        .bind(amounts(&changes, |(_, product)| product.units.shipped))
        .bind(amounts(&changes, |(_, product)| product.units.delivered))
        .bind(amounts(&changes, |(_, product)| product.units.returned))
        .bind(amounts(&changes, |(_, product)| product.worth.ordered))
        .bind(amounts(&changes, |(_, product)| product.worth.cancelled))
        .bind(amounts(&changes, |(_, product)| product.worth.returned))
        .execute(connection)
        .await?;
    Ok(())
}
