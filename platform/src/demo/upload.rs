//! Sends orders in bulk uploads, and sends again what got no answer.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use futures::TryStreamExt;
use indicatif::ProgressBar;
use serde::Deserialize;
use serde_json::Value;
use tokio::io::AsyncBufReadExt;
use tokio_util::io::StreamReader;

use super::Target;
use super::tpch::DemoOrder;

/// The contract's limits of one upload.
const MAX_LINES: usize = 10_000;
const MAX_BYTES: usize = 16 << 20;

/// How often what got no answer is sent again before the demo gives up.
const ROUNDS: u32 = 10;
/// How long the command API may be away in between.
const AWAY: Duration = Duration::from_secs(60);
/// An upload that brings no answer for so long is broken.
const SILENCE: Duration = Duration::from_secs(30);

/// What became of the orders.
#[derive(Debug, Default)]
pub(super) struct Sent {
    /// Placed now.
    pub(super) placed: usize,
    /// Placed by an earlier run.
    pub(super) replayed: usize,
    /// Highest position of all.
    pub(super) position: i64,
    /// Order ids that were refused, with the answer.
    pub(super) refused: BTreeMap<String, String>,
    /// Uploads that broke and were sent again.
    pub(super) broken: u32,
}

impl Sent {
    /// Events of this run: one an order.
    pub(super) fn events(&self) -> usize {
        self.placed
    }
}

/// One line of the answer.
#[derive(Debug, Deserialize)]
struct Line {
    index: Option<usize>,
    status: u16,
    #[serde(default)]
    replayed: bool,
    #[serde(default)]
    body: Value,
}

/// Sends all orders, again and again those without an answer.
pub(super) async fn send(target: &Target, orders: &[DemoOrder], bar: &ProgressBar) -> Result<Sent> {
    let mut sent = Sent::default();
    let mut open: Vec<&DemoOrder> = orders.iter().collect();
    for _ in 0..ROUNDS {
        let mut again = Vec::new();
        for upload in uploads(&open) {
            let mut answered = vec![false; upload.len()];
            if let Err(error) = send_one(target, upload, &mut answered, &mut sent, bar).await {
                sent.broken += 1;
                bar.println(format!(
                    "an upload broke, what it left open is sent again: {error:#}"
                ));
                await_commands(target).await?;
            }
            let left = upload
                .iter()
                .zip(answered)
                .filter(|(_, answered)| !answered);
            again.extend(left.map(|(order, _)| *order));
        }
        if again.is_empty() {
            return Ok(sent);
        }
        open = again;
    }
    bail!(
        "{} orders got no answer though they were sent {ROUNDS} times",
        open.len()
    )
}

/// Cuts what is to be sent into uploads within the limits.
fn uploads<'a, 'o>(orders: &'a [&'o DemoOrder]) -> Vec<&'a [&'o DemoOrder]> {
    let mut uploads = Vec::new();
    let (mut begin, mut bytes) = (0, 0);
    for (index, order) in orders.iter().enumerate() {
        if index - begin == MAX_LINES || bytes + order.upload.len() > MAX_BYTES {
            uploads.push(&orders[begin..index]);
            (begin, bytes) = (index, 0);
        }
        bytes += order.upload.len();
    }
    if begin < orders.len() {
        uploads.push(&orders[begin..]);
    }
    uploads
}

/// One upload: reads the answers as they come, and notes which orders have one for good.
async fn send_one(
    target: &Target,
    orders: &[&DemoOrder],
    answered: &mut [bool],
    sent: &mut Sent,
    bar: &ProgressBar,
) -> Result<()> {
    let body: String = orders.iter().map(|order| order.upload.as_str()).collect();
    let answer = target
        .http
        .post(format!("{}/v1/bulk", target.command_url))
        .bearer_auth(&target.token)
        .header("Content-Type", "application/x-ndjson")
        .body(body)
        .send()
        .await
        .context("the upload got no answer")?;
    let status = answer.status();
    ensure!(
        status.is_success(),
        "{status}: {}",
        answer.text().await.unwrap_or_default()
    );
    let bytes = answer.bytes_stream().map_err(std::io::Error::other);
    let mut lines = StreamReader::new(bytes).lines();
    loop {
        let next = tokio::time::timeout(SILENCE, lines.next_line())
            .await
            .context("silence")?;
        let Some(text) = next.context("the answer ended early")? else {
            return Ok(());
        };
        let line: Line = serde_json::from_str(&text).context("an answer in an unknown form")?;
        let index = line
            .index
            .with_context(|| format!("the upload was cut off: {text}"))?;
        let order = orders
            .get(index)
            .context("an answer to a line that was not sent")?;
        answered[index] = note(sent, order, &line);
        if answered[index] {
            bar.inc(1);
        }
    }
}

/// Notes an answer; says whether it is the last word.
fn note(sent: &mut Sent, order: &DemoOrder, line: &Line) -> bool {
    match line.status {
        201 => {
            if line.replayed {
                sent.replayed += 1;
            } else {
                sent.placed += 1;
            }
            sent.position = sent
                .position
                .max(line.body["position"].as_i64().unwrap_or(0));
            true
        }
        // Not now, says the platform; or the same line is still under way, from an upload that broke.
        503 => false,
        409 if is_problem(&line.body, "key-in-use") => false,
        _ => {
            sent.refused.insert(order.id.clone(), line.body.to_string());
            true
        }
    }
}

fn is_problem(body: &Value, name: &str) -> bool {
    body["type"]
        .as_str()
        .is_some_and(|kind| kind.ends_with(&format!("/{name}")))
}

/// Waits until the command API is ready again.
async fn await_commands(target: &Target) -> Result<()> {
    let url = format!("{}/health/ready", target.command_url);
    let deadline = Instant::now() + AWAY;
    loop {
        let answer = target
            .http
            .get(&url)
            .timeout(Duration::from_secs(5))
            .send()
            .await;
        if answer.is_ok_and(|answer| answer.status().is_success()) {
            return Ok(());
        }
        ensure!(
            Instant::now() < deadline,
            "the command API stays away: run the demo again later"
        );
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn order(bytes: usize) -> DemoOrder {
        DemoOrder {
            id: "o".to_owned(),
            upload: "x".repeat(bytes),
            total: 1,
            lines: 1,
        }
    }

    #[test]
    fn uploads_stay_within_the_limits_and_lose_nothing() {
        let small = vec![order(10); MAX_LINES * 2 + 1];
        let all: Vec<_> = small.iter().collect();
        let lengths: Vec<_> = uploads(&all).iter().map(|upload| upload.len()).collect();
        assert_eq!(lengths, [MAX_LINES, MAX_LINES, 1]);
        let large = vec![order(MAX_BYTES / 2); 3];
        let all: Vec<_> = large.iter().collect();
        let lengths: Vec<_> = uploads(&all).iter().map(|upload| upload.len()).collect();
        assert_eq!(lengths, [2, 1]);
        assert!(uploads(&[]).is_empty());
    }

    #[test]
    fn what_may_come_right_is_sent_again_and_what_is_refused_is_not() {
        let line = |status, body| Line {
            index: Some(0),
            status,
            replayed: false,
            body,
        };
        let mut sent = Sent::default();
        let order = order(1);
        let problem =
            |name| json!({ "type": format!("https://order-platform.dev/problems/{name}") });
        assert!(!note(&mut sent, &order, &line(503, problem("overloaded"))));
        assert!(!note(&mut sent, &order, &line(409, problem("key-in-use"))));
        assert!(note(
            &mut sent,
            &order,
            &line(201, json!({ "position": 7 }))
        ));
        assert!(sent.refused.is_empty());
        assert!(note(&mut sent, &order, &line(409, problem("id-taken"))));
        assert_eq!((sent.placed, sent.position, sent.refused.len()), (1, 7, 1));
    }
}
