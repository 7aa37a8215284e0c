//! Rows that the views' database refuses, and rows that many want to change at once.

use std::sync::Arc;

use anyhow::{Context, Result, ensure};
use reqwest::Method;
use serde_json::{Value, json};
use sqlx::PgPool;
use test_kit::eventually;

use super::{PATIENCE, Stage};
use crate::order::{bulk_line, two_units};
use crate::platform::{Platform, expect};

async fn views(stage: &Stage) -> Result<PgPool> {
    Ok(PgPool::connect(stage.platform.text("read_model_url")).await?)
}

/// Rows of the view `orders` for which that is not true are refused from now on.
async fn refuse_but(views: &PgPool, condition: &str) -> Result<()> {
    let statement =
        format!("alter table orders_1 add constraint poison check ({condition}) not valid");
    sqlx::query(&statement).execute(views).await?;
    Ok(())
}

async fn accept(views: &PgPool) -> Result<()> {
    sqlx::query("alter table orders_1 drop constraint poison")
        .execute(views)
        .await?;
    Ok(())
}

async fn note(platform: &Platform, order_id: &str) -> Result<Value> {
    let body = json!({ "text": "a note", "visibility": "internal" });
    let path = format!("/v1/orders/{order_id}/add-note");
    expect(200, platform.post(&path, &body).send().await?).await
}

/// What an operator is told of the view `orders`.
async fn projection(platform: &Platform) -> Result<Value> {
    expect(200, platform.get("/v1/projections/orders", 0).send().await?).await
}

async fn retry(platform: &Platform) -> Result<()> {
    let url = format!("{}/v1/projections/orders/retry", platform.text("query_url"));
    let request = platform.http.request(Method::POST, url);
    expect(
        200,
        request.bearer_auth(platform.text("token")).send().await?,
    )
    .await?;
    Ok(())
}

/// Waits until the view has taken in all that was parked.
async fn nothing_is_parked(platform: &Platform) {
    eventually("a view that is live and complete", PATIENCE, async || {
        let shown = projection(platform).await.ok()?;
        let parked = shown["parked_orders"].as_array()?;
        (shown["status"] == "live" && parked.is_empty()).then_some(())
    })
    .await;
}

#[tokio::test]
async fn a_poison_event_and_a_retry_while_its_order_goes_on() -> Result<()> {
    let stage = Stage::new().await?;
    let (platform, views) = (stage.platform.clone(), views(&stage).await?);
    let mut order = two_units();
    order["order_id"] = "poisoned".into();
    expect(201, platform.post("/v1/orders", &order).send().await?).await?;
    refuse_but(&views, "order_id <> 'poisoned' or version < 3").await?;
    note(&platform, "poisoned").await?;
    let poison = note(&platform, "poisoned").await?["position"].clone();
    let parked = eventually("a parked order", PATIENCE, async || {
        projection(&platform).await.ok()?["parked_orders"]
            .as_array()?
            .first()
            .cloned()
    })
    .await;
    ensure!(parked["order_id"] == "poisoned", "{parked}");
    ensure!(parked["position"] == poison, "{parked}");
    ensure!(
        parked["error"]
            .as_str()
            .is_some_and(|error| error.contains("poison")),
        "{parked}"
    );

    // Everybody else goes on; of the order there is the last good document.
    stage.more_events(100).await?;
    let shown = expect(200, platform.get("/v1/orders/poisoned", 0).send().await?).await?;
    ensure!(shown["version"] == 2, "{shown}");
    accept(&views).await?;
    for _ in 0..50 {
        note(&platform, "poisoned").await?;
    }
    retry(&platform).await?;
    for _ in 0..50 {
        note(&platform, "poisoned").await?;
    }
    nothing_is_parked(&platform).await;
    drop(platform);
    stage.end_with_others().await
}

#[tokio::test]
async fn a_thousand_poison_events() -> Result<()> {
    let stage = Stage::new().await?;
    let (platform, views) = (stage.platform.clone(), views(&stage).await?);
    refuse_but(&views, "order_id !~ '^poison-'").await?;
    let lines: String = (0..1_000)
        .map(|number| bulk_line(&format!("poison-{number}")))
        .collect();
    let answer = platform
        .http
        .post(format!("{}/v1/bulk", platform.text("command_url")))
        .bearer_auth(platform.text("token"))
        .header("Content-Type", "application/x-ndjson")
        .timeout(PATIENCE)
        .body(lines)
        .send()
        .await?;
    ensure!(answer.status() == 200, "bulk: {}", answer.status());
    let answered = answer.text().await?;
    ensure!(
        answered.lines().count() == 1_000,
        "{} answers",
        answered.lines().count()
    );
    eventually("a view that is faulted", PATIENCE, async || {
        (projection(&platform).await.ok()?["status"] == "faulted").then_some(())
    })
    .await;
    // The others have them.
    let placed = expect(201, platform.post("/v1/orders", &two_units()).send().await?).await?;
    let position = placed["position"].as_i64().context("a position")?;
    let customer = platform.get("/v1/customers/c-42", position).send().await?;
    let customer = expect(200, customer).await?;
    ensure!(customer["orders"].as_i64() > Some(1_000), "{customer}");
    stage.more_events(100).await?;
    accept(&views).await?;
    retry(&platform).await?;
    nothing_is_parked(&platform).await;
    drop(platform);
    stage.end_with_others().await
}

/// Two orders of each of a few customers, in partitions of different projectors, change all the time.
#[tokio::test]
async fn two_partitions_that_write_one_customer() -> Result<()> {
    let stage = Stage::new().await?;
    let mut running = Vec::new();
    for customer in 0..4 {
        for order in 0..2 {
            let order_id = id_in(order * 8 + customer, customer);
            running.push(tokio::spawn(change(
                stage.platform.clone(),
                order_id,
                customer,
            )));
        }
    }
    for changing in running {
        changing.await??;
    }
    stage.end_with_others().await
}

/// An id of an order that belongs to this partition of sixteen.
fn id_in(partition: u16, customer: u16) -> String {
    // One in sixteen is.
    (0..10_000)
        .map(|number| format!("customer-{customer}-{number}"))
        .find(|id| read_model::partition_of(id, 16) == partition)
        .unwrap_or_default()
}

async fn change(platform: Arc<Platform>, order_id: String, customer: u16) -> Result<()> {
    let mut order = two_units();
    order["order_id"] = order_id.as_str().into();
    order["customer"]["customer_id"] = format!("shared-{customer}").into();
    expect(201, platform.post("/v1/orders", &order).send().await?).await?;
    for number in 0..60 {
        let line = json!({ "line_id": format!("l-{number}"), "sku": "SKU-1", "name": "Teapot", "quantity": 1, "unit_price": 100 + number });
        let body = json!({
            "changes": [{ "op": "add_line", "line": line }], "reason": "one more"
        });
        let path = format!("/v1/orders/{order_id}/revise");
        expect(200, platform.post(&path, &body).send().await?)
            .await
            .with_context(|| order_id.clone())?;
    }
    Ok(())
}
