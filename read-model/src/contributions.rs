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

/// What one order adds to a view.
#[derive(Debug, Clone, PartialEq)]
pub struct OfOrder<C> {
    /// The order.
    pub order_id: String,
    /// The partition that it is of.
    pub partition: u16,
    /// What it adds.
    pub contribution: C,
}

/// What a partition's sums change by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Change<C> {
    /// 1: it is added. −1: it is taken away.
    pub(crate) sign: i64,
    /// The partition, as the database has it.
    pub(crate) partition: i16,
    /// By what.
    pub(crate) by: C,
}

impl<C> Change<C> {
    /// The changes that this one consists of.
    pub(crate) fn parts<D>(
        self,
        parts: impl IntoIterator<Item = D>,
    ) -> impl Iterator<Item = Change<D>> {
        let Self {
            sign, partition, ..
        } = self;
        parts.into_iter().map(move |by| Change {
            sign,
            partition,
            by,
        })
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
    generation: i32,
    orders: &[OfOrder<C>],
) -> Result<Vec<Change<C>>, sqlx::Error> {
    // Both parts of the statement see the table as it was before it. Each order is looked up by the whole key, whatever the planner
    // knows of the table: as a condition, `= any ($2)` became a filter over all of the partition while it was thought to be small.
    let statement = format!(
        "with before as (
            select wanted.partition, known.contribution
            from (
                select unnest($1::smallint[]) as partition, unnest($2::text[]) as order_id
            ) as wanted
            cross join lateral (
                select contribution
                from {table} as known
                where known.partition = wanted.partition
                and known.order_id = wanted.order_id
                offset 0
            ) as known
        ),
        written as (
            insert into {table} (partition, order_id, contribution)
            select partition, order_id, contribution::json
            from (
                select
                    unnest($1::smallint[]) as partition, unnest($2::text[]) as order_id,
                    unnest($3::text[]) as contribution
            ) as now
            on conflict (partition, order_id) do update
            set contribution = excluded.contribution
        )
        select partition, contribution::text
        from before",
        table = table.of(generation)
    );
    let partitions: Vec<i16> = orders.iter().map(|order| small(order.partition)).collect();
    let ids: Vec<&str> = orders.iter().map(|order| order.order_id.as_str()).collect();
    let contributions = orders
        .iter()
        .map(|order| serde_json::to_string(&order.contribution))
        .collect::<Result<Vec<_>, _>>()
        .map_err(|error| sqlx::Error::Encode(error.into()))?;
    let rows = sqlx::query(&statement)
        .bind(partitions)
        .bind(ids)
        .bind(contributions)
        .fetch_all(connection)
        .await?;
    rows.iter()
        .map(|row| {
            let text: &str = row.try_get(1)?;
            let before = serde_json::from_str(text);
            Ok(Change {
                sign: -1,
                partition: row.try_get(0)?,
                by: before.map_err(|error| sqlx::Error::Decode(error.into()))?,
            })
        })
        .collect()
}

/// What was added before, to be taken away, and what is added now.
pub(crate) fn changes<'a, C>(
    before: &'a [Change<C>],
    now: &'a [OfOrder<C>],
) -> impl Iterator<Item = Change<&'a C>> {
    let before = before.iter().map(|change| Change {
        sign: change.sign,
        partition: change.partition,
        by: &change.by,
    });
    before.chain(now.iter().map(|order| Change {
        sign: 1,
        partition: small(order.partition),
        by: &order.contribution,
    }))
}

/// A column of amounts, each with its sign.
pub(crate) fn amounts<C>(changes: &[Change<C>], of: impl Fn(&C) -> i64) -> Vec<i64> {
    let amounts = changes.iter().map(|change| change.sign * of(&change.by));
    amounts.collect()
}

/// A column that has no sign.
pub(crate) fn column<'a, C, T>(changes: &'a [Change<C>], of: impl Fn(&'a C) -> T) -> Vec<T> {
    changes.iter().map(|change| of(&change.by)).collect()
}

/// The column of the partitions.
pub(crate) fn partitions<C>(changes: &[Change<C>]) -> Vec<i16> {
    changes.iter().map(|change| change.partition).collect()
}

/// A partition's number as the database has it.
fn small(partition: u16) -> i16 {
    i16::try_from(partition).unwrap_or(i16::MAX)
}
