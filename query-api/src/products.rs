//! Queries about products: one, and a list by SKU.

pub(crate) mod list;
pub(crate) mod one;

use read_model::products::{ProductDocument, ProductMoney, Units};
use sqlx::Row as _;
use sqlx::postgres::PgRow;

use crate::views::sum;

/// The columns of a product in one currency, over its partitions; for [`from_rows`].
const SUMS: &str = "sku, currency,
    max(last_position) as last_position,
    (array_agg(name order by last_position desc))[1] as name,
    sum(ordered_units)::bigint as ordered_units,
    sum(cancelled_units)::bigint as cancelled_units,
    sum(shipped_units)::bigint as shipped_units,
    sum(delivered_units)::bigint as delivered_units,
    sum(returned_units)::bigint as returned_units,
    sum(ordered)::text as ordered,
    sum(cancelled)::text as cancelled,
    sum(returned)::text as returned";

/// Products, from a row a SKU and currency, those of one SKU together.
fn from_rows(rows: &[PgRow]) -> Result<Vec<ProductDocument>, sqlx::Error> {
    let mut products: Vec<ProductDocument> = Vec::new();
    let mut named_at = 0;
    for row in rows {
        let Some(sku) = row.try_get::<Option<String>, _>("sku")? else {
            continue;
        };
        if products.last().is_none_or(|last| last.sku != sku) {
            named_at = 0;
            products.push(ProductDocument {
                sku,
                name: String::new(),
                units: Units::default(),
                money: Vec::new(),
            });
        }
        let Some(product) = products.last_mut() else {
            continue;
        };
        let position: i64 = row.try_get("last_position")?;
        if position > named_at {
            named_at = position;
            product.name = row.try_get("name")?;
        }
        let units = &mut product.units;
        units.ordered += row.try_get::<i64, _>("ordered_units")?;
        units.cancelled += row.try_get::<i64, _>("cancelled_units")?;
        units.shipped += row.try_get::<i64, _>("shipped_units")?;
        units.delivered += row.try_get::<i64, _>("delivered_units")?;
        units.returned += row.try_get::<i64, _>("returned_units")?;
        product.money.push(ProductMoney {
            currency: row.try_get("currency")?,
            ordered: sum(row, "ordered")?,
            cancelled: sum(row, "cancelled")?,
            returned: sum(row, "returned")?,
        });
    }
    Ok(products)
}
