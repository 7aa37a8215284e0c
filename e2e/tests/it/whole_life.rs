//! One order through almost everything that can happen to one, each amount worked out by hand.

use anyhow::{Context, Result};
use serde_json::{Value, json};

use crate::platform::{DataDir, Platform, expect};

/// Three teapots and two cups, 8.00 off, and shipping.
///
/// The discount splits 600 : 200 over 6000 : 2000. Teapots: 5400 + 19 % 1026 = 6426, so 2142 each.
/// Cups: 1800 + 7 % 126 = 1926, so 963 each. Shipping: 500 + 19 % 95 = 595. Total 8947.
fn ordered() -> Value {
    json!({
        "order_id": "o-1", "currency": "EUR", "customer": { "customer_id": "c-42" },
        "lines": [
            { "line_id": "pot", "sku": "TEAPOT", "name": "Teapot", "quantity": 3,
              "unit_price": 2000, "tax_rate": "0.19" },
            { "line_id": "cup", "sku": "CUP", "name": "Cup", "quantity": 2,
              "unit_price": 1000, "tax_rate": "0.07" },
        ],
        "discounts": [{ "code": "WELCOME", "type": "fixed", "amount": 800 }],
        "shipping": { "method": "standard", "amount": 500, "tax_rate": "0.19" },
        "shipping_address": {
            "name": "Ada Lovelace", "line1": "1 Main Street", "city": "Berlin", "country": "DE"
        },
        "expected_total": 8947,
    })
}

/// The amounts of [`ordered`].
fn placed() -> Value {
    json!({
        "subtotal": 8000, "discount_total": 800, "shipping_total": 500, "tax_total": 1247,
        "total": 8947, "cancelled_total": 0, "returned_total": 0, "credited_total": 0,
        "due": 8947, "authorized": 0, "captured": 0, "refunded": 0, "balance": 8947,
    })
}

/// A command, its body, and the amounts that it changes.
type Step = (&'static str, Value, Value);

fn until_shipped() -> Vec<Step> {
    vec![
        // A saucer: 700 + 7 % 49. A cup back: 963. Express: 900 + 19 % 171 instead of 500 + 95.
        (
            "revise",
            json!({ "reason": "customer called", "changes": [
                { "op": "add_line", "line": { "line_id": "saucer", "sku": "SAUCER",
                  "name": "Saucer", "quantity": 1, "unit_price": 700, "tax_rate": "0.07" } },
                { "op": "cancel_units", "line_id": "cup", "quantity": 1 },
                { "op": "set_shipping", "shipping":
                  { "method": "express", "amount": 900, "tax_rate": "0.19" } },
            ] }),
            // 8947 + 749 − 595 + 1071 = 10172, less 963.
            json!({ "subtotal": 8700, "shipping_total": 900, "tax_total": 1372, "total": 10172,
                    "cancelled_total": 963, "due": 9209, "balance": 9209 }),
        ),
        (
            "authorize-payment",
            json!({ "payment_id": "p-1", "amount": 3000, "provider": "acme" }),
            json!({ "authorized": 3000 }),
        ),
        (
            "authorize-payment",
            json!({ "payment_id": "p-2", "amount": 6209, "provider": "bank" }),
            json!({ "authorized": 9209 }),
        ),
        ("confirm", json!({}), json!({})),
        (
            "capture-payment",
            json!({ "payment_id": "p-1", "amount": 3000 }),
            json!({ "captured": 3000, "balance": 6209 }),
        ),
        (
            "capture-payment",
            json!({ "payment_id": "p-2", "amount": 6209 }),
            json!({ "captured": 9209, "balance": 0 }),
        ),
        (
            "ship",
            json!({ "shipment_id": "s-1", "lines": [
                { "line_id": "pot", "quantity": 2 }, { "line_id": "cup", "quantity": 1 },
            ] }),
            json!({}),
        ),
        // One teapot of three: 6426 / 3 = 2142.
        (
            "cancel-lines",
            json!({ "lines": [{ "line_id": "pot", "quantity": 1 }], "reason": "sold out" }),
            json!({ "cancelled_total": 3105, "due": 7067, "balance": -2142 }),
        ),
        (
            "ship",
            json!({ "shipment_id": "s-2", "lines": [{ "line_id": "saucer", "quantity": 1 }] }),
            json!({}),
        ),
    ]
}

fn until_completed() -> Vec<Step> {
    vec![
        ("deliver", json!({ "shipment_id": "s-1" }), json!({})),
        ("deliver", json!({ "shipment_id": "s-2" }), json!({})),
        (
            "request-return",
            json!({ "return_id": "r-1", "lines": [{ "line_id": "pot", "quantity": 1 }] }),
            json!({}),
        ),
        ("approve-return", json!({ "return_id": "r-1" }), json!({})),
        // The second of three teapots to come back: 4284 − 2142.
        (
            "receive-return",
            json!({ "return_id": "r-1", "lines": [
                { "line_id": "pot", "quantity": 1, "condition": "damaged", "restock": false },
            ] }),
            json!({ "returned_total": 2142, "due": 4925, "balance": -4284 }),
        ),
        // For the cancelled one: all of it from p-1, of which 858 are left then.
        (
            "refund",
            json!({ "refund_id": "f-1", "amount": 2142, "reason": "sold out" }),
            json!({}),
        ),
        // For the returned one: 858 from p-1 and 1284 from p-2.
        (
            "refund",
            json!({ "refund_id": "f-2", "amount": 2142, "reason": "damaged", "return_id": "r-1" }),
            json!({}),
        ),
        (
            "settle-refund",
            json!({ "refund_id": "f-1", "outcome": "succeeded" }),
            json!({ "refunded": 2142, "balance": -2142 }),
        ),
        (
            "settle-refund",
            json!({ "refund_id": "f-2", "payment_id": "p-1", "outcome": "succeeded" }),
            json!({ "refunded": 3000, "balance": -1284 }),
        ),
        (
            "settle-refund",
            json!({ "refund_id": "f-2", "payment_id": "p-2", "outcome": "succeeded" }),
            json!({ "refunded": 4284, "balance": 0 }),
        ),
    ]
}

#[tokio::test]
async fn every_amount_is_what_was_worked_out_by_hand() -> Result<()> {
    let data_dir = DataDir::new()?;
    let platform = Platform::start(&data_dir, &[]).await?;
    let mut done = expect(201, platform.post("/v1/orders", &ordered()).send().await?).await?;
    let mut expected = placed();
    assert_eq!(order(&platform, &done).await?["amounts"], expected);
    for (command, body, changes) in until_shipped().into_iter().chain(until_completed()) {
        let path = format!("/v1/orders/o-1/{command}");
        assert_ne!(done["order_status"], "completed", "before {command} {body}");
        done = expect(200, platform.post(&path, &body).send().await?)
            .await
            .context(command)?;
        for (member, amount) in changes.as_object().context("changes")? {
            expected[member] = amount.clone();
        }
        let shown = order(&platform, &done).await?;
        assert_eq!(shown["amounts"], expected, "after {command} {body}");
    }

    let shown = order(&platform, &done).await?;
    for (member, value) in [
        ("status", "completed"),
        ("payment_status", "partially_refunded"),
        ("fulfillment_status", "delivered"),
        ("return_status", "closed"),
    ] {
        assert_eq!(shown[member], value, "{member}");
    }
    let parts = json!([
        { "payment_id": "p-1", "amount": 858, "status": "succeeded", "provider_reference": null },
        { "payment_id": "p-2", "amount": 1284, "status": "succeeded", "provider_reference": null },
    ]);
    assert_eq!(shown["refunds"][1]["parts"], parts);
    assert_eq!(shown["refunds"][1]["credit"], 0);
    assert_eq!(shown["returns"][0]["amount"], 2142);
    platform.stop().await
}

/// The order as the query API shows it after a command.
async fn order(platform: &Platform, done: &Value) -> Result<Value> {
    let position = done["position"].as_i64().context("position")?;
    expect(200, platform.get("/v1/orders/o-1", position).send().await?).await
}
