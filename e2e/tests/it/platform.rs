//! A whole platform of its own for one test: `orders up` in a fresh data directory, driven through
//! its public faces only.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use reqwest::{Method, RequestBuilder, Response};
use serde_json::Value;
use test_kit::{TestDatabase, TestNats};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

/// How long a platform may take to be ready: a new cluster, migrations, services.
const START: Duration = Duration::from_secs(120);
/// How long it may take to stop: more than the ten seconds after which children are killed.
const STOP: Duration = Duration::from_secs(60);

/// A directory that is removed with the test.
pub(crate) struct DataDir(PathBuf);

impl DataDir {
    pub(crate) fn new() -> Result<Self> {
        let path = std::env::temp_dir().join(format!("orders-e2e-{}", uuid::Uuid::new_v4()));
        std::fs::create_dir(&path)?;
        Ok(Self(path))
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for DataDir {
    fn drop(&mut self) {
        // A directory that stays behind is litter, not a failure.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// Servers that the platform does not own, so that a test can do with them what it likes: its own broker, and
/// databases of its own on the tests' PostgreSQL server.
pub(crate) struct Servers {
    pub(crate) nats: TestNats,
    pub(crate) log: TestDatabase,
    pub(crate) views: TestDatabase,
}

impl Servers {
    pub(crate) async fn with_own_broker() -> Result<Self> {
        Self::with(test_kit::nats().await).await
    }

    pub(crate) async fn with(nats: TestNats) -> Result<Self> {
        let (log, views) = tokio::join!(test_kit::database(), test_kit::database());
        Ok(Self { nats, log, views })
    }

    fn variables(&self) -> [(&'static str, &str); 3] {
        [
            ("NATS_URL", &self.nats.url),
            ("EVENT_STORE_URL", &self.log.url),
            ("READ_MODEL_URL", &self.views.url),
        ]
    }
}

/// A running `orders up --json`.
pub(crate) struct Platform {
    child: Child,
    data_dir: PathBuf,
    pub(crate) ready: Value,
    pub(crate) http: reqwest::Client,
}

impl Platform {
    /// Starts a platform in `data_dir`, with servers of its own, and waits for the line that says it is ready.
    pub(crate) async fn start(data_dir: &DataDir, arguments: &[&str]) -> Result<Self> {
        Self::start_with(data_dir, arguments, &[]).await
    }

    /// [`Self::start`] on the test's servers.
    pub(crate) async fn start_on(
        data_dir: &DataDir,
        arguments: &[&str],
        servers: &Servers,
    ) -> Result<Self> {
        Self::start_with(data_dir, arguments, &servers.variables()).await
    }

    /// [`Self::start`] with these variables.
    pub(crate) async fn start_with(
        data_dir: &DataDir,
        arguments: &[&str],
        variables: &[(&str, &str)],
    ) -> Result<Self> {
        // The first caller installs it; a later one finds it installed.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let log = std::fs::File::create(data_dir.path().join("orders.log"))?;
        let mut child = Command::new(orders_program()?)
            .args([
                "up",
                "--json",
                "--command-port",
                "0",
                "--query-port",
                "0",
                "--data-dir",
            ])
            .arg(data_dir.path())
            .args(arguments)
            .envs(variables.iter().copied())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(log)
            // Only a test that failed leaves it running; its children die with it.
            .kill_on_drop(true)
            .spawn()?;
        let stdout = child.stdout.take().context("stdout is piped")?;
        let mut line = String::new();
        let read = tokio::time::timeout(START, BufReader::new(stdout).read_line(&mut line)).await;
        let mut platform = Self {
            child,
            data_dir: data_dir.path().to_owned(),
            ready: Value::Null,
            http: reqwest::Client::builder()
                .no_proxy()
                .timeout(Duration::from_secs(30))
                .build()?,
        };
        let read = read.context("the platform was not ready in time")??;
        ensure!(
            read > 0,
            "orders up ended before it was ready:\n{}",
            platform.log()
        );
        platform.ready = serde_json::from_str(&line)?;
        Ok(platform)
    }

    /// What the platform has logged so far, and each of its processes.
    pub(crate) fn log(&self) -> String {
        let logs = std::fs::read_dir(self.data_dir.join("log"));
        let logs = logs.into_iter().flatten().flatten().map(|log| log.path());
        std::iter::once(self.data_dir.join("orders.log"))
            .chain(logs)
            .map(|log| std::fs::read_to_string(log).unwrap_or_default())
            .collect()
    }

    /// The value of a metric without labels, as the command API shows it.
    pub(crate) async fn metric(&self, name: &str) -> Option<f64> {
        let url = format!("{}/metrics", self.text("command_url"));
        let text = self.http.get(url).send().await.ok()?.text().await.ok()?;
        let values = text.lines().filter_map(|line| line.split_once(' '));
        let mut of_name = values.filter(|(shown, _)| *shown == name);
        of_name.next()?.1.parse().ok()
    }

    pub(crate) fn data_dir(&self) -> &Path {
        &self.data_dir
    }

    pub(crate) fn text(&self, member: &str) -> &str {
        self.ready[member].as_str().unwrap_or_default()
    }

    /// A command request with a token and a key of its own.
    pub(crate) fn post(&self, path: &str, body: &Value) -> RequestBuilder {
        self.http
            .post(format!("{}{path}", self.text("command_url")))
            .bearer_auth(self.text("token"))
            .header("Idempotency-Key", uuid::Uuid::new_v4().to_string())
            .json(body)
    }

    /// A query at least as new as `position`.
    pub(crate) fn get(&self, path: &str, position: i64) -> RequestBuilder {
        self.http
            .request(Method::GET, format!("{}{path}", self.text("query_url")))
            .bearer_auth(self.text("token"))
            .header("Min-Position", position)
            .header("Prefer", "wait=30")
    }

    /// The process that runs now under this name, as the platform records it.
    pub(crate) fn pid(&self, name: &str) -> Result<Pid> {
        let path = self.data_dir.join("run").join(format!("{name}.pid"));
        let text = std::fs::read_to_string(&path).with_context(|| format!("{}", path.display()))?;
        Ok(Pid::from_raw(text.trim().parse()?))
    }

    pub(crate) fn signal(&self, name: &str, signal: Signal) -> Result<Pid> {
        let pid = self.pid(name)?;
        kill(pid, signal).with_context(|| format!("{signal} to {name}"))?;
        Ok(pid)
    }

    /// Waits until the command API answers as ready.
    pub(crate) async fn commands_ready(&self) -> Result<()> {
        let url = format!("{}/health/ready", self.text("command_url"));
        test_kit::eventually(
            "the command API is ready",
            Duration::from_secs(60),
            async || {
                let answer = self.http.get(&url).send().await.ok()?;
                answer.status().is_success().then_some(())
            },
        )
        .await;
        Ok(())
    }

    /// Ctrl-C, then waits for the end and checks that it was a clean one.
    pub(crate) async fn stop(mut self) -> Result<()> {
        let pid = self.child.id().context("the platform ended by itself")?;
        kill(Pid::from_raw(i32::try_from(pid)?), Signal::SIGINT)?;
        let status = tokio::time::timeout(STOP, self.child.wait()).await;
        let status =
            status.with_context(|| format!("orders up did not stop:\n{}", self.log()))??;
        ensure!(
            status.success(),
            "orders up ended with {status}:\n{}",
            self.log()
        );
        Ok(())
    }
}

/// `ORDERS_BIN`, else the program that was built beside this test.
pub(crate) fn orders_program() -> Result<PathBuf> {
    if let Some(program) = std::env::var_os("ORDERS_BIN") {
        return Ok(program.into());
    }
    let test = std::env::current_exe()?;
    let built = test
        .ancestors()
        .nth(2)
        .context("a target directory")?
        .join("orders");
    ensure!(
        built.exists(),
        "{} is missing: run `make test`",
        built.display()
    );
    Ok(built)
}

/// The body of an answer that must have this status.
pub(crate) async fn expect(status: u16, answer: Response) -> Result<Value> {
    let got = answer.status().as_u16();
    let text = answer.text().await?;
    ensure!(got == status, "expected {status}, got {got}: {text}");
    Ok(serde_json::from_str(&text)?)
}
