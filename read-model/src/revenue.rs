//! The view `revenue`: a ledger of what each day brought.
//!
//! A row is what the orders of one partition moved on one day (UTC) in one currency.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use sqlx::PgConnection;

use crate::View;
use crate::contributions::{self, Change, OfOrder, amounts, column, partitions};
use crate::order::Movements;
use crate::view::{Shape, Table};

/// The view.
pub(crate) const SHAPE: Shape = Shape {
    name: "revenue",
    version: 1,
    tables: &[
        Table {
            name: "revenue",
            key: &["day", "currency", "partition"],
            create: include_str!("tables/revenue.sql"),
        },
        BY_ORDER,
    ],
    is_of_orders: false,
};

/// What each order adds to it.
const BY_ORDER: Table = contributions::table("revenue_by_order");

/// What a placed order adds to its days.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contribution {
    /// Its currency.
    pub currency: String,
    /// The days on which it moved anything, each once.
    pub days: Vec<Day>,
}

/// What an order moved on one day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Day {
    /// The day in UTC.
    pub day: NaiveDate,
    /// What it moved.
    pub movements: Movements,
}

/// The report of the contract.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct RevenueDocument {
    /// The intervals in which anything moved, by their beginning and currency.
    pub items: Vec<Interval>,
    /// What they sum to, by currency.
    pub totals: Vec<Total>,
}

/// What moved in one interval in one currency.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Interval {
    /// Its first day.
    pub from: NaiveDate,
    /// The day after its last.
    pub to: NaiveDate,
    /// The currency.
    pub currency: String,
    /// What moved.
    #[serde(flatten)]
    pub sums: Sums,
}

/// What moved in all intervals in one currency.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Total {
    /// The currency.
    pub currency: String,
    /// What moved.
    #[serde(flatten)]
    pub sums: Sums,
}

/// Sums over orders in one currency, in its minor units: exact, and beyond what one amount can be.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Sums {
    /// How many orders were placed.
    pub orders: i64,
    /// What they came to, and what revisions changed about it.
    pub gross: i128,
    /// The discounts in it.
    pub discount: i128,
    /// The shipping charges in it, before discounts.
    pub shipping: i128,
    /// The tax in it.
    pub tax: i128,
    /// Value of cancelled units.
    pub cancelled: i128,
    /// Value of units received back.
    pub returned: i128,
    /// Credits of refunds.
    pub credited: i128,
    /// `gross − cancelled − returned − credited`.
    pub net: i128,
    /// What was captured.
    pub captured: i128,
    /// What has gone back.
    pub refunded: i128,
}

impl RevenueDocument {
    /// The report over these intervals.
    pub fn new(items: Vec<Interval>) -> Self {
        let mut totals: Vec<Total> = Vec::new();
        for item in &items {
            let known = totals
                .iter_mut()
                .find(|total| total.currency == item.currency);
            match known {
                Some(total) => total.sums.add(&item.sums),
                None => totals.push(Total {
                    currency: item.currency.clone(),
                    sums: item.sums,
                }),
            }
        }
        totals.sort_by(|one, other| one.currency.cmp(&other.currency));
        Self { items, totals }
    }
}

impl Sums {
    fn add(&mut self, more: &Self) {
        self.orders += more.orders;
        self.gross += more.gross;
        self.discount += more.discount;
        self.shipping += more.shipping;
        self.tax += more.tax;
        self.cancelled += more.cancelled;
        self.returned += more.returned;
        self.credited += more.credited;
        self.net += more.net;
        self.captured += more.captured;
        self.refunded += more.refunded;
    }
}

/// Takes in what these orders add now, whatever they added before; an order may occur only once. Two statements, however
/// many they are.
pub async fn write(
    connection: &mut PgConnection,
    generation: i32,
    orders: &[OfOrder<Contribution>],
) -> Result<(), sqlx::Error> {
    let before = contributions::replace(connection, &BY_ORDER, generation, orders).await?;
    let changes: Vec<Change<(&str, &Day)>> = contributions::changes(&before, orders)
        .flat_map(|change| {
            let order = change.by;
            let currency = order.currency.as_str();
            change.parts(order.days.iter().map(move |day| (currency, day)))
        })
        .collect();
    // Most of what an order moved is on days that stay as they are: these sum to nothing and are not written. A day that is new to an
    // order is, even where its movements took each other back: so a row is there whatever number of events was taken in at once.
    let statement = format!(
        "insert into {table} as known (
            day, currency, partition, orders, gross, discount, shipping, tax,
            cancelled, returned, credited, captured, refunded
        )
        select day, currency, partition, sum(orders), sum(gross), sum(discount), sum(shipping), sum(tax),
            sum(cancelled), sum(returned), sum(credited), sum(captured), sum(refunded)
        from (
            select
                unnest($1::smallint[]) as partition, unnest($2::bigint[]) as sign, unnest($3::date[]) as day,
                unnest($4::text[]) as currency, unnest($5::bigint[]) as orders, unnest($6::bigint[]) as gross,
                unnest($7::bigint[]) as discount, unnest($8::bigint[]) as shipping, unnest($9::bigint[]) as tax,
                unnest($10::bigint[]) as cancelled, unnest($11::bigint[]) as returned,
                unnest($12::bigint[]) as credited, unnest($13::bigint[]) as captured,
                unnest($14::bigint[]) as refunded
        ) as change
        group by day, currency, partition
        having (
            sum(sign), sum(orders), sum(gross), sum(discount), sum(shipping), sum(tax),
            sum(cancelled), sum(returned), sum(credited), sum(captured), sum(refunded)
        ) <> (0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)
        on conflict (day, currency, partition) do update
        set orders = known.orders + excluded.orders,
            gross = known.gross + excluded.gross,
            discount = known.discount + excluded.discount,
            shipping = known.shipping + excluded.shipping,
            tax = known.tax + excluded.tax,
            cancelled = known.cancelled + excluded.cancelled,
            returned = known.returned + excluded.returned,
            credited = known.credited + excluded.credited,
            captured = known.captured + excluded.captured,
            refunded = known.refunded + excluded.refunded",
        table = View::Revenue.table(generation)
    );
    let moved = |of: fn(&Movements) -> i64| amounts(&changes, |(_, day)| of(&day.movements));
    sqlx::query(&statement)
        .bind(partitions(&changes))
        .bind(amounts(&changes, |_| 1))
        .bind(column(&changes, |(_, day)| day.day))
        .bind(column(&changes, |(currency, _)| *currency))
        .bind(moved(|movements| movements.orders))
        .bind(moved(|movements| movements.gross))
        .bind(moved(|movements| movements.discount))
        .bind(moved(|movements| movements.shipping))
        .bind(moved(|movements| movements.tax))
        .bind(moved(|movements| movements.cancelled))
        .bind(moved(|movements| movements.returned))
        .bind(moved(|movements| movements.credited))
        .bind(moved(|movements| movements.captured))
        .bind(moved(|movements| movements.refunded))
        .execute(connection)
        .await?;
    Ok(())
}
