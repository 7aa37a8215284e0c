//! `orders demo`: orders made by somebody else, through the whole platform, and back out of its views.
//!
//! [`tpch`] makes them and knows what each must cost, [`upload`] sends them, [`views`] reads them.

mod report;
mod tpch;
mod upload;
mod views;

use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::Value;

use crate::data_dir::{self, DataDir};
use crate::signals::Signals;
use crate::up::{Platform, Ready, Up};
use crate::{http, log, terminal};

/// Exit code when the platform works but an order came out other than it should.
const DIFFERS: u8 = 3;
/// Exit code of a demo that was interrupted.
const INTERRUPTED: u8 = 130;

/// How long a platform that is just starting may take to be ready.
const START: Duration = Duration::from_secs(120);

/// Arguments of `orders demo`.
#[derive(Debug, clap::Args)]
pub(crate) struct Demo {
    /// Where the platform keeps everything; it is started if it does not run
    #[arg(long, value_name = "DIR", default_value = ".local", env = data_dir::VARIABLE)]
    data_dir: PathBuf,
    /// Scale of the TPC-H data: 0.01 are 15,000 orders
    #[arg(long, value_name = "FACTOR", default_value_t = 0.01, value_parser = parse_scale)]
    scale: f64,
    /// Port of the command API, if the platform has to be started; 0 takes a free one [default: 8081]
    #[arg(long, value_name = "PORT")]
    command_port: Option<u16>,
    /// Port of the query API, if the platform has to be started; 0 takes a free one [default: 8082]
    #[arg(long, value_name = "PORT")]
    query_port: Option<u16>,
}

/// A platform that the demo can use.
#[derive(Debug, Clone)]
struct Target {
    http: reqwest::Client,
    command_url: String,
    query_url: String,
    token: String,
}

impl Demo {
    /// Runs the demo on the running platform, or on one that is started for it.
    pub(crate) async fn run(self) -> Result<u8> {
        log::for_platform()?;
        let mut signals = Signals::listen()?;
        let mut started = None;
        let done = tokio::select! {
            done = self.run_on_some_platform(&mut started) => Some(done),
            _ = signals.next() => None,
        };
        if let Some(platform) = started {
            terminal::note("Stopping the platform …");
            platform.stop_or_hasten(&mut signals).await;
        }
        done.unwrap_or(Ok(INTERRUPTED))
    }

    async fn run_on_some_platform(&self, started: &mut Option<Platform>) -> Result<u8> {
        if let Some(target) = self.running().await? {
            return self.drive(&target).await;
        }
        let up = Up::for_demo(self.data_dir.clone(), self.command_port, self.query_port);
        let platform = started.insert(Platform::open(&up)?);
        let target = Target::of(platform.start(&up).await?)?;
        self.drive(&target).await
    }

    /// The platform that runs on the data directory, if one does.
    async fn running(&self) -> Result<Option<Target>> {
        let Ok(dir) = DataDir::find(&self.data_dir) else {
            return Ok(None);
        };
        let deadline = Instant::now() + START;
        while dir.is_locked() {
            if let Ok(text) = std::fs::read_to_string(dir.ready_file()) {
                terminal::note(&format!(
                    "Using the platform that runs on {}.",
                    dir.path().display()
                ));
                return Target::read(&text).map(Some);
            }
            if Instant::now() > deadline {
                bail!(
                    "the platform on {} does not become ready",
                    dir.path().display()
                );
            }
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
        Ok(None)
    }

    async fn drive(&self, target: &Target) -> Result<u8> {
        let orders = tpch::orders(self.scale);
        let lines: usize = orders.iter().map(|order| order.lines).sum();
        terminal::note(&format!(
            "TPC-H at scale {}: {} orders with {} lines.",
            self.scale,
            report::number(orders.len()),
            report::number(lines)
        ));

        let begun = Instant::now();
        let bar = progress("sending", orders.len());
        let sent = upload::send(target, &orders, &bar).await?;
        bar.finish_and_clear();
        let acknowledged = begun.elapsed();
        terminal::answer(&report::sent(&sent, acknowledged));
        views::await_position(target, sent.position).await?;
        terminal::answer(&report::visible(&sent, begun.elapsed()));

        let bar = progress("comparing", orders.len());
        let compared = views::compare(target, &orders, sent.position, &bar).await?;
        bar.finish_and_clear();
        terminal::answer(&report::compared(&compared, orders.len()));
        let right = compared.differences.is_empty() && sent.refused.is_empty();
        Ok(if right { 0 } else { DIFFERS })
    }
}

impl Target {
    fn of(ready: Ready) -> Result<Self> {
        let token = ready.token.context(
            "tokens are signed elsewhere (AUTH_JWKS): the demo needs a platform that signs its own",
        )?;
        Ok(Self {
            http: http::client()?,
            command_url: ready.command_url,
            query_url: ready.query_url,
            token,
        })
    }

    /// Out of what a running platform wrote down about itself.
    fn read(text: &str) -> Result<Self> {
        let ready: Value =
            serde_json::from_str(text).context("the running platform's ready.json")?;
        let member = |name: &str| {
            let value = ready[name].as_str().map(str::to_owned);
            value.with_context(|| format!("the running platform says no {name}"))
        };
        Ok(Self {
            http: http::client()?,
            command_url: member("command_url")?,
            query_url: member("query_url")?,
            token: member("token")?,
        })
    }
}

/// A bar at a terminal; nothing elsewhere.
fn progress(what: &'static str, length: usize) -> ProgressBar {
    let bar = ProgressBar::new(u64::try_from(length).unwrap_or(u64::MAX)).with_message(what);
    let style = "{msg:10} {wide_bar} {human_pos}/{human_len} {per_sec} {eta}";
    match ProgressStyle::with_template(style) {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}

fn parse_scale(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(scale) if (0.001..=1.0).contains(&scale) => Ok(scale),
        _ => Err("a number from 0.001 to 1".to_owned()),
    }
}
