//! `orders up` on the run's PostgreSQL, with a broker of its own.

use std::path::PathBuf;
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use bytes::Bytes;
use hyper::header::{AUTHORIZATION, CONTENT_TYPE};
use hyper::{Request, StatusCode};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde::Deserialize;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};

use super::client::Client;
use super::order;
use crate::{Arguments, database};

/// How long the views may take to catch up after a cell.
const CATCH_UP: Duration = Duration::from_secs(300);

/// How long it may take to start or to stop.
const PATIENCE: Duration = Duration::from_secs(60);

pub(super) struct Platform {
    pub(super) command_url: String,
    pub(super) query_url: String,
    /// Process ids, to ask what they cost.
    pub(super) process: Option<u32>,
    pub(super) broker: Option<u32>,
    caller: Caller,
    child: Child,
    directory: PathBuf,
}

/// What a call needs. Cheap to clone.
#[derive(Clone)]
pub(super) struct Caller {
    bearer: Arc<str>,
    /// The highest position that an answer named.
    position: Arc<AtomicI64>,
}

/// The line that it prints when it is ready.
#[derive(Deserialize)]
struct Ready {
    command_url: String,
    query_url: String,
    token: String,
    pids: std::collections::BTreeMap<String, u32>,
}

impl Platform {
    /// With more arguments for `orders up`, on databases whose names begin with this.
    pub(super) async fn start(arguments: &Arguments, name: &str, options: &[&str]) -> Result<Self> {
        let server = &arguments.postgres_url;
        let directory =
            std::env::temp_dir().join(format!("bench-orders-{}", uuid::Uuid::new_v4().simple()));
        std::fs::create_dir(&directory)?;
        let log = std::fs::File::create(directory.join("output"))?;
        let mut child = Command::new(&arguments.orders)
            .args([
                "up",
                "--json",
                "--command-port",
                "0",
                "--query-port",
                "0",
                "--data-dir",
            ])
            .arg(directory.join("data"))
            .args(options)
            .env(
                "EVENT_STORE_URL",
                database::anew(server, &format!("{name}_log")).await?,
            )
            .env(
                "READ_MODEL_URL",
                database::anew(server, &format!("{name}_views")).await?,
            )
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(log)
            .kill_on_drop(true)
            .spawn()
            .context("orders up cannot be started")?;
        let output = child.stdout.take().context("orders up has no output")?;
        let mut lines = BufReader::new(output).lines();
        let said = tokio::time::timeout(PATIENCE, lines.next_line()).await??;
        let Some(said) = said else {
            bail!(
                "orders up ended at its start; {} says why",
                directory.join("output").display()
            );
        };
        let ready: Ready = serde_json::from_str(&said)
            .context("orders up said something else than where it is")?;
        Ok(Self {
            command_url: ready.command_url,
            query_url: ready.query_url,
            process: child.id(),
            broker: ready.pids.get("nats").copied(),
            caller: Caller {
                bearer: format!("Bearer {}", ready.token).into(),
                position: Arc::default(),
            },
            child,
            directory,
        })
    }

    pub(super) fn caller(&self) -> Caller {
        self.caller.clone()
    }

    pub(super) async fn place(&self, client: &Client, caller: usize, id: &str) -> Result<i64> {
        self.caller.place(client, caller, id).await
    }

    /// Waits until the views hold all that was answered, and says how long that took.
    pub(super) async fn caught_up(&self, client: &Client) -> Result<Duration> {
        let began = Instant::now();
        let position = self.caller.position.load(Ordering::Relaxed);
        loop {
            let request = Request::get("/v1/orders?limit=1")
                .header(AUTHORIZATION, &*self.caller.bearer)
                .header("min-position", position)
                .header("prefer", "wait=30");
            let response = client.ask(0, request, Bytes::new()).await?;
            match response.status() {
                StatusCode::OK => return Ok(began.elapsed()),
                StatusCode::SERVICE_UNAVAILABLE if began.elapsed() < CATCH_UP => {}
                status => bail!(
                    "the views did not reach {position} in {:?}: {status}",
                    began.elapsed()
                ),
            }
        }
    }

    pub(super) async fn stop(mut self) -> Result<()> {
        if let Some(id) = self.child.id() {
            kill(Pid::from_raw(i32::try_from(id)?), Signal::SIGTERM)?;
        }
        tokio::time::timeout(PATIENCE, self.child.wait()).await??;
        std::fs::remove_dir_all(&self.directory)?;
        Ok(())
    }
}

impl Caller {
    /// Places an order and says its position.
    pub(super) async fn place(&self, client: &Client, caller: usize, id: &str) -> Result<i64> {
        let request = Request::post("/v1/orders")
            .header(AUTHORIZATION, &*self.bearer)
            .header(CONTENT_TYPE, "application/json")
            .header("idempotency-key", id);
        let response = client
            .send(caller, request, order::body(id), StatusCode::CREATED)
            .await?;
        let position = response
            .headers()
            .get("log-position")
            .context("no Log-Position")?;
        let position = position.to_str()?.parse()?;
        self.position.fetch_max(position, Ordering::Relaxed);
        Ok(position)
    }

    /// Reads an order as soon as the view holds this position.
    pub(super) async fn read_at(
        &self,
        client: &Client,
        caller: usize,
        id: &str,
        position: i64,
    ) -> Result<()> {
        let request = Request::get(format!("/v1/orders/{id}"))
            .header(AUTHORIZATION, &*self.bearer)
            .header("min-position", position)
            .header("prefer", "wait=30");
        client
            .send(caller, request, Bytes::new(), StatusCode::OK)
            .await?;
        Ok(())
    }

    pub(super) async fn read(&self, client: &Client, caller: usize, id: &str) -> Result<()> {
        let request = Request::get(format!("/v1/orders/{id}")).header(AUTHORIZATION, &*self.bearer);
        client
            .send(caller, request, Bytes::new(), StatusCode::OK)
            .await?;
        Ok(())
    }
}
