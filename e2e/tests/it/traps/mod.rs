//! What brokers, processes and databases are known to do to pipelines, one thing at a time and under load. Each ends
//! with the same questions: is everything that was acknowledged in the log, once, and is every row of every view what
//! a fresh fold of the log says?
//!
//! Where a trap is smaller than a platform, its test is beside the code that it is about:
//!
//! | trap | where |
//! |---|---|
//! | an event of 1.2 MB | `projector/tests/it/content.rs` |
//! | two relays at once, a late publish | `event-stream/tests/it/relay.rs` |
//! | a log that lost events, its stream | `event-stream/tests/it/histories.rs` |
//! | a log that lost events, its views | `projector/tests/it/histories.rs` |
//! | the log's page begins with another event | `event-store/tests/it/reading.rs` |
//! | a worker killed in the middle of a batch, two on one partition | `projector/tests/it/workers.rs` |
//! | a message that is missed for good | `projector/tests/it/broker.rs` |
//! | a poison event, of every kind; a retry that fails again | `projector/tests/it/parking` |
//! | all of it at random | `chaos` |

mod broker;
mod poison;
mod processes;

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use async_nats::jetstream::stream::Stream;
use test_kit::eventually;

use crate::load::{Clients, Dice};
use crate::platform::{DataDir, Platform, Servers};
use crate::{stream, truth};

/// Longer than anything here takes on a busy machine.
const PATIENCE: Duration = Duration::from_secs(240);

/// A platform under load on servers that the test can harm.
struct Stage {
    platform: Arc<Platform>,
    servers: Servers,
    clients: Clients,
    _data_dir: DataDir,
}

impl Stage {
    async fn new() -> Result<Self> {
        Self::with(Servers::with_own_broker().await?).await
    }

    async fn with(servers: Servers) -> Result<Self> {
        let data_dir = DataDir::new()?;
        let arguments = ["--split", "--projectors", "2"];
        let platform = Arc::new(Platform::start_on(&data_dir, &arguments, &servers).await?);
        let clients = Clients::start(&platform, "t", &mut Dice::new(1));
        let stage = Self {
            platform,
            servers,
            clients,
            _data_dir: data_dir,
        };
        stage.more_events(100).await?;
        Ok(stage)
    }

    /// Waits until clients have brought so many more events into the log.
    async fn more_events(&self, count: i64) -> Result<()> {
        let before = truth::events_in_log(&self.platform).await?;
        eventually("more events", PATIENCE, async || {
            assert!(!self.clients.has_failed(), "a client has given up");
            let now = truth::events_in_log(&self.platform).await.ok()?;
            (now >= before + count).then_some(())
        })
        .await;
        Ok(())
    }

    /// The stream, as somebody who may do anything to it.
    async fn stream(&self) -> Result<(async_nats::jetstream::Context, Stream)> {
        let client = stream::client(&self.platform).await?;
        let jetstream = async_nats::jetstream::new(client);
        let stream = jetstream.get_stream("ORDERS").await?;
        Ok((jetstream, stream))
    }

    /// As [`Self::end`], where others than the clients have sent commands.
    async fn end_with_others(self) -> Result<()> {
        let acknowledged = self.clients.stop().await?;
        ensure!(acknowledged.commands() > 0, "no load");
        truth::views_equal_the_log(&self.platform).await?;
        let platform = Arc::into_inner(self.platform).context("nobody else has the platform")?;
        platform.stop().await
    }

    /// Nothing lost, nothing doubled, nothing different.
    async fn end(self) -> Result<()> {
        let acknowledged = self.clients.stop().await?;
        ensure!(acknowledged.commands() > 0, "no load");
        acknowledged.compare_with_the_log(&self.platform).await?;
        truth::views_equal_the_log(&self.platform).await?;
        let platform = Arc::into_inner(self.platform).context("nobody else has the platform")?;
        platform.stop().await
    }
}
