//! Orders of TPC-H, made and totalled by somebody else (crate `tpchgen`): a sample of them through
//! both APIs, each line of theirs shipped and delivered if they call it fulfilled. All 15,000 of scale
//! 0.01 go through the domain in its own tests, and are placed over HTTP by `make demo`.

use std::collections::BTreeSet;
use std::iter::Peekable;

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use tpchgen::generators::{LineItem, LineItemGenerator, Order, OrderGenerator, OrderStatus};

use crate::platform::{DataDir, Platform, expect};

/// 1,500 orders.
const SCALE: f64 = 0.001;
/// Of so many orders one is in the sample.
const ONE_IN: usize = 5;

/// An order of theirs as commands of ours, and what must come of it.
struct Sample {
    id: String,
    commands: Vec<(&'static str, Value)>,
    expected: Value,
}

impl Sample {
    fn new(order: &Order<'_>, items: &[LineItem<'_>]) -> Self {
        let id = format!("tpch-{}", order.o_orderkey);
        // In cents; they cut off fractions of cents, line by line.
        let total = order.o_totalprice.into_inner();
        let placed = json!({
            "order_id": id, "currency": "USD", "rounding": "down",
            "customer": { "customer_id": format!("tpch-{}", order.o_custkey) },
            "lines": items.iter().map(line).collect::<Vec<_>>(),
            "shipping_address": {
                "name": "A customer", "line1": "1 Main Street", "city": "Springfield", "country": "US"
            },
        });
        let payment = json!({ "payment_id": "p", "amount": total });
        let mut commands = vec![
            ("place", placed),
            ("confirm", json!({})),
            ("authorize-payment", payment.clone()),
            ("capture-payment", payment),
        ];
        let fulfilled: Vec<_> = items
            .iter()
            .filter(|item| item.l_linestatus == "F")
            .map(|item| json!({ "line_id": item.l_linenumber.to_string(), "quantity": item.l_quantity }))
            .collect();
        if !fulfilled.is_empty() {
            commands.push(("ship", json!({ "shipment_id": "s", "lines": fulfilled })));
            commands.push(("deliver", json!({ "shipment_id": "s" })));
        }
        let (status, fulfillment) = statuses(order.o_orderstatus);
        let before_discounts: i64 = items
            .iter()
            .map(|item| item.l_extendedprice.into_inner())
            .sum();
        Self {
            id,
            commands,
            expected: json!({
                "status": status, "fulfillment_status": fulfillment, "payment_status": "paid",
                "subtotal": before_discounts, "total": total, "due": total, "captured": total,
                "balance": 0,
            }),
        }
    }

    /// Its commands as lines of an upload.
    fn upload(&self) -> String {
        let mut text = String::new();
        for (number, (command, data)) in self.commands.iter().enumerate() {
            let order_id = (number > 0).then_some(&self.id);
            let line = json!({
                "command": command, "order_id": order_id,
                "idempotency_key": format!("{}-{number}", self.id), "data": data,
            });
            text.push_str(&line.to_string());
            text.push('\n');
        }
        text
    }
}

/// A line of theirs as one of ours: discount and tax are hundredths, the price is that of all units.
fn line(item: &LineItem<'_>) -> Value {
    let off = item.l_discount.into_inner();
    let discount = json!({ "code": "L", "type": "percentage", "value": off.to_string() });
    json!({
        "line_id": item.l_linenumber.to_string(),
        "sku": format!("part-{}", item.l_partkey),
        "name": "A part",
        "quantity": item.l_quantity,
        "unit_price": item.l_extendedprice.into_inner() / item.l_quantity,
        "tax_rate": format!("0.{:02}", item.l_tax.into_inner()),
        "discounts": if off > 0 { vec![discount] } else { vec![] },
    })
}

/// What an order's status of theirs is here: `status` and `fulfillment_status`.
fn statuses(theirs: OrderStatus) -> (&'static str, &'static str) {
    match theirs {
        OrderStatus::Fulfilled => ("completed", "delivered"),
        OrderStatus::Open => ("confirmed", "unfulfilled"),
        OrderStatus::Pending => ("confirmed", "partially_delivered"),
    }
}

fn samples() -> Vec<Sample> {
    let mut items = LineItemGenerator::new(SCALE, 1, 1).iter().peekable();
    let orders = OrderGenerator::new(SCALE, 1, 1);
    let all = orders
        .iter()
        .map(|order| Sample::new(&order, &items_of(order.o_orderkey, &mut items)));
    all.step_by(ONE_IN).collect()
}

fn items_of<'a>(
    order_key: i64,
    items: &mut Peekable<impl Iterator<Item = LineItem<'a>>>,
) -> Vec<LineItem<'a>> {
    let mut of_order = Vec::new();
    while let Some(item) = items.next_if(|item| item.l_orderkey == order_key) {
        of_order.push(item);
    }
    of_order
}

/// Sends all commands in one upload; the position of the last event.
async fn carry_out(platform: &Platform, samples: &[Sample]) -> Result<i64> {
    let commands: usize = samples.iter().map(|sample| sample.commands.len()).sum();
    let answer = platform
        .http
        .post(format!("{}/v1/bulk", platform.text("command_url")))
        .bearer_auth(platform.text("token"))
        .header("Content-Type", "application/x-ndjson")
        .body(samples.iter().map(Sample::upload).collect::<String>())
        .timeout(std::time::Duration::from_secs(300))
        .send()
        .await?;
    let answers = answer.text().await?;
    let (mut answered, mut last) = (0, 0);
    for line in answers.lines() {
        let answer: Value = serde_json::from_str(line)?;
        let status = answer["status"].as_i64().context("status")?;
        ensure!((200..300).contains(&status), "refused: {line}");
        let position = answer["body"]["position"].as_i64().context("position")?;
        (answered, last) = (answered + 1, last.max(position));
    }
    assert_eq!(answered, commands);
    Ok(last)
}

/// What is expected of an order, as the query API shows it.
async fn shown(platform: &Platform, sample: &Sample, position: i64) -> Result<Value> {
    let path = format!("/v1/orders/{}", sample.id);
    let order = expect(200, platform.get(&path, position).send().await?).await?;
    let amounts = &order["amounts"];
    Ok(json!({
        "status": order["status"], "fulfillment_status": order["fulfillment_status"],
        "payment_status": order["payment_status"], "subtotal": amounts["subtotal"],
        "total": amounts["total"], "due": amounts["due"], "captured": amounts["captured"],
        "balance": amounts["balance"],
    }))
}

#[tokio::test]
async fn every_total_and_status_of_a_sample_is_what_the_generator_says() -> Result<()> {
    let data_dir = DataDir::new()?;
    let platform = Platform::start(&data_dir, &[]).await?;
    let samples = samples();
    assert_eq!(samples.len(), 300);
    let in_sample: BTreeSet<_> = samples
        .iter()
        .map(|sample| sample.expected["fulfillment_status"].as_str())
        .collect();
    assert_eq!(in_sample.len(), 3, "each status is in the sample");
    let position = carry_out(&platform, &samples).await?;
    for sample in &samples {
        let shown = shown(&platform, sample, position).await?;
        assert_eq!(shown, sample.expected, "{}", sample.id);
    }
    platform.stop().await
}
