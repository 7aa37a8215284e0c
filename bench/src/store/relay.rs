//! What the relay takes from the append: the same commands while it publishes them, and while it does not run.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use event_stream::{Relay, RelaySettings, RelayStatus, connect};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::ours::Ours;
use crate::cell::{Sample, as_float};
use crate::{Arguments, load};

/// How long the relay may take to publish what a cell before it wrote.
const CATCH_UP: Duration = Duration::from_secs(120);

/// Writers of the cells.
const WRITERS: usize = 64;

/// Two logs, one of them with a broker.
pub(super) struct Relayed {
    off: Arc<Ours>,
    on: Arc<Ours>,
    broker: Broker,
}

/// A broker of our own; killed and removed with this value.
pub(crate) struct Broker {
    process: Child,
    directory: PathBuf,
    url: String,
}

impl Relayed {
    pub(super) async fn start(arguments: &Arguments) -> Result<Self> {
        let server = &arguments.postgres_url;
        Ok(Self {
            off: Arc::new(Ours::open(server, "bench_relay_off").await?),
            on: Arc::new(Ours::open(server, "bench_relay_on").await?),
            broker: Broker::start(&arguments.nats_server)?,
        })
    }

    pub(super) async fn measure(&self, who: &str, duration: Duration) -> Result<Sample> {
        match who {
            "off/64" => append(&self.off, duration).await,
            "on/64" => self.with_relay(duration).await,
            _ => bail!("the relay is on or off, not {who}"),
        }
    }

    async fn with_relay(&self, duration: Duration) -> Result<Sample> {
        let client = connect(&self.broker.url, "bench").await?;
        let relay = Relay::new(
            self.on.store.clone(),
            client,
            RelaySettings::default(),
            self.on.appender.committed(),
        );
        let (status, shutdown) = (relay.status(), CancellationToken::new());
        let running = tokio::spawn(relay.run(shutdown.clone()));
        self.caught_up(&status).await?;
        let before = status.borrow().position;
        let sample = append(&self.on, duration).await?;
        let published = status.borrow().position - before;
        let began = Instant::now();
        self.caught_up(&status).await?;
        shutdown.cancel();
        running.await?;
        let published = as_float(u64::try_from(published)?);
        Ok(sample
            .with("published meanwhile, events", published)
            .with("s to publish the rest", began.elapsed().as_secs_f64()))
    }

    /// Waits until the relay has published the whole log.
    async fn caught_up(&self, status: &watch::Receiver<RelayStatus>) -> Result<()> {
        let head = self.on.store.head(1).await?.position;
        let mut status = status.clone();
        let wait = status.wait_for(|status| head == 0 || status.position >= head);
        let problem = match tokio::time::timeout(CATCH_UP, wait).await {
            Ok(reached) => return reached.map(drop).map_err(Into::into),
            Err(_) => self.on.store.head(1).await?.position,
        };
        bail!(
            "the relay did not publish up to {head} of {problem} in {} s",
            CATCH_UP.as_secs()
        )
    }

    pub(super) async fn stop(self) {
        self.off.close().await;
        self.on.close().await;
        drop(self.broker);
    }
}

async fn append(log: &Arc<Ours>, duration: Duration) -> Result<Sample> {
    let log = Arc::clone(log);
    load::closed(WRITERS, duration, move |writer| {
        let log = Arc::clone(&log);
        async move { log.append_new(writer).await }
    })
    .await
}

impl Broker {
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    pub(crate) fn start(program: &Path) -> Result<Self> {
        let directory =
            std::env::temp_dir().join(format!("bench-nats-{}", uuid::Uuid::new_v4().simple()));
        std::fs::create_dir(&directory)?;
        let port = std::net::TcpListener::bind("127.0.0.1:0")?
            .local_addr()?
            .port();
        let process = Command::new(program)
            .args([
                "--addr",
                "127.0.0.1",
                "--port",
                &port.to_string(),
                "--jetstream",
                "--store_dir",
            ])
            .arg(&directory)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .context("nats-server cannot be started")?;
        let url = format!("nats://127.0.0.1:{port}");
        Ok(Self {
            process,
            directory,
            url,
        })
    }
}

impl Drop for Broker {
    fn drop(&mut self) {
        // It is thrown away, however that ends.
        let _ = self.process.kill();
        let _ = self.process.wait();
        let _ = std::fs::remove_dir_all(&self.directory);
    }
}
