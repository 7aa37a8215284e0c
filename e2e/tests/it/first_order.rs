//! From a POST to a view: the whole way of one order, and what stays after the platform stopped.

use anyhow::{Context, Result};
use nix::sys::signal::kill;
use serde_json::{Value, json};

use crate::order::{TOTAL, two_units};
use crate::platform::{DataDir, Platform, expect};

#[tokio::test]
async fn a_posted_order_is_served_through_its_whole_life() -> Result<()> {
    let data_dir = DataDir::new()?;
    let platform = Platform::start(&data_dir, &[]).await?;
    let placed = expect(201, platform.post("/v1/orders", &two_units()).send().await?).await?;
    let id = placed["order_id"].as_str().context("order_id")?.to_owned();
    let mut position = placed["position"].as_i64().context("position")?;

    let shown = expect(
        200,
        platform
            .get(&format!("/v1/orders/{id}"), position)
            .send()
            .await?,
    )
    .await?;
    assert_eq!(shown["status"], "placed");
    assert_eq!(shown["amounts"]["total"], TOTAL);
    assert_eq!(shown["order_number"], placed["order_number"]);

    let steps = [
        (
            "authorize-payment",
            json!({ "payment_id": "p-1", "amount": TOTAL, "provider": "acme" }),
        ),
        ("confirm", json!({})),
        (
            "capture-payment",
            json!({ "payment_id": "p-1", "amount": TOTAL }),
        ),
        (
            "ship",
            json!({ "shipment_id": "s-1", "lines": [{ "line_id": "1", "quantity": 2 }] }),
        ),
        ("deliver", json!({ "shipment_id": "s-1" })),
    ];
    for (command, body) in steps {
        let path = format!("/v1/orders/{id}/{command}");
        let done = expect(200, platform.post(&path, &body).send().await?)
            .await
            .context(command)?;
        position = done["position"].as_i64().context("position")?;
    }

    let shown = expect(
        200,
        platform
            .get(&format!("/v1/orders/{id}"), position)
            .send()
            .await?,
    )
    .await?;
    assert_eq!(shown["status"], "completed");
    assert_eq!(shown["payment_status"], "paid");
    assert_eq!(shown["fulfillment_status"], "delivered");
    assert_eq!(shown["amounts"]["balance"], 0);
    assert_eq!(
        shown["version"], 7,
        "six commands, and the completion came by itself"
    );

    let timeline = timeline(&platform, &id, position).await?;
    let types: Vec<&str> = timeline
        .iter()
        .filter_map(|entry| entry["type"].as_str())
        .collect();
    assert_eq!(
        types,
        [
            "OrderPlaced",
            "PaymentAuthorized",
            "OrderConfirmed",
            "PaymentCaptured",
            "ShipmentCreated",
            "ShipmentDelivered",
            "OrderCompleted",
        ]
    );
    assert_eq!(
        timeline[2]["changes"],
        json!([{ "path": "/status", "from": "placed", "to": "confirmed" }])
    );
    platform.stop().await
}

#[tokio::test]
async fn what_was_ordered_yesterday_is_there_after_the_next_start() -> Result<()> {
    let data_dir = DataDir::new()?;
    let platform = Platform::start(&data_dir, &["--split"]).await?;
    let placed = expect(201, platform.post("/v1/orders", &two_units()).send().await?).await?;
    let pids: Vec<_> = [
        "command-api",
        "query-api",
        "projector-1",
        "nats",
        "postgres",
    ]
    .into_iter()
    .map(|name| platform.pid(name))
    .collect::<Result<_>>()?;
    platform.stop().await?;
    for pid in pids {
        assert!(
            kill(pid, None).is_err(),
            "process {pid} outlived the platform"
        );
    }

    let platform = Platform::start(&data_dir, &[]).await?;
    let path = format!(
        "/v1/orders/by-number/{}",
        placed["order_number"].as_str().context("number")?
    );
    let position = placed["position"].as_i64().context("position")?;
    let shown = expect(200, platform.get(&path, position).send().await?).await?;
    assert_eq!(shown["order_id"], placed["order_id"]);
    platform.stop().await
}

async fn timeline(platform: &Platform, id: &str, position: i64) -> Result<Vec<Value>> {
    let path = format!("/v1/orders/{id}/timeline");
    let page = expect(200, platform.get(&path, position).send().await?).await?;
    Ok(page["items"].as_array().context("items")?.clone())
}
