//! Reads the orders back, no older than they were sent, and compares them.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use futures::{StreamExt, TryStreamExt, stream};
use indicatif::ProgressBar;
use reqwest::{Response, StatusCode};
use serde_json::Value;

use super::Target;
use super::tpch::DemoOrder;

/// How long the views may take to follow.
const CATCH_UP: Duration = Duration::from_secs(300);
/// Queries under way at a time.
const READERS: usize = 16;

/// What came out.
#[derive(Debug, Default)]
pub(super) struct Compared {
    /// Orders whose total is the generator's.
    pub(super) right: usize,
    /// The others: what is wrong with each.
    pub(super) differences: Vec<String>,
}

/// Waits until the list of orders shows everything up to `position`.
pub(super) async fn await_position(target: &Target, position: i64) -> Result<()> {
    let deadline = Instant::now() + CATCH_UP;
    loop {
        let answer = get(target, "/v1/orders?limit=1", position).await?;
        match answer.status() {
            StatusCode::OK => return Ok(()),
            StatusCode::SERVICE_UNAVAILABLE if Instant::now() < deadline => {}
            status => bail!(
                "the views do not show position {position}: {status} {}",
                answer.text().await.unwrap_or_default()
            ),
        }
    }
}

/// Reads every order and compares its total.
pub(super) async fn compare(
    target: &Target,
    orders: &[DemoOrder],
    position: i64,
    bar: &ProgressBar,
) -> Result<Compared> {
    let mut found = stream::iter(orders)
        .map(|order| async move {
            Ok::<_, anyhow::Error>((order, read(target, order, position).await?))
        })
        .buffer_unordered(READERS);
    let mut compared = Compared::default();
    let mut numbers = BTreeSet::new();
    while let Some((order, shown)) = found.try_next().await? {
        bar.inc(1);
        let difference = match &shown {
            None => Some("is missing".to_owned()),
            Some(shown) => difference(order, shown, &mut numbers),
        };
        match difference {
            None => compared.right += 1,
            Some(difference) => compared
                .differences
                .push(format!("{} {difference}", order.id)),
        }
    }
    compared.differences.sort();
    Ok(compared)
}

fn difference(order: &DemoOrder, shown: &Value, numbers: &mut BTreeSet<String>) -> Option<String> {
    if shown["order_id"] != order.id.as_str() {
        return Some(format!("is shown as {}", shown["order_id"]));
    }
    if shown["amounts"]["total"] != order.total {
        return Some(format!(
            "costs {}, not {}",
            shown["amounts"]["total"], order.total
        ));
    }
    let number = shown["order_number"].as_str().unwrap_or_default();
    if !numbers.insert(number.to_owned()) {
        return Some(format!("has another order's number {number}"));
    }
    None
}

/// The order as the query API shows it, if it does.
async fn read(target: &Target, order: &DemoOrder, position: i64) -> Result<Option<Value>> {
    let answer = get(target, &format!("/v1/orders/{}", order.id), position).await?;
    match answer.status() {
        StatusCode::OK => Ok(Some(
            answer.json().await.context("an order in an unknown form")?,
        )),
        StatusCode::NOT_FOUND => Ok(None),
        status => bail!(
            "{}: {status} {}",
            order.id,
            answer.text().await.unwrap_or_default()
        ),
    }
}

async fn get(target: &Target, path: &str, position: i64) -> Result<Response> {
    target
        .http
        .get(format!("{}{path}", target.query_url))
        .bearer_auth(&target.token)
        .header("Min-Position", position)
        .header("Prefer", "wait=30")
        .timeout(Duration::from_secs(60))
        .send()
        .await
        .context("the query API does not answer")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_wrong_total_and_a_number_given_twice_are_told() {
        let order = DemoOrder {
            id: "o-1".to_owned(),
            upload: String::new(),
            total: 100,
            lines: 1,
        };
        let shown = |total: i64| json!({ "order_id": "o-1", "order_number": "2026-000001", "amounts": { "total": total } });
        let mut numbers = BTreeSet::new();
        assert_eq!(difference(&order, &shown(100), &mut numbers), None);
        assert_eq!(
            difference(&order, &shown(99), &mut numbers).as_deref(),
            Some("costs 99, not 100")
        );
        assert!(difference(&order, &shown(100), &mut numbers).is_some());
    }
}
