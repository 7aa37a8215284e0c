//! The rows of the view `orders`.

use domain::Timestamp;
use domain::order::OrderStatus;
use sqlx::PgConnection;

use crate::View;
use crate::view::{Shape, Table};

/// The view.
pub(crate) const SHAPE: Shape = Shape {
    name: "orders",
    version: 1,
    tables: &[Table {
        name: "orders",
        create: include_str!("tables/orders.sql"),
    }],
};

/// One order: the columns that lists are filtered by, and the document as it is served.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderRow {
    /// The order's id.
    pub order_id: String,
    /// Its number; none before it is placed.
    pub order_number: Option<String>,
    /// Its state.
    pub status: OrderStatus,
    /// Whose it is.
    pub customer_id: String,
    /// When it was placed; none for what never was.
    pub placed_at: Option<Timestamp>,
    /// When its first event was recorded.
    pub created_at: Timestamp,
    /// When its last event was recorded.
    pub updated_at: Timestamp,
    /// How many events it has.
    pub version: i64,
    /// The position of its last event.
    pub position: i64,
    /// The order of the contract as JSON, byte for byte as it is served.
    pub document: String,
}

/// Writes rows, in place of those that the orders have; an order may occur only once. One statement, however many they are.
pub async fn write(
    connection: &mut PgConnection,
    generation: i32,
    rows: &[OrderRow],
) -> Result<(), sqlx::Error> {
    let statement = format!(
        "insert into {table} (
            order_id, order_number, status, customer_id, placed_at, created_at, updated_at, version, position, document
        )
        select order_id, order_number, status, customer_id, placed_at, created_at, updated_at, version, position, document::json
        from unnest(
            $1::text[], $2::text[], $3::text[], $4::text[],
            $5::timestamptz[], $6::timestamptz[], $7::timestamptz[],
            $8::bigint[], $9::bigint[], $10::text[]
        ) as new (
            order_id, order_number, status, customer_id, placed_at, created_at, updated_at, version, position, document
        )
        on conflict (order_id) do update
        set order_number = excluded.order_number,
            status = excluded.status,
            customer_id = excluded.customer_id,
            placed_at = excluded.placed_at,
            created_at = excluded.created_at,
            updated_at = excluded.updated_at,
            version = excluded.version,
            position = excluded.position,
            document = excluded.document",
        table = View::Orders.table(generation)
    );
    let texts = |column: fn(&OrderRow) -> &str| rows.iter().map(column).collect::<Vec<_>>();
    let times = |column: fn(&OrderRow) -> Timestamp| {
        rows.iter()
            .map(|row| column(row).as_datetime())
            .collect::<Vec<_>>()
    };
    let numbers: Vec<Option<&str>> = rows.iter().map(|row| row.order_number.as_deref()).collect();
    let placed: Vec<_> = rows
        .iter()
        .map(|row| row.placed_at.map(Timestamp::as_datetime))
        .collect();
    let versions: Vec<i64> = rows.iter().map(|row| row.version).collect();
    let positions: Vec<i64> = rows.iter().map(|row| row.position).collect();
    sqlx::query(&statement)
        .bind(texts(|row| &row.order_id))
        .bind(numbers)
        .bind(texts(|row| row.status.as_str()))
        .bind(texts(|row| &row.customer_id))
        .bind(placed)
        .bind(times(|row| row.created_at))
        .bind(times(|row| row.updated_at))
        .bind(versions)
        .bind(positions)
        .bind(texts(|row| &row.document))
        .execute(connection)
        .await?;
    Ok(())
}
