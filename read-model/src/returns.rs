//! The view `returns`: one row a return.

use domain::Timestamp;
use domain::order::{Customer, ReturnState};
use serde::Serialize;
use sqlx::PgConnection;

use crate::View;
use crate::order::ReturnDocument;
use crate::view::{Shape, Table};

/// The view.
pub(crate) const SHAPE: Shape = Shape {
    name: "returns",
    version: 1,
    tables: &[Table {
        name: "returns",
        key: &["order_id", "return_id"],
        create: include_str!("tables/returns.sql"),
    }],
    is_of_orders: true,
};

/// A return.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReturnRow {
    /// The order.
    pub order_id: String,
    /// The return, within its order.
    pub return_id: String,
    /// Where it is.
    pub status: ReturnState,
    /// When it was requested.
    pub requested_at: Timestamp,
    /// The position at which it was requested.
    pub position: i64,
    /// The [`ReturnOfOrder`] as JSON, byte for byte as it is served.
    pub document: String,
}

/// A return with the order that it is of.
#[derive(Debug, Clone, Serialize)]
pub struct ReturnOfOrder<'a> {
    /// Names the order.
    pub order_id: &'a str,
    /// Its number.
    pub order_number: Option<&'a str>,
    /// Who ordered.
    pub customer: &'a Customer,
    /// The return, as its order shows it.
    #[serde(flatten)]
    pub of_order: ReturnDocument<'a>,
}

/// Writes rows, in place of those that the returns have; a return may occur only once. One statement, however many they are.
pub async fn write(
    connection: &mut PgConnection,
    generation: i32,
    rows: &[&ReturnRow],
) -> Result<(), sqlx::Error> {
    let statement = format!(
        "insert into {table} (order_id, return_id, status, requested_at, position, document)
        select order_id, return_id, status, requested_at, position, document::json
        from (
            select
                unnest($1::text[]) as order_id, unnest($2::text[]) as return_id, unnest($3::text[]) as status,
                unnest($4::timestamptz[]) as requested_at, unnest($5::bigint[]) as position,
                unnest($6::text[]) as document
        ) as new
        on conflict (order_id, return_id) do update
        set status = excluded.status,
            requested_at = excluded.requested_at,
            position = excluded.position,
            document = excluded.document",
        table = View::Returns.table(generation)
    );
    let texts = |column: fn(&ReturnRow) -> &str| -> Vec<&str> {
        rows.iter().map(|row| column(row)).collect()
    };
    let times: Vec<_> = rows
        .iter()
        .map(|row| row.requested_at.as_datetime())
        .collect();
    let positions: Vec<i64> = rows.iter().map(|row| row.position).collect();
    sqlx::query(&statement)
        .bind(texts(|row| &row.order_id))
        .bind(texts(|row| &row.return_id))
        .bind(texts(|row| row.status.as_str()))
        .bind(times)
        .bind(positions)
        .bind(texts(|row| &row.document))
        .execute(connection)
        .await?;
    Ok(())
}
