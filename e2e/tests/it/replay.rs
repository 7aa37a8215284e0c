//! Views thrown away and built anew while everybody goes on, by what an operator has: HTTP.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use nix::sys::signal::Signal;
use reqwest::Method;
use serde_json::Value;
use tokio::task::JoinHandle;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::load::{Clients, Dice};
use crate::order::two_units;
use crate::platform::{DataDir, Platform, expect};
use crate::truth;

/// The views of the contract.
const VIEWS: [&str; 7] = [
    "orders",
    "order-history",
    "customers",
    "products",
    "revenue",
    "fulfillment-queue",
    "returns",
];

/// All of them take minutes under load: a short choice is made otherwise.
fn views() -> &'static [&'static str] {
    if std::env::var_os("TEST_DEEP").is_some() {
        &VIEWS
    } else {
        &["orders", "customers"]
    }
}

/// How long one operation may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(240);

/// Who reads at a time.
const READERS: usize = 3;

async fn ask(platform: &Platform, path: &str) -> Result<Value> {
    let url = format!("{}/v1/projections/{path}", platform.text("query_url"));
    let request = platform.http.request(Method::POST, url);
    let answer = request.bearer_auth(platform.text("token")).send().await?;
    let location = answer.headers().get("location").cloned();
    let body = expect(202, answer).await?;
    let location = location.context("a location")?.to_str()?.to_owned();
    ended(platform, &location)
        .await
        .with_context(|| format!("{path}: {body}"))
}

/// What an operation has come to.
async fn ended(platform: &Platform, location: &str) -> Result<Value> {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let progress = expect(200, platform.get(location, 0).send().await?).await?;
        if matches!(progress["phase"].as_str(), Some("done" | "failed")) {
            return Ok(progress);
        }
        ensure!(Instant::now() < deadline, "it goes on and on: {progress}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

async fn rebuild(platform: &Platform, view: &str) -> Result<()> {
    let rebuilt = ask(platform, &format!("{view}/rebuild")).await?;
    ensure!(rebuilt["phase"] == "done", "{view}: {rebuilt}");
    ensure!(rebuilt["error"].is_null(), "{view}: {rebuilt}");
    Ok(())
}

async fn verify_all(platform: &Platform) -> Result<()> {
    for view in views() {
        let verified = ask(platform, &format!("{view}/verify")).await?;
        ensure!(verified["phase"] == "done", "{view}: {verified}");
        let differences = verified["differences"].as_array();
        ensure!(differences.is_some_and(Vec::is_empty), "{view}: {verified}");
    }
    Ok(())
}

/// Readers who write an order, and at once want to see it in everything that shows it.
struct Readers {
    stop: CancellationToken,
    running: Vec<JoinHandle<Result<()>>>,
    answers: Arc<AtomicUsize>,
}

impl Readers {
    fn start(platform: &Arc<Platform>) -> Self {
        let (stop, answers) = (CancellationToken::new(), Arc::new(AtomicUsize::new(0)));
        let newest = Arc::new(AtomicI64::new(0));
        let running = (0..READERS).map(|_| {
            let (platform, stop) = (platform.clone(), stop.clone());
            let (answers, newest) = (answers.clone(), newest.clone());
            tokio::spawn(async move {
                while !stop.is_cancelled() {
                    answers.fetch_add(read_all(&platform, &newest).await?, Ordering::Relaxed);
                }
                Ok(())
            })
        });
        Self {
            running: running.collect(),
            stop,
            answers,
        }
    }

    async fn stop(self) -> Result<usize> {
        self.stop.cancel();
        for reader in self.running {
            reader.await??;
        }
        Ok(self.answers.load(Ordering::Relaxed))
    }
}

/// Reads every view, and says how many answers that were. None may fail or be older than asked.
async fn read_all(platform: &Platform, newest: &AtomicI64) -> Result<usize> {
    let placed = platform.post("/v1/orders", &two_units()).send().await?;
    let placed = expect(201, placed).await?;
    let order = placed["order_id"].as_str().context("order_id")?.to_owned();
    let written = placed["position"].as_i64().context("position")?;
    newest.fetch_max(written, Ordering::Relaxed);
    let customer = two_units()["customer"]["customer_id"]
        .as_str()
        .map(str::to_owned);
    let sku = two_units()["lines"][0]["sku"].as_str().map(str::to_owned);
    let paths = [
        format!("/v1/orders/{order}"),
        format!("/v1/orders/{order}/timeline"),
        "/v1/orders?limit=5".to_owned(),
        format!("/v1/customers/{}", customer.context("a customer")?),
        format!("/v1/products/{}", sku.context("a product")?),
        "/v1/fulfillment/queue?limit=5".to_owned(),
        "/v1/returns?limit=5".to_owned(),
        "/v1/reports/revenue?from=2026-01-01&to=2100-01-01&currency=EUR&interval=month".to_owned(),
    ];
    for path in &paths {
        let asked = newest.load(Ordering::Relaxed);
        let answer = platform.get(path, asked).send().await?;
        let position = answer
            .headers()
            .get("log-position")
            .and_then(|position| position.to_str().ok()?.parse::<i64>().ok());
        expect(200, answer).await.with_context(|| path.clone())?;
        let position = position.with_context(|| format!("{path} has no position"))?;
        ensure!(
            position >= asked,
            "{path}: asked for {asked}, answered {position}"
        );
    }
    Ok(paths.len())
}

#[tokio::test]
async fn every_view_is_rebuilt_under_load_and_nobody_notices() -> Result<()> {
    let data_dir = DataDir::new()?;
    let platform = Arc::new(Platform::start(&data_dir, &["--split", "--projectors", "2"]).await?);
    let mut dice = Dice::new(7);
    let clients = Clients::start(&platform, "load", &mut dice);
    let readers = Readers::start(&platform);
    for view in views() {
        rebuild(&platform, view).await?;
        let url = format!("/v1/projections/{view}");
        let shown = expect(200, platform.get(&url, 0).send().await?).await?;
        ensure!(shown["generation"] == 2, "{shown}");
    }
    let reverted = ask(&platform, "orders/revert").await?;
    ensure!(reverted["phase"] == "done", "{reverted}");
    verify_all(&platform).await?;
    let answers = readers.stop().await?;
    ensure!(answers > 100, "only {answers} answers");
    ensure!(!clients.has_failed(), "a client gave up");
    clients.stop().await?;
    truth::views_equal_the_log(&platform).await?;
    verify_all(&platform).await?;
    let platform = Arc::into_inner(platform).context("nobody else has the platform")?;
    platform.stop().await
}

#[tokio::test]
async fn a_rebuild_survives_the_end_of_projectors_broker_and_database() -> Result<()> {
    let data_dir = DataDir::new()?;
    let platform = Arc::new(Platform::start(&data_dir, &["--split", "--projectors", "2"]).await?);
    let mut dice = Dice::new(11);
    for (view, victims) in [
        ("orders", &["projector-1", "projector-2"][..]),
        ("order-history", &["nats"]),
        ("customers", &["postgres"]),
    ] {
        let clients = Clients::start(&platform, view, &mut dice);
        let url = format!(
            "{}/v1/projections/{view}/rebuild",
            platform.text("query_url")
        );
        let request = platform.http.request(Method::POST, url);
        let asked = request.bearer_auth(platform.text("token")).send().await?;
        let location = asked.headers()["location"].to_str()?.to_owned();
        for victim in victims {
            platform.signal(victim, Signal::SIGKILL)?;
        }
        let ended = test_kit::eventually("the rebuild's end", PATIENCE, async || {
            // The database may be away.
            let answer = platform.get(&location, 0).send().await.ok()?;
            let progress: Value = answer.json().await.ok()?;
            matches!(progress["phase"].as_str(), Some("done" | "failed")).then_some(progress)
        })
        .await;
        ensure!(
            ended["phase"] == "done",
            "{view} without {victims:?}: {ended}"
        );
        let acknowledged = clients.stop().await?;
        ensure!(acknowledged.commands() > 0, "nobody did anything");
        platform.commands_ready().await?;
        truth::views_equal_the_log(&platform).await?;
        verify_all(&platform).await?;
    }
    let platform = Arc::into_inner(platform).context("nobody else has the platform")?;
    platform.stop().await
}
