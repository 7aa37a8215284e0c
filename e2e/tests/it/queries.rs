//! What the query API promises of orders that live: reading one's own writes, the past, and events that are heard once.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use futures::{StreamExt, TryStreamExt, stream};
use reqwest::Response;
use serde_json::{Value, json};

use crate::order::{bulk_line, two_units};
use crate::platform::{DataDir, Platform, expect};

/// Whether tests run at their full size, which takes long.
fn scaled(usual: usize, deep: usize) -> usize {
    match std::env::var_os("TEST_DEEP") {
        Some(_) => deep,
        None => usual,
    }
}

#[tokio::test]
async fn every_version_of_an_order_is_what_was_shown_then() -> Result<()> {
    let data_dir = DataDir::new()?;
    let platform = Platform::start(&data_dir, &[]).await?;
    let versions: Vec<usize> = stream::iter(0..scaled(16, 1_000))
        .map(|number| live(&platform, number))
        .buffer_unordered(4)
        .try_collect()
        .await?;
    let versions: usize = versions.iter().sum();
    ensure!(versions > scaled(100, 8_000), "only {versions} versions");
    report(&format!("{versions} versions were what was shown"));
    platform.stop().await
}

/// Lives an order's life at random, and compares each version with what was shown of it; says how many there were.
async fn live(platform: &Platform, number: usize) -> Result<usize> {
    let mut dice = Dice(u64::try_from(number)? * 7_919 + 1);
    let mut first = two_units();
    first["order_id"] = json!(format!("life-{number}"));
    first["draft"] = json!(number.is_multiple_of(3));
    let placed = expect(201, platform.post("/v1/orders", &first).send().await?).await?;
    let path = format!("/v1/orders/life-{number}");
    let mut position = placed["position"].as_i64().context("position")?;
    let mut shown: BTreeMap<i64, String> = BTreeMap::new();
    for step in 0..24 {
        let text = platform.get(&path, position).send().await?.text().await?;
        let order: Value = serde_json::from_str(&text)?;
        let version = order["version"].as_i64().context("version")?;
        shown.insert(version, text);
        let Some((command, body)) = wish(&order, &mut dice, step) else {
            continue;
        };
        let answer = platform
            .post(&format!("{path}/{command}"), &body)
            .send()
            .await?;
        match answer.status().as_u16() {
            200 => {
                position = expect(200, answer).await?["position"]
                    .as_i64()
                    .context("position")?;
            }
            // A wish that the order's state does not allow.
            409 => {}
            status => anyhow::bail!("{command}: {status} {}", answer.text().await?),
        }
    }
    for (version, text) in &shown {
        let then = platform.get(&format!("{path}?version={version}"), position);
        let then = then.send().await?.text().await?;
        ensure!(
            then == *text,
            "version {version}: {then}\nwas shown as {text}"
        );
        let order: Value = serde_json::from_str(text)?;
        let updated = order["updated_at"].as_str().context("updated_at")?;
        let at = platform.get(&format!("{path}?at={updated}"), position);
        let at = at.send().await?.text().await?;
        ensure!(at == *text, "at {updated}: {at}\nwas shown as {text}");
    }
    // The last command may have led to several events.
    let now = platform.get(&path, position).send().await?;
    let last = expect(200, now).await?["version"].as_i64();
    let beyond = last.context("version")? + 1;
    let beyond = platform.get(&format!("{path}?version={beyond}"), position);
    expect(404, beyond.send().await?).await?;
    Ok(shown.len())
}

/// Something that could be asked of an order now.
fn wish(order: &Value, dice: &mut Dice, step: usize) -> Option<(String, Value)> {
    let allowed = order["allowed_commands"].as_array()?;
    let command = allowed[dice.roll(allowed.len())].as_str()?;
    let line = &order["lines"][0]["line_id"];
    let id_in = |list: &str, id: &str| {
        order[list]
            .as_array()
            .and_then(|all| all.last())
            .map(|last| last[id].clone())
    };
    let (id, due) = (format!("x-{step}"), order["amounts"]["due"].as_i64()?);
    let units = json!([{ "line_id": line, "quantity": 1 }]);
    let address = json!({ "name": "Ada", "line1": id, "city": "Bonn", "country": "DE" });
    let body = match command {
        // These end a life early.
        "cancel" | "reject" | "discard" if step < 20 => return None,
        "cancel" | "reject" => json!({ "reason": "why not" }),
        "place" | "confirm" | "discard" => json!({}),
        "hold" => json!({ "hold_id": id, "reason": "fraud_check" }),
        "release-hold" => json!({ "hold_id": id_in("holds", "hold_id")? }),
        "authorize-payment" => {
            json!({ "payment_id": id, "amount": due.max(1), "provider": "acme" })
        }
        "capture-payment" => {
            json!({ "payment_id": id_in("payments", "payment_id")?, "amount": 1 + due / 2 })
        }
        "void-payment" | "record-payment-failure" => {
            json!({ "payment_id": id_in("payments", "payment_id").unwrap_or(json!(id)), "reason": "declined" })
        }
        "ship" => json!({ "shipment_id": id, "lines": units }),
        "deliver" => json!({ "shipment_id": id_in("shipments", "shipment_id")? }),
        "cancel-lines" => json!({ "lines": units, "reason": "too many" }),
        "request-return" => json!({ "return_id": id, "lines": units }),
        "approve-return" => json!({ "return_id": id_in("returns", "return_id")? }),
        "decline-return" => {
            json!({ "return_id": id_in("returns", "return_id")?, "reason": "worn" })
        }
        "receive-return" => json!({ "return_id": id_in("returns", "return_id")?, "lines":
            [{ "line_id": line, "quantity": 1, "condition": "sellable", "restock": true }] }),
        "refund" => json!({ "refund_id": id, "amount": 100, "reason": "goodwill" }),
        "settle-refund" => {
            json!({ "refund_id": id_in("refunds", "refund_id")?, "outcome": "succeeded" })
        }
        "add-note" => json!({ "text": "a note \"in quotes\", ä" }),
        "tag" => json!({ "tag": id }),
        "untag" => json!({ "tag": order["tags"].as_array()?.last()? }),
        "change-shipping-address" | "change-billing-address" => json!({ "address": address }),
        "add-line" => added(&id),
        "change-line-quantity" => json!({ "line_id": line, "quantity": 2 + step }),
        "remove-line" => json!({ "line_id": id_in("lines", "line_id")? }),
        "set-shipping" => json!({ "method": id, "amount": 100 + step }),
        "revise" => {
            json!({ "reason": "more", "changes": [{ "op": "add_line", "line": added(&id) }] })
        }
        _ => return None,
    };
    Some((command.to_owned(), body))
}

fn added(id: &str) -> Value {
    json!({ "line_id": id, "sku": format!("SKU-{id}"), "name": "More", "quantity": 2, "unit_price": 333, "tax_rate": "0.07" })
}

/// Numbers that look random and are the same in every run.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap_or(0) % sides.max(1)
    }
}

#[tokio::test]
async fn every_write_is_in_the_next_read() -> Result<()> {
    let data_dir = DataDir::new()?;
    let platform = Platform::start(&data_dir, &[]).await?;
    let writes = scaled(100, 10_000);
    let mut waits: [Vec<Duration>; 2] = Default::default();
    for _ in 0..writes {
        let placed = expect(201, platform.post("/v1/orders", &two_units()).send().await?).await?;
        let id = placed["order_id"].as_str().context("order_id")?;
        let position = placed["position"].as_i64().context("position")?;
        let one = format!("/v1/orders/{id}");
        for (path, waits) in [one.as_str(), "/v1/orders?limit=1"]
            .into_iter()
            .zip(&mut waits)
        {
            let asked = Instant::now();
            let answer = platform.get(path, position).send().await?;
            let complete: i64 = answer.headers()["log-position"].to_str()?.parse()?;
            let shown = expect(200, answer).await?;
            waits.push(asked.elapsed());
            ensure!(
                complete >= position,
                "{path}: {complete} is before {position}"
            );
            let order = if shown["items"].is_array() {
                &shown["items"][0]
            } else {
                &shown
            };
            ensure!(
                order["order_id"] == id,
                "{path} does not show {id}: {shown}"
            );
            ensure!(order["position"] == position, "{path}: {order}");
        }
    }
    for (what, mut waits) in ["one order", "list"].into_iter().zip(waits) {
        waits.sort();
        let part = |percent: usize| waits[(waits.len() - 1) * percent / 100].as_micros();
        report(&format!(
            "{writes} reads of {what} after a write: p50 {} µs, p99 {} µs, longest {} µs",
            part(50),
            part(99),
            part(100)
        ));
    }
    platform.stop().await
}

#[tokio::test]
async fn a_stream_that_is_cut_again_and_again_tells_every_event_once() -> Result<()> {
    const CUTS: usize = 100;
    let data_dir = DataDir::new()?;
    let platform = Platform::start(&data_dir, &["--projectors", "2"]).await?;
    let orders = scaled(2_000, 50_000);
    let uploading = async {
        for number in (0..orders).step_by(200) {
            let lines: String = (number..orders.min(number + 200))
                .map(|order| bulk_line(&format!("o-{order}")))
                .collect();
            let upload = platform
                .http
                .post(format!("{}/v1/bulk", platform.text("command_url")))
                .bearer_auth(platform.text("token"))
                .header("Content-Type", "application/x-ndjson")
                .body(lines);
            ensure!(
                upload
                    .send()
                    .await?
                    .text()
                    .await?
                    .lines()
                    .all(|line| line.contains("\"status\":201"))
            );
        }
        Ok(())
    };
    let listening = async {
        let mut heard: Vec<i64> = Vec::new();
        let mut cuts = 0;
        while heard.len() < orders {
            let last = heard.last().copied().unwrap_or(0);
            let answer = platform
                .get("/v1/stream?after_position=0", 0)
                .header("Accept", "text/event-stream")
                .header("Last-Event-ID", last)
                .send()
                .await?;
            let most = (orders / CUTS).min(orders - heard.len());
            hear(answer, most, &mut heard).await?;
            cuts += 1;
        }
        ensure!(cuts >= CUTS, "only {cuts} times");
        Ok(heard)
    };
    let (heard, ()) = tokio::try_join!(listening, uploading)?;
    let expected: Vec<i64> = (1..=i64::try_from(orders)?).collect();
    ensure!(heard == expected, "not every position once, in order");
    platform.stop().await
}

/// Listens to so many events, and cuts the connection.
async fn hear(mut answer: Response, most: usize, heard: &mut Vec<i64>) -> Result<()> {
    ensure!(answer.status() == 200, "{}", answer.text().await?);
    let mut text = String::new();
    let enough = heard.len() + most;
    while heard.len() < enough {
        let chunk = answer.chunk().await?.context("the stream ended")?;
        text.push_str(std::str::from_utf8(&chunk)?);
        while let Some((block, rest)) = text.split_once("\n\n") {
            let id = block.lines().find_map(|line| line.strip_prefix("id: "));
            if let Some(id) = id
                && heard.len() < enough
            {
                heard.push(id.parse()?);
            }
            text = rest.to_owned();
        }
    }
    Ok(())
}

/// A figure for whoever runs the test with `--nocapture`.
fn report(figure: &str) {
    drop(writeln!(std::io::stderr(), "{figure}"));
}
