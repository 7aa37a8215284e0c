//! The rows of the view `orders`: one an order, and one of the terms by which it is found.

use std::collections::BTreeSet;

use domain::order::{FulfillmentStatus, OrderStatus, PaymentStatus, ReturnStatus};
use domain::{Currency, Timestamp};
use sqlx::PgConnection;

use crate::View;
use crate::copy::CopyRows;
use crate::view::{Shape, Table};

/// The view.
pub(crate) const SHAPE: Shape = Shape {
    name: "orders",
    version: 2,
    tables: &[
        Table {
            name: "orders",
            key: &["order_id"],
            create: include_str!("tables/orders.sql"),
        },
        TERMS,
    ],
    is_of_orders: true,
};

/// The terms by which orders are found.
const TERMS: Table = Table {
    name: "order_terms",
    key: &["order_id"],
    create: include_str!("tables/order_terms.sql"),
};

/// Between the values of a list on its way into the database. No SKU or tag holds one, and no word.
const SEPARATOR: &str = ",";

/// One order: the columns that lists are filtered and sorted by, and the document as it is served.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderRow {
    /// The order's id.
    pub order_id: String,
    /// Its number; none before it is placed.
    pub order_number: Option<String>,
    /// Its state.
    pub status: OrderStatus,
    /// Where the customer's money is.
    pub payment_status: PaymentStatus,
    /// Where the goods are.
    pub fulfillment_status: FulfillmentStatus,
    /// Whether units are on their way back.
    pub return_status: ReturnStatus,
    /// Whether any hold is open.
    pub on_hold: bool,
    /// Whose it is.
    pub customer_id: String,
    /// The currency of its amounts.
    pub currency: Currency,
    /// Its total, in minor units.
    pub total: i64,
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

/// By what an order is found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TermsRow {
    /// The order's id.
    pub order_id: String,
    /// The products of its lines.
    pub skus: BTreeSet<String>,
    /// Its tags.
    pub tags: BTreeSet<String>,
    /// The words of its texts, as [`crate::words::words`] makes them.
    pub words: BTreeSet<String>,
    /// What orders are sorted by when nothing else is asked for: when it was placed, or as long as it never was, created.
    pub sorted_at: Timestamp,
}

/// The first version of the view's shape whose terms have a `sorted_at`.
pub const TERMS_ARE_SORTED_SINCE: i32 = 2;

/// The name of the table of terms in this generation, safe to stand in SQL as it is.
pub fn terms_table(generation: i32) -> String {
    TERMS.of(generation)
}

/// Writes orders and terms, in place of those that are there; an order may occur only once in either. One statement each,
/// however many they are.
///
/// Terms are needed of an order that is new, or whose lines or tags an event changed.
pub async fn write(
    connection: &mut PgConnection,
    generation: i32,
    rows: &[OrderRow],
    terms: &[TermsRow],
) -> Result<(), sqlx::Error> {
    if !rows.is_empty() {
        write_orders(connection, generation, rows).await?;
    }
    if !terms.is_empty() {
        write_terms(connection, generation, terms).await?;
    }
    Ok(())
}

async fn write_orders(
    connection: &mut PgConnection,
    generation: i32,
    rows: &[OrderRow],
) -> Result<(), sqlx::Error> {
    let statement = write_statement(&View::Orders.table(generation));
    let texts = |column: fn(&OrderRow) -> &str| rows.iter().map(column).collect::<Vec<_>>();
    let numbers = |column: fn(&OrderRow) -> i64| rows.iter().map(column).collect::<Vec<_>>();
    let times = |column: fn(&OrderRow) -> Timestamp| {
        rows.iter()
            .map(|row| column(row).as_datetime())
            .collect::<Vec<_>>()
    };
    let order_numbers: Vec<Option<&str>> =
        rows.iter().map(|row| row.order_number.as_deref()).collect();
    let placed: Vec<_> = rows
        .iter()
        .map(|row| row.placed_at.map(Timestamp::as_datetime))
        .collect();
    let holds: Vec<bool> = rows.iter().map(|row| row.on_hold).collect();
    sqlx::query(&statement)
        .bind(texts(|row| &row.order_id))
        .bind(order_numbers)
        .bind(texts(|row| row.status.as_str()))
        .bind(texts(|row| row.payment_status.as_str()))
        .bind(texts(|row| row.fulfillment_status.as_str()))
        .bind(texts(|row| row.return_status.as_str()))
        .bind(holds)
        .bind(texts(|row| &row.customer_id))
        .bind(texts(|row| row.currency.code()))
        .bind(numbers(|row| row.total))
        .bind(placed)
        .bind(times(|row| row.created_at))
        .bind(times(|row| row.updated_at))
        .bind(numbers(|row| row.version))
        .bind(numbers(|row| row.position))
        .bind(texts(|row| &row.document))
        .execute(connection)
        .await?;
    Ok(())
}

/// All columns but the one that is generated.
const COLUMNS: &str = "order_id, order_number, status, payment_status, fulfillment_status, return_status, on_hold, \
    customer_id, currency, total, placed_at, created_at, updated_at, version, position, document";

/// Adds orders and terms that are not there yet, an order only once in either: much faster than [`write()`].
pub async fn fill(
    connection: &mut PgConnection,
    generation: i32,
    rows: &[OrderRow],
    terms: &[TermsRow],
) -> Result<(), sqlx::Error> {
    let mut copied = CopyRows::default();
    for row in rows {
        copied
            .text(&row.order_id)
            .text_or_null(row.order_number.as_deref())
            .plain(row.status.as_str())
            .plain(row.payment_status.as_str())
            .plain(row.fulfillment_status.as_str())
            .plain(row.return_status.as_str())
            .plain(row.on_hold)
            .text(&row.customer_id)
            .plain(row.currency.code())
            .plain(row.total)
            .time_or_null(row.placed_at)
            .time(row.created_at)
            .time(row.updated_at)
            .plain(row.version)
            .plain(row.position)
            .text(&row.document)
            .end_row();
    }
    let table = View::Orders.table(generation);
    copied.send(connection, &table, COLUMNS).await?;
    let mut copied = CopyRows::default();
    for row in terms {
        copied
            .text(&row.order_id)
            .array(&row.skus)
            .array(&row.tags)
            .words(&row.words)
            .time(row.sorted_at)
            .end_row();
    }
    let columns = "order_id, skus, tags, words, sorted_at";
    copied
        .send(connection, &terms_table(generation), columns)
        .await
}

/// Here and wherever rows are written all the time, arrays are unnested as what is selected. As a table, `from unnest(…)`, each array is first
/// put into a store of its own, which takes memory from the system for every statement.
fn write_statement(table: &str) -> String {
    format!(
        "insert into {table} ({COLUMNS})
        select
            unnest($1::text[]), unnest($2::text[]), unnest($3::text[]), unnest($4::text[]), unnest($5::text[]), unnest($6::text[]),
            unnest($7::boolean[]), unnest($8::text[]), unnest($9::text[]), unnest($10::bigint[]),
            unnest($11::timestamptz[]), unnest($12::timestamptz[]), unnest($13::timestamptz[]),
            unnest($14::bigint[]), unnest($15::bigint[]), unnest($16::text[])::json
        on conflict (order_id) do update
        set order_number = excluded.order_number,
            status = excluded.status,
            payment_status = excluded.payment_status,
            fulfillment_status = excluded.fulfillment_status,
            return_status = excluded.return_status,
            on_hold = excluded.on_hold,
            customer_id = excluded.customer_id,
            currency = excluded.currency,
            total = excluded.total,
            placed_at = excluded.placed_at,
            created_at = excluded.created_at,
            updated_at = excluded.updated_at,
            version = excluded.version,
            position = excluded.position,
            document = excluded.document"
    )
}

async fn write_terms(
    connection: &mut PgConnection,
    generation: i32,
    rows: &[TermsRow],
) -> Result<(), sqlx::Error> {
    let statement = format!(
        "insert into {table} (order_id, skus, tags, words, sorted_at)
        select
            unnest($1::text[]),
            string_to_array(unnest($2::text[]), '{SEPARATOR}'),
            string_to_array(unnest($3::text[]), '{SEPARATOR}'),
            array_to_tsvector(string_to_array(unnest($4::text[]), '{SEPARATOR}')),
            unnest($5::timestamptz[])
        on conflict (order_id) do update
        set skus = excluded.skus,
            tags = excluded.tags,
            words = excluded.words,
            sorted_at = excluded.sorted_at",
        table = terms_table(generation)
    );
    let ids: Vec<&str> = rows.iter().map(|row| row.order_id.as_str()).collect();
    let lists = |column: fn(&TermsRow) -> &BTreeSet<String>| {
        rows.iter()
            .map(|row| joined(column(row)))
            .collect::<Vec<_>>()
    };
    let times: Vec<_> = rows.iter().map(|row| row.sorted_at.as_datetime()).collect();
    sqlx::query(&statement)
        .bind(ids)
        .bind(lists(|row| &row.skus))
        .bind(lists(|row| &row.tags))
        .bind(lists(|row| &row.words))
        .bind(times)
        .execute(connection)
        .await?;
    Ok(())
}

/// Arrays of arrays must all be of one length, hence one text a list.
fn joined(values: &BTreeSet<String>) -> String {
    let values: Vec<&str> = values.iter().map(String::as_str).collect();
    values.join(SEPARATOR)
}
