//! Random faults under random load. Whatever happens: nothing that was acknowledged is lost, nothing is done twice, and
//! every row of every view is what the log says.
//!
//! `make chaos MINUTES=10 SEED=…` runs it for as long as one likes; a short choice is part of `make test`. A seed
//! fixes which commands are sent and which faults come in which order, not their timing.

mod faults;

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use tokio::time::Instant;

use self::faults::Faults;
use crate::load::{Acknowledged, Clients, Dice};
use crate::platform::{DataDir, Platform};
use crate::truth;

/// How long load and faults go on before everything is compared.
const ROUND: Duration = Duration::from_secs(45);

#[tokio::test]
async fn random_faults_for_a_moment() -> Result<()> {
    run(Duration::from_secs(20), seed()?).await
}

#[tokio::test]
#[ignore = "takes as long as MINUTES says: make chaos"]
async fn random_faults() -> Result<()> {
    let minutes: u64 = match std::env::var("MINUTES") {
        Ok(minutes) => minutes.parse().context("MINUTES")?,
        Err(_) => 10,
    };
    run(Duration::from_secs(60 * minutes), seed()?).await
}

/// `SEED`, or one of its own.
fn seed() -> Result<u64> {
    match std::env::var("SEED") {
        Ok(seed) if !seed.is_empty() => seed.parse().context("SEED"),
        _ => Ok(u64::from(uuid::Uuid::new_v4().as_fields().0)),
    }
}

async fn run(length: Duration, seed: u64) -> Result<()> {
    say(&format!("SEED={seed}"));
    let data_dir = DataDir::new()?;
    let platform = Arc::new(Platform::start(&data_dir, &["--split", "--projectors", "2"]).await?);
    let mut dice = Dice::new(seed);
    let mut faults = Faults::default();
    let mut acknowledged = Acknowledged::default();
    let end = Instant::now() + length;
    let mut round = 0;
    while Instant::now() < end {
        let until = end.min(Instant::now() + ROUND);
        let clients = Clients::start(&platform, &format!("r{round}"), &mut dice);
        let mut of_faults = dice.split();
        while Instant::now() < until && !clients.has_failed() {
            faults.next(&platform, &mut of_faults).await?;
        }
        acknowledged.extend(clients.stop().await?);
        platform.commands_ready().await?;
        acknowledged.compare_with_the_log(&platform).await?;
        truth::views_equal_the_log(&platform).await?;
        round += 1;
        say(&format!(
            "round {round}: {} commands, {} retried, {} events, {} faults: nothing lost, nothing doubled, nothing different",
            acknowledged.commands(),
            acknowledged.retried(),
            acknowledged.events(),
            faults.done(),
        ));
    }
    let platform = Arc::into_inner(platform).context("nobody else has the platform")?;
    platform.stop().await
}

/// Past the test harness, which shows nothing of a test that runs.
fn say(line: &str) {
    use std::io::Write as _;
    // Whom nobody reads need not be heard.
    let _ = writeln!(std::io::stderr(), "chaos: {line}");
}
