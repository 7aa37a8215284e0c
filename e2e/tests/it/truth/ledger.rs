//! What each day brought, reckoned from the amounts of every order before and after each of its events.

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use domain::envelope::Recorded;
use read_model::order::OrderFold;
use read_model::partition_of;
use sqlx::postgres::PgPool;

/// The tests' platforms have so many partitions.
const PARTITIONS: u16 = 16;

/// The columns of the view, in the order in which [`amounts`] gives them.
const COLUMNS: &str =
    "orders, gross, discount, shipping, tax, cancelled, returned, credited, captured, refunded";

/// By day, currency and partition: what the orders once placed moved.
#[derive(Default)]
pub(super) struct Ledger(BTreeMap<String, [i128; 10]>);

impl Ledger {
    /// Takes in an event, with its order before and after it.
    pub(super) fn take(
        &mut self,
        event: &Recorded,
        before: &OrderFold,
        after: &OrderFold,
    ) -> Result<()> {
        let (was, is) = (amounts(before), amounts(after));
        if was == is {
            return Ok(());
        }
        let day = event.occurred_at.as_datetime().date_naive();
        let facts = after.order().facts().context("an order with amounts")?;
        let (currency, partition) = (
            facts.currency.code(),
            partition_of(&event.order_id, PARTITIONS),
        );
        let sums = self
            .0
            .entry(format!("{day}|{currency}|{partition}"))
            .or_default();
        for (sum, (was, is)) in sums.iter_mut().zip(was.into_iter().zip(is)) {
            *sum += is - was;
        }
        Ok(())
    }

    /// The first row of the view that is not what it should be. A day whose movements took each other back may be there or not.
    pub(super) async fn difference(&self, views: &PgPool) -> Result<Option<String>> {
        let generation = super::fold::live(views, "revenue").await?;
        let rows: Vec<(String, String)> = sqlx::query_as(&format!(
            "select concat_ws('|', day, currency, partition), concat_ws('|', {COLUMNS}) from revenue_{generation}"
        ))
        .fetch_all(views)
        .await?;
        let nothing = text([0; 10]);
        let shown = rows
            .into_iter()
            .filter(|(_, sums)| *sums != nothing)
            .collect();
        let wanted = self.0.iter().filter(|(_, sums)| **sums != [0; 10]);
        let wanted = wanted
            .map(|(key, sums)| (key.clone(), text(*sums)))
            .collect();
        Ok(super::fold::first_difference("revenue of", &wanted, &shown))
    }
}

/// What an order once placed adds.
fn amounts(fold: &OrderFold) -> [i128; 10] {
    let Some(facts) = fold.order().facts().filter(|facts| facts.ever_placed) else {
        return [0; 10];
    };
    let amounts = facts.amounts();
    [
        1,
        amounts.total,
        amounts.discount_total,
        amounts.shipping_total,
        amounts.tax_total,
        amounts.cancelled_total,
        amounts.returned_total,
        amounts.credited_total,
        amounts.captured,
        amounts.refunded,
    ]
    .map(i128::from)
}

fn text(sums: [i128; 10]) -> String {
    sums.map(|sum| sum.to_string()).join("|")
}
