//! What can happen to a platform while it works.

use std::time::Duration;

use anyhow::{Context, Result};
use async_nats::jetstream::stream::Stream;
use nix::sys::signal::{Signal, kill};
use serde_json::Value;
use tokio::time::Instant;

use super::say;
use crate::load::Dice;
use crate::platform::Platform;

/// How long a process that was killed may take to be there again.
const BACK: Duration = Duration::from_secs(60);

/// A part of the platform, by its process.
const PARTS: [&str; 5] = [
    "nats",
    "projector-1",
    "projector-2",
    "command-api",
    "query-api",
];

#[derive(Default)]
pub(super) struct Faults {
    done: usize,
    began: Option<Instant>,
}

impl Faults {
    pub(super) fn done(&self) -> usize {
        self.done
    }

    /// Waits a moment, then lets something happen.
    pub(super) async fn next(&mut self, platform: &Platform, dice: &mut Dice) -> Result<()> {
        let began = *self.began.get_or_insert_with(Instant::now);
        tokio::time::sleep(Duration::from_millis(300 + 100 * dice.below(20) as u64)).await;
        let part = PARTS[dice.below(PARTS.len())];
        let pause = Duration::from_millis(500 + 500 * dice.below(15) as u64);
        let kind = dice.below(10);
        let amount = 1 + dice.below(40) as u64;
        let what = match kind {
            0..=2 => format!("kill {part}"),
            3..=5 => format!("pause {part} for {pause:?}"),
            6 => "kill postgres".to_owned(),
            7 => format!("delete the last {amount} messages"),
            8 => format!("delete {amount} messages from the middle"),
            _ if amount > 20 => "purge the stream".to_owned(),
            _ => "delete the stream".to_owned(),
        };
        self.done += 1;
        say(&format!("{:7.1} s: {what}", began.elapsed().as_secs_f64()));
        match kind {
            0..=2 => killed(platform, part).await,
            3..=5 => paused(platform, part, pause).await,
            6 => killed(platform, "postgres").await,
            _ => {
                // The broker may be on its way back: then this fault does not happen.
                let done =
                    tokio::time::timeout(Duration::from_secs(5), to_stream(platform, kind, amount));
                match done.await {
                    Ok(Ok(())) => {}
                    _ => say("         the stream was not there"),
                }
                Ok(())
            }
        }
        .with_context(|| what)
    }
}

/// Kills a part and waits until another process has its place.
async fn killed(platform: &Platform, part: &str) -> Result<()> {
    let pid = platform.pid(part)?;
    // Whoever has ended by itself a moment ago is on its way back as well.
    let _ = kill(pid, Signal::SIGKILL);
    test_kit::eventually(&format!("{part} is back"), BACK, async || {
        let now = platform.pid(part).ok()?;
        (now != pid).then_some(())
    })
    .await;
    Ok(())
}

/// Freezes a part: connections stay open and nothing is answered.
async fn paused(platform: &Platform, part: &str, pause: Duration) -> Result<()> {
    let pid = platform.signal(part, Signal::SIGSTOP)?;
    tokio::time::sleep(pause).await;
    // A platform that gave up on it may have killed it.
    let _ = kill(pid, Signal::SIGCONT);
    Ok(())
}

/// The stream, as somebody who may do anything to it.
async fn stream(platform: &Platform) -> Result<(async_nats::jetstream::Context, Stream)> {
    let state = std::fs::read_to_string(platform.data_dir().join("state.json"))?;
    let state: Value = serde_json::from_str(&state)?;
    let password = state["nats"]["passwords"]["relay"].as_str();
    let address: async_nats::ServerAddr = platform.text("nats_url").parse()?;
    let client = async_nats::ConnectOptions::with_user_and_password(
        "relay".to_owned(),
        password.context("the relay's password")?.to_owned(),
    )
    .connect(format!("nats://{}:{}", address.host(), address.port()))
    .await?;
    let jetstream = async_nats::jetstream::new(client);
    let stream = jetstream.get_stream("ORDERS").await?;
    Ok((jetstream, stream))
}

async fn to_stream(platform: &Platform, kind: usize, amount: u64) -> Result<()> {
    let (jetstream, stream) = stream(platform).await?;
    let state = &stream.cached_info().state;
    let from = match kind {
        7 => state.last_sequence.saturating_sub(amount) + 1,
        8 => u64::midpoint(state.first_sequence, state.last_sequence),
        _ if amount > 20 => {
            stream.purge().await?;
            return Ok(());
        }
        _ => {
            jetstream.delete_stream("ORDERS").await?;
            return Ok(());
        }
    };
    for sequence in from..from + amount {
        // One that is gone already is as good as deleted.
        let _ = stream.delete_message(sequence).await;
    }
    Ok(())
}
