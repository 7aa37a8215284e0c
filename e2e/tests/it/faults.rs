//! Bad days: what users were told stays true when a part of the platform is away or killed.

use std::collections::BTreeSet;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use futures::{StreamExt, TryStreamExt, stream};
use nix::sys::signal::Signal;
use serde_json::Value;
use tokio::io::AsyncBufReadExt;

use crate::order::{bulk_line, two_units};
use crate::platform::{DataDir, Platform, expect};
use crate::truth;

#[tokio::test]
async fn commands_succeed_while_the_broker_is_stopped_and_the_views_catch_up() -> Result<()> {
    const COMMANDS: usize = 1_000;
    let data_dir = DataDir::new()?;
    let platform = Platform::start(&data_dir, &["--split", "--projectors", "2"]).await?;
    platform.signal("nats", Signal::SIGSTOP)?;
    let positions: Vec<i64> = stream::iter(0..COMMANDS)
        .map(async |_| {
            let placed =
                expect(201, platform.post("/v1/orders", &two_units()).send().await?).await?;
            placed["position"].as_i64().context("position")
        })
        .buffer_unordered(32)
        .try_collect()
        .await?;
    platform.signal("nats", Signal::SIGCONT)?;

    let distinct: BTreeSet<i64> = positions.iter().copied().collect();
    assert_eq!(
        distinct,
        (1..=i64::try_from(COMMANDS)?).collect(),
        "one position a command, no gap"
    );
    truth::views_equal_the_log(&platform).await?;
    truth::stream_is_continuous(&platform, COMMANDS).await?;
    platform.stop().await
}

#[tokio::test]
async fn a_bulk_upload_cut_by_a_killed_command_api_can_be_sent_again() -> Result<()> {
    const ORDERS: usize = 3_000;
    let data_dir = DataDir::new()?;
    let platform = Platform::start(&data_dir, &["--split"]).await?;
    let upload: String = (0..ORDERS)
        .map(|n| bulk_line(&format!("bulk-{n}")))
        .collect();

    let before = answers(&platform, &upload, Some(ORDERS / 5)).await?;
    ensure!(
        before.len() >= ORDERS / 5,
        "only {} answers before the kill",
        before.len()
    );
    assert!(before.iter().all(|answer| answer["status"] == 201));
    platform.commands_ready().await?;

    let after = answers(&platform, &upload, None).await?;
    assert_eq!(after.len(), ORDERS);
    let refused = after.iter().find(|answer| answer["status"] != 201);
    assert_eq!(refused, None, "every line placed or replayed");
    for (first, again) in before.iter().zip(&after) {
        assert_eq!(
            again["replayed"], true,
            "what was acknowledged is not done twice"
        );
        assert_eq!(
            first["body"], again["body"],
            "the same answer, word for word"
        );
    }
    let orders: BTreeSet<&str> = after
        .iter()
        .filter_map(|a| a["body"]["order_id"].as_str())
        .collect();
    assert_eq!(orders.len(), ORDERS);
    assert_eq!(
        truth::events_in_log(&platform).await?,
        i64::try_from(ORDERS)?,
        "one event an order"
    );
    truth::views_equal_the_log(&platform).await?;
    platform.stop().await
}

/// Uploads, and reads the answers to the end, or kills the command API after `kill_after` of them
/// and returns what had arrived whole.
async fn answers(
    platform: &Platform,
    upload: &str,
    kill_after: Option<usize>,
) -> Result<Vec<Value>> {
    let answer = platform
        .http
        .post(format!("{}/v1/bulk", platform.text("command_url")))
        .bearer_auth(platform.text("token"))
        .header("Content-Type", "application/x-ndjson")
        .timeout(Duration::from_secs(120))
        .body(upload.to_owned())
        .send()
        .await?;
    ensure!(answer.status() == 200, "bulk: {}", answer.status());
    let bytes = answer.bytes_stream().map_err(std::io::Error::other);
    let mut lines = tokio_util::io::StreamReader::new(bytes).lines();
    let mut answers = Vec::new();
    loop {
        match lines.next_line().await {
            Ok(Some(line)) => answers.push(serde_json::from_str(&line)?),
            Ok(None) => break,
            Err(_) if kill_after.is_some() => break,
            Err(error) => return Err(error.into()),
        }
        if kill_after == Some(answers.len()) {
            platform.signal("command-api", Signal::SIGKILL)?;
        }
    }
    Ok(answers)
}
