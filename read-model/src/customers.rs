//! The view `customers`: what each customer ordered, over all orders once placed.
//!
//! A row is what one partition's orders of one customer in one currency sum to.

use domain::Timestamp;
use serde::{Deserialize, Serialize};
use sqlx::PgConnection;

use crate::View;
use crate::contributions::{self, Change, OfOrder, amounts, column, partitions};
use crate::view::{Shape, Table};

/// The view.
pub(crate) const SHAPE: Shape = Shape {
    name: "customers",
    version: 1,
    tables: &[
        Table {
            name: "customers",
            key: &["customer_id", "currency", "partition"],
            create: include_str!("tables/customers.sql"),
        },
        BY_ORDER,
    ],
    is_of_orders: false,
};

/// What each order adds to it.
const BY_ORDER: Table = contributions::table("customers_by_order");

/// What a placed order adds to its customer. Amounts are in minor units of its currency.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contribution {
    /// Whose it is.
    pub customer_id: String,
    /// What they were called in it.
    pub name: Option<String>,
    /// Where they were written to.
    pub email: Option<String>,
    /// When it was placed.
    pub placed_at: Timestamp,
    /// The position at which it was placed.
    pub placed_position: i64,
    /// Its currency.
    pub currency: String,
    /// Its total.
    pub ordered: i64,
    /// What is owed for it in the end.
    pub due: i64,
    /// What was captured for it.
    pub captured: i64,
    /// What of that has gone back.
    pub refunded: i64,
}

/// A customer, as the contract shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CustomerDocument {
    /// Names the customer.
    pub customer_id: String,
    /// As they are called in the order placed last.
    pub name: Option<String>,
    /// Where they are written to, in the same order.
    pub email: Option<String>,
    /// How many orders they placed.
    pub orders: i64,
    /// When they placed the first.
    pub first_order_at: Timestamp,
    /// When they placed the last.
    pub last_order_at: Timestamp,
    /// Their money, by currency.
    pub money: Vec<CustomerMoney>,
}

/// Sums over a customer's orders in one currency, in its minor units: exact, and beyond what one amount can be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CustomerMoney {
    /// The currency.
    pub currency: String,
    /// Of `total`.
    pub ordered: i128,
    /// Of `due`.
    pub due: i128,
    /// Of `captured`.
    pub captured: i128,
    /// Of `refunded`.
    pub refunded: i128,
}

/// Takes in what these orders add now, whatever they added before; an order may occur only once. Two statements, however
/// many they are.
pub async fn write(
    connection: &mut PgConnection,
    generation: i32,
    orders: &[OfOrder<Contribution>],
) -> Result<(), sqlx::Error> {
    let before = contributions::replace(connection, &BY_ORDER, generation, orders).await?;
    let changes: Vec<Change<&Contribution>> = contributions::changes(&before, orders).collect();
    let statement = format!(
        "insert into {table} as known (
            customer_id, currency, partition, orders, first_order_at, last_order_at, last_position,
            name, email, ordered, due, captured, refunded
        )
        select customer_id, currency, partition, sum(sign), min(placed_at), max(placed_at), max(placed_position),
            (array_agg(name order by placed_position desc, sign desc))[1],
            (array_agg(email order by placed_position desc, sign desc))[1],
            sum(ordered), sum(due), sum(captured), sum(refunded)
        from (
            select
                unnest($1::smallint[]) as partition, unnest($2::bigint[]) as sign, unnest($3::text[]) as customer_id,
                unnest($4::text[]) as currency, unnest($5::text[]) as name, unnest($6::text[]) as email,
                unnest($7::timestamptz[]) as placed_at, unnest($8::bigint[]) as placed_position,
                unnest($9::bigint[]) as ordered, unnest($10::bigint[]) as due, unnest($11::bigint[]) as captured,
                unnest($12::bigint[]) as refunded
        ) as change
        group by customer_id, currency, partition
        on conflict (customer_id, currency, partition) do update
        set orders = known.orders + excluded.orders,
            first_order_at = least(known.first_order_at, excluded.first_order_at),
            last_order_at = greatest(known.last_order_at, excluded.last_order_at),
            last_position = greatest(known.last_position, excluded.last_position),
            name = case when excluded.last_position >= known.last_position then excluded.name else known.name end,
            email = case when excluded.last_position >= known.last_position then excluded.email else known.email end,
            ordered = known.ordered + excluded.ordered,
            due = known.due + excluded.due,
            captured = known.captured + excluded.captured,
            refunded = known.refunded + excluded.refunded",
        table = View::Customers.table(generation)
    );
    sqlx::query(&statement)
        .bind(partitions(&changes))
        .bind(amounts(&changes, |_| 1))
        .bind(column(&changes, |order| order.customer_id.as_str()))
        .bind(column(&changes, |order| order.currency.as_str()))
        .bind(column(&changes, |order| order.name.as_deref()))
        .bind(column(&changes, |order| order.email.as_deref()))
        .bind(column(&changes, |order| order.placed_at.as_datetime()))
        .bind(column(&changes, |order| order.placed_position))
        .bind(amounts(&changes, |order| order.ordered))
        .bind(amounts(&changes, |order| order.due))
        .bind(amounts(&changes, |order| order.captured))
        .bind(amounts(&changes, |order| order.refunded))
        .execute(connection)
        .await?;
    Ok(())
}
