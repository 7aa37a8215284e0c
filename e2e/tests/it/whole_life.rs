//! One order through almost everything that can happen to one, sent by `docs/one-order.sh`: each
//! amount that this prints is worked out here by hand.

use std::process::Stdio;

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use tokio::process::Command;

use crate::platform::{DataDir, Platform, expect};

const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/one-order.sh");

/// A command, the order's status after it, and the amounts that it changes.
type Step = (&'static str, &'static str, Value);

/// Three teapots at 20.00 and 19 %, two cups at 10.00 and 7 %, 8.00 off, shipping 5.00 and 19 %.
///
/// The discount splits 600 : 200 over 6000 : 2000. Teapots: 5400 + 19 % 1026 = 6426, so 2142 each.
/// Cups: 1800 + 7 % 126 = 1926, so 963 each. Shipping: 500 + 19 % 95 = 595. Total 8947.
fn placed() -> Value {
    json!({
        "subtotal": 8000, "discount_total": 800, "shipping_total": 500, "tax_total": 1247,
        "total": 8947, "cancelled_total": 0, "returned_total": 0, "credited_total": 0,
        "due": 8947, "authorized": 0, "captured": 0, "refunded": 0, "balance": 8947,
    })
}

fn until_shipped() -> Vec<Step> {
    vec![
        ("place", "placed", placed()),
        // A saucer: 700 + 7 % 49. A cup back: 963. Express: 900 + 19 % 171 instead of 500 + 95.
        // 8947 + 749 − 595 + 1071 = 10172, less 963.
        (
            "revise",
            "placed",
            json!({ "subtotal": 8700, "shipping_total": 900, "tax_total": 1372, "total": 10172,
                    "cancelled_total": 963, "due": 9209, "balance": 9209 }),
        ),
        ("authorize-payment", "placed", json!({ "authorized": 3000 })),
        ("authorize-payment", "placed", json!({ "authorized": 9209 })),
        ("confirm", "confirmed", json!({})),
        (
            "capture-payment",
            "confirmed",
            json!({ "captured": 3000, "balance": 6209 }),
        ),
        (
            "capture-payment",
            "confirmed",
            json!({ "captured": 9209, "balance": 0 }),
        ),
        ("ship", "confirmed", json!({})),
        // One teapot of three: 6426 / 3 = 2142.
        (
            "cancel-lines",
            "confirmed",
            json!({ "cancelled_total": 3105, "due": 7067, "balance": -2142 }),
        ),
        ("ship", "confirmed", json!({})),
    ]
}

fn until_completed() -> Vec<Step> {
    vec![
        ("deliver", "confirmed", json!({})),
        ("deliver", "confirmed", json!({})),
        ("request-return", "confirmed", json!({})),
        ("approve-return", "confirmed", json!({})),
        // The second of three teapots to be taken back: 4284 − 2142.
        (
            "receive-return",
            "confirmed",
            json!({ "returned_total": 2142, "due": 4925, "balance": -4284 }),
        ),
        // For the cancelled one: all of it from p-1, of which 858 are left then.
        ("refund", "confirmed", json!({})),
        // For the returned one: 858 from p-1 and 1284 from p-2.
        ("refund", "confirmed", json!({})),
        (
            "settle-refund",
            "confirmed",
            json!({ "refunded": 2142, "balance": -2142 }),
        ),
        (
            "settle-refund",
            "confirmed",
            json!({ "refunded": 3000, "balance": -1284 }),
        ),
        (
            "settle-refund",
            "completed",
            json!({ "refunded": 4284, "balance": 0 }),
        ),
    ]
}

#[tokio::test]
async fn with_curl_only_every_amount_is_what_was_worked_out_by_hand() -> Result<()> {
    let data_dir = DataDir::new()?;
    let platform = Platform::start(&data_dir, &[]).await?;
    let printed = run_script(&platform).await?;
    let mut lines = printed.lines();
    let mut expected = json!({});
    for (command, status, changes) in until_shipped().into_iter().chain(until_completed()) {
        for (member, amount) in changes.as_object().context("changes")? {
            expected[member] = amount.clone();
        }
        let line = lines.next().context(command)?;
        let mut words = line.splitn(3, ' ');
        assert_eq!(words.next(), Some(command), "{line}");
        assert_eq!(words.next(), Some(status), "{line}");
        let amounts: Value = serde_json::from_str(words.next().context(command)?)?;
        assert_eq!(amounts, expected, "after {command}");
    }

    let last = lines.next().context("the order's id")?;
    let id = last.strip_prefix("order ").context("the order's id")?;
    let shown = expect(
        200,
        platform.get(&format!("/v1/orders/{id}"), 0).send().await?,
    )
    .await?;
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

#[tokio::test]
async fn a_problem_ends_the_script_and_is_shown() -> Result<()> {
    let data_dir = DataDir::new()?;
    let platform = Platform::start(&data_dir, &[]).await?;
    let output = script(&platform).env("TOKEN", "none").output().await?;
    let (out, err) = (
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr),
    );
    assert!(!output.status.success(), "{out}{err}");
    assert_eq!(out.lines().count(), 0, "{out}");
    assert!(err.contains("/problems/unauthenticated"), "{err}");
    platform.stop().await
}

#[tokio::test]
async fn without_curl_the_script_says_what_it_needs() -> Result<()> {
    let output = Command::new("/bin/sh")
        .arg(SCRIPT)
        .env_clear()
        .env("PATH", "/nowhere")
        .env("TOKEN", "some")
        .output()
        .await?;
    assert!(!output.status.success());
    let told = String::from_utf8(output.stderr)?;
    assert_eq!(told, "one-order.sh: curl is needed\n");
    Ok(())
}

/// The script, against this platform.
fn script(platform: &Platform) -> Command {
    let mut command = Command::new("/bin/sh");
    command
        .arg(SCRIPT)
        .env("COMMANDS", platform.text("command_url"))
        .env("QUERIES", platform.text("query_url"))
        .env("TOKEN", platform.text("token"))
        .env("NO_PROXY", "*")
        .stdin(Stdio::null())
        .kill_on_drop(true);
    command
}

/// What the script prints.
async fn run_script(platform: &Platform) -> Result<String> {
    let output = script(platform).output().await?;
    ensure!(
        output.status.success(),
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    Ok(String::from_utf8(output.stdout)?)
}
