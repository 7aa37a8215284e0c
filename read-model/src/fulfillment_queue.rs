//! The view `fulfillment-queue`: the orders that can ship now.

use domain::order::Customer;
use domain::{Address, LineId, Sku, Text, Timestamp};
use serde::Serialize;
use sqlx::PgConnection;

use crate::View;
use crate::view::{Shape, Table};

/// The view.
pub(crate) const SHAPE: Shape = Shape {
    name: "fulfillment-queue",
    version: 1,
    tables: &[Table {
        name: "fulfillment_queue",
        key: &["order_id"],
        create: include_str!("tables/fulfillment_queue.sql"),
    }],
    is_of_orders: true,
};

/// The columns of an entry as it is served, as an SQL expression over the view's table: what is stored, and the time since
/// the confirmation in whole seconds, by the clock of the views' database. That clock may be behind the log's: never below 0.
pub const SERVED: &str = "left(entry::text, -1)
    || ',\"age_seconds\":'
    || greatest(floor(extract(epoch from statement_timestamp() - confirmed_at)), 0)::bigint::text
    || '}'";

/// An order that can ship.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueueRow {
    /// The order.
    pub order_id: String,
    /// When it was confirmed.
    pub confirmed_at: Timestamp,
    /// The [`QueueEntry`] as JSON.
    pub entry: String,
}

/// An entry as it is stored: all but its age.
#[derive(Debug, Clone, Serialize)]
pub struct QueueEntry<'a> {
    /// Names the order.
    pub order_id: &'a str,
    /// Its number.
    pub order_number: Option<&'a str>,
    /// Who ordered.
    pub customer: &'a Customer,
    /// When it was placed.
    pub placed_at: Option<Timestamp>,
    /// When it was confirmed.
    pub confirmed_at: Timestamp,
    /// Its lines with units that can ship.
    pub lines: Vec<OpenLine<'a>>,
    /// Where they go.
    pub shipping_address: Option<&'a Address>,
}

/// A line with units that can ship.
#[derive(Debug, Clone, Serialize)]
pub struct OpenLine<'a> {
    /// Names it within its order.
    pub line_id: &'a LineId,
    /// The product.
    pub sku: &'a Sku,
    /// The product's name when it was ordered.
    pub name: &'a Text,
    /// How many units can ship.
    pub open_quantity: i64,
}

/// Puts orders into the queue, in place of what it has of them; an order may occur only once. One statement, however many
/// they are.
pub async fn write(
    connection: &mut PgConnection,
    generation: i32,
    rows: &[&QueueRow],
) -> Result<(), sqlx::Error> {
    let statement = format!(
        "insert into {table} (order_id, confirmed_at, entry)
        select order_id, confirmed_at, entry::json
        from (
            select unnest($1::text[]) as order_id, unnest($2::timestamptz[]) as confirmed_at, unnest($3::text[]) as entry
        ) as new
        on conflict (order_id) do update
        set confirmed_at = excluded.confirmed_at,
            entry = excluded.entry",
        table = View::FulfillmentQueue.table(generation)
    );
    let ids: Vec<&str> = rows.iter().map(|row| row.order_id.as_str()).collect();
    let times: Vec<_> = rows
        .iter()
        .map(|row| row.confirmed_at.as_datetime())
        .collect();
    let entries: Vec<&str> = rows.iter().map(|row| row.entry.as_str()).collect();
    sqlx::query(&statement)
        .bind(ids)
        .bind(times)
        .bind(entries)
        .execute(connection)
        .await?;
    Ok(())
}

/// Takes orders out of the queue, those that are in it. One statement, however many they are.
pub async fn remove(
    connection: &mut PgConnection,
    generation: i32,
    order_ids: &[&str],
) -> Result<(), sqlx::Error> {
    let statement = format!(
        "delete from {table} where order_id = any ($1)",
        table = View::FulfillmentQueue.table(generation)
    );
    sqlx::query(&statement)
        .bind(order_ids)
        .execute(connection)
        .await?;
    Ok(())
}
