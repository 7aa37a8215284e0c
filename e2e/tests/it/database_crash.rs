//! The log's server crashes under load and is started again.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use futures::{StreamExt, TryStreamExt, stream};
use nix::sys::signal::Signal;
use serde_json::Value;

use crate::order::two_units;
use crate::platform::{DataDir, Platform};
use crate::truth;

const COMMANDS: usize = 1_500;

/// How long a caller insists.
const LONG: Duration = Duration::from_secs(120);

/// Sends a command with one key until it is acknowledged, as a careful caller does; its answer's body.
async fn insist(platform: &Platform, n: usize, acknowledged: &AtomicUsize) -> Result<Value> {
    let began = Instant::now();
    let mut body = two_units();
    body["order_id"] = format!("o-{n}").into();
    loop {
        ensure!(began.elapsed() < LONG, "the log did not come back");
        let mut request = platform.post("/v1/orders", &body).build()?;
        request
            .headers_mut()
            .insert("Idempotency-Key", format!("k-{n}").parse()?);
        let answer = platform.http.execute(request).await?;
        let (status, retry_after) = (
            answer.status().as_u16(),
            answer.headers().contains_key("retry-after"),
        );
        let text = answer.text().await?;
        let body: Value = serde_json::from_str(&text).with_context(|| text.clone())?;
        match status {
            201 => {
                acknowledged.fetch_add(1, Ordering::Relaxed);
                return Ok(body);
            }
            503 => {
                ensure!(retry_after, "{text}");
                let kind = body["type"].as_str().unwrap_or_default();
                let known = ["/unavailable", "/outcome-unknown", "/overloaded"];
                ensure!(known.iter().any(|end| kind.ends_with(end)), "{text}");
            }
            // The caller who was told that the outcome is unknown may still be waited for here.
            409 if text.contains("/key-in-use") => {}
            _ => anyhow::bail!("{status}: {text}"),
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test]
async fn a_crash_of_the_database_loses_nothing_and_doubles_nothing() -> Result<()> {
    let data_dir = DataDir::new()?;
    let platform = Platform::start(&data_dir, &["--split"]).await?;
    let acknowledged = AtomicUsize::new(0);
    let sending = stream::iter(0..COMMANDS)
        .map(async |n| insist(&platform, n, &acknowledged).await)
        .buffer_unordered(64)
        .try_collect::<Vec<Value>>();
    let crashing = async {
        test_kit::eventually("commands under way", LONG, async || {
            (acknowledged.load(Ordering::Relaxed) > COMMANDS / 4).then_some(())
        })
        .await;
        // As after a power failure: nothing is written any more. The platform starts it again.
        platform.signal("postgres", Signal::SIGQUIT)
    };
    let (answers, crashed) = tokio::join!(sending, crashing);
    let (crashed, answers) = (crashed?, answers?);
    assert_ne!(platform.pid("postgres")?, crashed, "another server now");

    let positions: BTreeMap<i64, String> = answers
        .iter()
        .filter_map(|answer| {
            let order = answer["order_id"].as_str()?.to_owned();
            Some((answer["position"].as_i64()?, order))
        })
        .collect();
    let last = i64::try_from(COMMANDS)?;
    assert_eq!(
        positions.keys().copied().collect::<Vec<_>>(),
        (1..=last).collect::<Vec<_>>(),
        "one position a command, no gap, nothing twice"
    );
    assert_eq!(truth::events_in_log(&platform).await?, last);
    truth::views_equal_the_log(&platform).await?;
    platform.stop().await
}
