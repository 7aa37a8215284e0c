//! The rows of the view `order-history`.

use domain::Timestamp;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::View;
use crate::copy::CopyRows;
use crate::view::{Shape, Table};

/// The view.
pub(crate) const SHAPE: Shape = Shape {
    name: "order-history",
    version: 1,
    tables: &[Table {
        name: "order_history",
        key: &["position"],
        create: include_str!("tables/order_history.sql"),
    }],
    is_of_orders: true,
};

/// One event of an order, as an audit entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HistoryRow {
    /// The event's position in the log.
    pub position: i64,
    /// The event's id.
    pub event_id: Uuid,
    /// The order that it belongs to.
    pub order_id: String,
    /// Its place among the order's events.
    pub sequence: i64,
    /// Its type.
    pub event_type: String,
    /// Who caused it.
    pub actor: String,
    /// What ties it to other events of one outer request.
    pub correlation_id: String,
    /// When the log took it.
    pub occurred_at: Timestamp,
    /// The audit entry of the contract as JSON, byte for byte as it is served.
    pub entry: String,
}

/// Its columns.
const COLUMNS: &str =
    "position, event_id, order_id, sequence, event_type, actor, correlation_id, occurred_at, entry";

/// Adds rows; none of their positions may be there yet. Much faster than [`write()`] for many rows.
pub async fn fill(
    connection: &mut PgConnection,
    generation: i32,
    rows: &[HistoryRow],
) -> Result<(), sqlx::Error> {
    let mut copied = CopyRows::default();
    for row in rows {
        copied
            .plain(row.position)
            .plain(row.event_id)
            .text(&row.order_id)
            .plain(row.sequence)
            .text(&row.event_type)
            .text(&row.actor)
            .text(&row.correlation_id)
            .time(row.occurred_at)
            .text(&row.entry)
            .end_row();
    }
    let table = View::OrderHistory.table(generation);
    copied.send(connection, &table, COLUMNS).await
}

/// Adds rows; none of their positions may be there yet. One statement, however many they are.
pub async fn write(
    connection: &mut PgConnection,
    generation: i32,
    rows: &[HistoryRow],
) -> Result<(), sqlx::Error> {
    let statement = format!(
        "insert into {table} ({COLUMNS})
        select
            unnest($1::bigint[]), unnest($2::uuid[]), unnest($3::text[]), unnest($4::bigint[]), unnest($5::text[]),
            unnest($6::text[]), unnest($7::text[]), unnest($8::timestamptz[]), unnest($9::text[])::json",
        table = View::OrderHistory.table(generation)
    );
    let positions: Vec<i64> = rows.iter().map(|row| row.position).collect();
    let event_ids: Vec<Uuid> = rows.iter().map(|row| row.event_id).collect();
    let texts = |column: fn(&HistoryRow) -> &str| rows.iter().map(column).collect::<Vec<_>>();
    let sequences: Vec<i64> = rows.iter().map(|row| row.sequence).collect();
    let times: Vec<_> = rows
        .iter()
        .map(|row| row.occurred_at.as_datetime())
        .collect();
    sqlx::query(&statement)
        .bind(positions)
        .bind(event_ids)
        .bind(texts(|row| &row.order_id))
        .bind(sequences)
        .bind(texts(|row| &row.event_type))
        .bind(texts(|row| &row.actor))
        .bind(texts(|row| &row.correlation_id))
        .bind(times)
        .bind(texts(|row| &row.entry))
        .execute(connection)
        .await?;
    Ok(())
}
