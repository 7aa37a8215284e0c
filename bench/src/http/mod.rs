//! The whole platform over HTTP, beside a plain service of axum, cqrs-es and postgres-es.
//!
//! | cell | what is counted |
//! |---|---|
//! | `http/post/<who>/<connections>` | orders placed |
//! | `http/get/<who>/<connections>` | orders read by id |
//! | `http/post-slow/<who>/64` | orders placed at half the rate that the peer reached in this round, open-loop |
//! | `http/post-fast/<who>/64` | the same at half of our own |
//!
//! `ours` is `orders up`: both APIs, relay, broker and projectors at work. Before the next cell begins the views have caught
//! up; how long that took is in the notes.

mod client;
mod order;
mod peer;
mod platform;
pub(crate) mod queries;
pub(crate) mod visible;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use anyhow::{Context as _, Result, bail};

use crate::cell::{Cell, Sample, as_float};
use crate::{Arguments, database, load, machine, progress};
use client::Client;
use peer::Peer;
use platform::Platform;

const CONNECTIONS: [usize; 4] = [1, 16, 64, 128];

/// Orders that are there to be read.
const ORDERS: u64 = 2_000;

/// Both services, and the client's connections to them.
struct Services {
    platform: Platform,
    peer: Peer,
    ours_post: Arc<Client>,
    ours_get: Arc<Client>,
    peers: Arc<Client>,
}

/// Runs every cell once a round.
pub(crate) async fn measure(arguments: &Arguments) -> Result<Vec<Cell>> {
    let mut cells: Vec<Cell> = plan()
        .into_iter()
        .filter(|cell| arguments.wants(&cell.name))
        .collect();
    if cells.is_empty() {
        return Ok(cells);
    }
    let services = Services::start(arguments).await?;
    for round in 0..arguments.rounds {
        for index in 0..cells.len() {
            database::settle(&arguments.postgres_url).await?;
            let name = cells[index].name.clone();
            let sample = services.measure(arguments, &name, &cells).await?;
            cells[index].take(round, sample);
        }
    }
    services.platform.stop().await?;
    services.peer.stop().await?;
    Ok(cells)
}

fn plan() -> Vec<Cell> {
    let mut plan = Vec::new();
    for what in ["post", "get"] {
        for connections in CONNECTIONS {
            for who in ["ours", "peer"] {
                plan.push(Cell::new(
                    format!("http/{what}/{who}/{connections}"),
                    "requests",
                ));
            }
        }
    }
    for what in ["post-slow", "post-fast"] {
        for who in ["ours", "peer"] {
            plan.push(Cell::new(format!("http/{what}/{who}/64"), "requests"));
        }
    }
    plan
}

impl Services {
    async fn start(arguments: &Arguments) -> Result<Self> {
        progress("starting the platform and the peer …");
        let platform = Platform::start(arguments, "bench", &[]).await?;
        let peer = Peer::start(arguments).await?;
        let most = CONNECTIONS[CONNECTIONS.len() - 1];
        let services = Self {
            ours_post: Arc::new(Client::connect(&platform.command_url, most).await?),
            ours_get: Arc::new(Client::connect(&platform.query_url, most).await?),
            peers: Arc::new(Client::connect(&peer.url, most).await?),
            platform,
            peer,
        };
        progress("placing orders to be read …");
        services.place_orders().await?;
        services.platform.caught_up(&services.ours_get).await?;
        Ok(services)
    }

    /// Places the orders that are read later, on a few connections at once.
    async fn place_orders(&self) -> Result<()> {
        let callers = CONNECTIONS[1];
        let places = (0..callers).map(|caller| async move {
            for number in (0..ORDERS).skip(caller).step_by(callers) {
                let id = order::readable(number);
                self.platform.place(&self.ours_post, caller, &id).await?;
                self.peer.place(&self.peers, caller, &id).await?;
            }
            anyhow::Ok(())
        });
        futures::future::try_join_all(places).await?;
        Ok(())
    }

    async fn measure(&self, arguments: &Arguments, name: &str, cells: &[Cell]) -> Result<Sample> {
        let parts: Vec<&str> = name.split('/').collect();
        let [_, what, who, connections] = parts[..] else {
            bail!("there is no cell {name}");
        };
        let connections: usize = connections.parse()?;
        let duration = arguments.duration();
        let before = self.cpu(arguments, who).await?;
        let sample = match (what, who) {
            ("post", "ours") => load::closed(connections, duration, self.post_ours()).await?,
            ("post", "peer") => load::closed(connections, duration, self.post_peer()).await?,
            ("get", "ours") => load::closed(connections, duration, self.get_ours()).await?,
            ("get", "peer") => load::closed(connections, duration, self.get_peer()).await?,
            (_, "ours") => {
                load::open(connections, rate(what, cells)?, duration, self.post_ours()).await?
            }
            (_, "peer") => {
                load::open(connections, rate(what, cells)?, duration, self.post_peer()).await?
            }
            _ => bail!("there is no cell {name}"),
        };
        let used = self.cpu(arguments, who).await? - before;
        let requests = as_float(sample.done) * sample.worked;
        let sample = sample
            .with(
                "CPU µs a request: generator",
                used.generator / requests * 1e6,
            )
            .with("service", used.service / requests * 1e6)
            .with("broker", used.broker / requests * 1e6)
            .with("PostgreSQL", used.postgres / requests * 1e6);
        if who == "ours" && what != "get" {
            let behind = self.platform.caught_up(&self.ours_get).await?;
            return Ok(sample.with("s until all was in the views", behind.as_secs_f64()));
        }
        Ok(sample)
    }

    fn post_ours(
        &self,
    ) -> impl Fn(usize) -> futures::future::BoxFuture<'static, Result<()>> + Send + Sync + 'static
    {
        let (platform, client) = (self.platform.caller(), Arc::clone(&self.ours_post));
        move |caller| {
            let (platform, client) = (platform.clone(), Arc::clone(&client));
            Box::pin(async move {
                platform
                    .place(&client, caller, &order::new_id())
                    .await
                    .map(drop)
            })
        }
    }

    fn post_peer(
        &self,
    ) -> impl Fn(usize) -> futures::future::BoxFuture<'static, Result<()>> + Send + Sync + 'static
    {
        let client = Arc::clone(&self.peers);
        move |caller| {
            let client = Arc::clone(&client);
            Box::pin(async move { peer::place(&client, caller, &order::new_id()).await })
        }
    }

    fn get_ours(
        &self,
    ) -> impl Fn(usize) -> futures::future::BoxFuture<'static, Result<()>> + Send + Sync + 'static
    {
        let (platform, client) = (self.platform.caller(), Arc::clone(&self.ours_get));
        let number = AtomicU64::new(0);
        move |caller| {
            let (platform, client) = (platform.clone(), Arc::clone(&client));
            let id = order::readable(number.fetch_add(1, Ordering::Relaxed) % ORDERS);
            Box::pin(async move { platform.read(&client, caller, &id).await })
        }
    }

    fn get_peer(
        &self,
    ) -> impl Fn(usize) -> futures::future::BoxFuture<'static, Result<()>> + Send + Sync + 'static
    {
        let client = Arc::clone(&self.peers);
        let number = AtomicU64::new(0);
        move |caller| {
            let client = Arc::clone(&client);
            let id = order::readable(number.fetch_add(1, Ordering::Relaxed) % ORDERS);
            Box::pin(async move { peer::read(&client, caller, &id).await })
        }
    }

    /// What everybody who takes part has used so far.
    async fn cpu(&self, arguments: &Arguments, who: &str) -> Result<Cpu> {
        let of = |process: Option<u32>| {
            process
                .and_then(|id| machine::cpu_seconds(&id.to_string()))
                .unwrap_or(0.0)
        };
        let ours = who == "ours";
        Ok(Cpu {
            generator: machine::cpu_seconds("self").context("/proc tells no CPU time")?,
            service: of(if ours {
                self.platform.process
            } else {
                self.peer.process
            }),
            broker: if ours { of(self.platform.broker) } else { 0.0 },
            postgres: database::cpu_seconds(&arguments.postgres_url).await?,
        })
    }
}

/// Seconds of CPU time.
struct Cpu {
    generator: f64,
    service: f64,
    broker: f64,
    postgres: f64,
}

impl std::ops::Sub for Cpu {
    type Output = Self;

    fn sub(self, before: Self) -> Self {
        Self {
            generator: self.generator - before.generator,
            service: self.service - before.service,
            broker: self.broker - before.broker,
            postgres: self.postgres - before.postgres,
        }
    }
}

/// The rate of an open-loop cell, from the closed-loop cell of the same round.
fn rate(what: &str, cells: &[Cell]) -> Result<f64> {
    let of = if what == "post-slow" {
        "http/post/peer/64"
    } else {
        "http/post/ours/64"
    };
    let last = cells
        .iter()
        .find(|cell| cell.name == of)
        .and_then(|cell| cell.samples.last());
    let last = last.with_context(|| format!("an open-loop cell needs {of} before it"))?;
    Ok(last.rate() / 2.0)
}
