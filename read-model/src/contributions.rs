//! What each order adds to a view whose rows are sums over several orders.
//!
//! Such a view has two tables. One has the sums, a row a key and partition, and is what readers add up. The other has what
//! each order adds, a row an order, and is what the sums are sums *of*: an order's change is the difference of what it adds now
//! and what it added before **as it is stored**, so the sums are right whatever brought the order to where it is: its next
//! event, many at once, or a fold from the beginning. `docs/adr/0007` has the reasons.

use serde::Serialize;
use serde::de::DeserializeOwned;
use sqlx::{PgConnection, Row as _};

use crate::view::Table;

/// The generation of a view and the partition of it that is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Part {
    /// The generation.
    pub generation: i32,
    /// The partition.
    pub partition: u16,
}

/// What one order adds to a view.
#[derive(Debug, Clone, PartialEq)]
pub struct OfOrder<C> {
    /// The order.
    pub order_id: String,
    /// What it adds.
    pub contribution: C,
}

impl Part {
    /// The partition's number as the database has it.
    pub(crate) fn column(self) -> i16 {
        i16::try_from(self.partition).unwrap_or(i16::MAX)
    }
}

/// The table of what each order adds to a view.
pub(crate) const fn table(name: &'static str) -> Table {
    Table {
        name,
        key: &["partition", "order_id"],
        create: include_str!("tables/contributions.sql"),
    }
}

/// Stores what these orders add now, in place of what they added before, and returns what that was. An order may occur
/// only once. One statement, however many they are.
pub(crate) async fn replace<C: Serialize + DeserializeOwned>(
    connection: &mut PgConnection,
    table: &Table,
    part: Part,
    orders: &[OfOrder<C>],
) -> Result<Vec<C>, sqlx::Error> {
    // Both parts of the statement see the table as it was before it. Each order is looked up by the whole key, whatever the planner
    // knows of the table: as a condition, `= any ($2)` became a filter over all of the partition while it was thought to be small.
    let statement = format!(
        "with before as (
            select known.contribution
            from unnest($2::text[]) as wanted (order_id)
            cross join lateral (
                select contribution
                from {table} as known
                where known.partition = $1
                and known.order_id = wanted.order_id
                offset 0
            ) as known
        ),
        written as (
            insert into {table} (partition, order_id, contribution)
            select $1, order_id, contribution::json
            from unnest($2::text[], $3::text[]) as now (order_id, contribution)
            on conflict (partition, order_id) do update
            set contribution = excluded.contribution
        )
        select contribution::text
        from before",
        table = table.of(part.generation)
    );
    let ids: Vec<&str> = orders.iter().map(|order| order.order_id.as_str()).collect();
    let contributions = orders
        .iter()
        .map(|order| serde_json::to_string(&order.contribution))
        .collect::<Result<Vec<_>, _>>()
        .map_err(|error| sqlx::Error::Encode(error.into()))?;
    let rows = sqlx::query(&statement)
        .bind(part.column())
        .bind(ids)
        .bind(contributions)
        .fetch_all(connection)
        .await?;
    rows.iter()
        .map(|row| {
            let text: &str = row.try_get(0)?;
            serde_json::from_str(text).map_err(|error| sqlx::Error::Decode(error.into()))
        })
        .collect()
}

/// What was added before, to be taken away (−1), and what is added now (+1).
pub(crate) fn signed<'a, C>(
    before: &'a [C],
    now: &'a [OfOrder<C>],
) -> impl Iterator<Item = (i64, &'a C)> {
    let before = before.iter().map(|contribution| (-1, contribution));
    before.chain(now.iter().map(|order| (1, &order.contribution)))
}

/// A column of amounts, each with its sign.
pub(crate) fn amounts<C>(signed: &[(i64, C)], of: impl Fn(&C) -> i64) -> Vec<i64> {
    let amounts = signed.iter().map(|(sign, change)| sign * of(change));
    amounts.collect()
}

/// A column that has no sign.
pub(crate) fn column<'a, C, T>(signed: &'a [(i64, C)], of: impl Fn(&'a C) -> T) -> Vec<T> {
    signed.iter().map(|(_, change)| of(change)).collect()
}
