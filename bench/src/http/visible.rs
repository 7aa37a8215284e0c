//! How soon an order that was acknowledged is in the views, and how many orders a second the views keep up with.
//!
//! | cell | what is counted |
//! |---|---|
//! | `visible/top/peer` | orders placed at `bench/peer`, which writes its view before it answers; 64 connections |
//! | `visible/top/<projectors>` | orders placed at the platform, 64 connections |
//! | `visible/<percent>/1` | orders placed at so many percent of that rate, open-loop. The latency is that of the view: from the acknowledgement until the query API has answered with the order |
//! | `visible/keeps-up/<projectors>` | orders placed at the highest rate, open-loop, that the views keep up with |
//!
//! The platforms are `orders up --split` with one projector and with two. Who reads asks for the order once, with the
//! `Min-Position` of the acknowledgement, and the query API answers when it is there: the time of that request is in the
//! latency. Some 200 orders a second are read, so that reading is not what is measured, and it holds up nobody who places orders.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use tokio::sync::Mutex;
use tokio::task::JoinSet;

use super::client::Client;
use super::order;
use super::peer::{self, Peer};
use super::platform::Platform;
use crate::cell::{Cell, Latency, Sample, as_float};
use crate::{Arguments, database, load, progress};

/// Connections that place orders as fast as they are answered.
const CONNECTIONS: usize = 64;

/// Connections among which calls with fixed times are distributed, and as many for those who wait for a view meanwhile.
const CALLERS: usize = 128;

/// Orders a second that are waited for in the view.
const READ_A_SECOND: f64 = 200.0;

/// Steps of the search for the highest rate: the last one is a sixteenth of the top rate.
const STEPS: u32 = 4;

/// Views keep up if they need no longer for what is left, when the load ends, than this part of its time.
const LEFT: f64 = 0.1;

/// Calls that were due and are answered, at least, of a rate that holds.
const ANSWERED: f64 = 0.98;

/// Those who wait for a view, and how long it took.
type Reads = JoinSet<Result<Duration>>;

/// The platforms, by their number of projectors, and the peer.
struct Services {
    platforms: Vec<Service>,
    peer: Peer,
    peers: Arc<Client>,
}

struct Service {
    projectors: u16,
    platform: Platform,
    post: Arc<Client>,
    get: Arc<Client>,
}

/// Runs every cell once a round.
pub(crate) async fn measure(arguments: &Arguments) -> Result<Vec<Cell>> {
    let names = [
        "visible/top/peer",
        "visible/top/1",
        "visible/10/1",
        "visible/50/1",
        "visible/90/1",
        "visible/keeps-up/1",
        "visible/top/2",
        "visible/keeps-up/2",
    ];
    if !names.iter().any(|name| arguments.wants(name)) {
        return Ok(Vec::new());
    }
    // Each needs a top rate before it: they are run together or not at all.
    let mut cells = names.map(|name| Cell::new(name, "requests"));
    let services = Services::start(arguments).await?;
    for round in 0..arguments.rounds {
        for index in 0..cells.len() {
            database::settle(&arguments.postgres_url).await?;
            let name = cells[index].name.clone();
            let sample = services.measure(arguments, &name, &cells).await?;
            cells[index].take(round, sample);
        }
    }
    services.stop().await?;
    Ok(cells.into())
}

impl Services {
    async fn start(arguments: &Arguments) -> Result<Self> {
        progress("starting platforms with one projector and with two, and the peer …");
        let peer = Peer::start(arguments).await?;
        let mut platforms = Vec::new();
        for projectors in [1, 2] {
            platforms.push(Service::start(arguments, projectors).await?);
        }
        Ok(Self {
            platforms,
            peers: Arc::new(Client::connect(&peer.url, CONNECTIONS).await?),
            peer,
        })
    }

    async fn measure(&self, arguments: &Arguments, name: &str, cells: &[Cell]) -> Result<Sample> {
        let parts: Vec<&str> = name.split('/').collect();
        let [_, what, who] = parts[..] else {
            bail!("there is no cell {name}");
        };
        let duration = arguments.duration();
        if who == "peer" {
            let client = Arc::clone(&self.peers);
            return load::closed(CONNECTIONS, duration, move |caller| {
                let client = Arc::clone(&client);
                async move { peer::place(&client, caller, &order::new_id()).await }
            })
            .await;
        }
        let projectors: u16 = who.parse()?;
        let service = self.platforms.iter().find(|s| s.projectors == projectors);
        let service = service.with_context(|| format!("there is no cell {name}"))?;
        if what == "top" {
            return service.top(duration).await;
        }
        let top = top_rate(cells, projectors)?;
        match what {
            "keeps-up" => service.keeps_up(top, duration).await,
            percent => {
                let share = percent.parse::<f64>()? / 100.0;
                Ok(service.visible(top * share, duration).await?.0)
            }
        }
    }

    async fn stop(self) -> Result<()> {
        for service in self.platforms {
            service.platform.stop().await?;
        }
        self.peer.stop().await
    }
}

/// The rate that the platform reached in this round with as many callers as there were connections.
fn top_rate(cells: &[Cell], projectors: u16) -> Result<f64> {
    let name = format!("visible/top/{projectors}");
    let cell = cells.iter().find(|cell| cell.name == name);
    let last = cell.and_then(|cell| cell.samples.last());
    Ok(last.context("no top rate was measured")?.rate())
}

impl Service {
    async fn start(arguments: &Arguments, projectors: u16) -> Result<Self> {
        let number = projectors.to_string();
        let options = ["--split", "--projectors", &number];
        let name = format!("bench_visible_{projectors}");
        let platform = Platform::start(arguments, &name, &options).await?;
        Ok(Self {
            projectors,
            post: Arc::new(Client::connect(&platform.command_url, CALLERS).await?),
            get: Arc::new(Client::connect(&platform.query_url, CALLERS).await?),
            platform,
        })
    }

    /// The highest rate of POST.
    async fn top(&self, duration: Duration) -> Result<Sample> {
        let (platform, client) = (self.platform.caller(), Arc::clone(&self.post));
        let sample = load::closed(CONNECTIONS, duration, move |caller| {
            let (platform, client) = (platform.clone(), Arc::clone(&client));
            async move {
                platform
                    .place(&client, caller, &order::new_id())
                    .await
                    .map(drop)
            }
        })
        .await?;
        let behind = self.platform.caught_up(&self.get).await?;
        Ok(sample.with("s until all was in the views", behind.as_secs_f64()))
    }

    /// Places orders at this rate and waits for some of them in the view; says, too, how long the views needed for what was
    /// left at the end.
    async fn visible(&self, rate: f64, duration: Duration) -> Result<(Sample, Duration)> {
        let reads = Arc::new(Mutex::new(Reads::new()));
        let posted = load::open(CALLERS, rate, duration, self.place_and_read(rate, &reads));
        let posted = posted.await?;
        let behind = self.platform.caught_up(&self.get).await?;
        let mut visible = load::histogram()?;
        while let Some(read) = reads.lock().await.join_next().await {
            visible.saturating_record(u64::try_from(read??.as_nanos())?);
        }
        let mut sample = Sample::new(posted.done, posted.seconds);
        sample.latency = Some(Latency::of(&visible));
        let answered = posted.notes.get("answered, share").copied();
        let p999 = as_float(visible.value_at_quantile(0.999)) / 1000.0;
        let sample = sample
            .with("p99.9 µs", p999)
            .with("orders read", as_float(visible.len()))
            .with("answered, share", answered.unwrap_or_default())
            .with("s until all was in the views", behind.as_secs_f64());
        Ok((sample, behind))
    }

    fn place_and_read(
        &self,
        rate: f64,
        reads: &Arc<Mutex<Reads>>,
    ) -> impl Fn(usize) -> futures::future::BoxFuture<'static, Result<()>> + Send + Sync + 'static
    {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a small positive number"
        )]
        let every = (rate / READ_A_SECOND).ceil().max(1.0) as u64;
        let number = AtomicU64::new(0);
        let platform = self.platform.caller();
        let (post, get) = (Arc::clone(&self.post), Arc::clone(&self.get));
        let reads = Arc::clone(reads);
        move |caller| {
            let is_read = number.fetch_add(1, Ordering::Relaxed).is_multiple_of(every);
            let (platform, reads) = (platform.clone(), Arc::clone(&reads));
            let (post, get) = (Arc::clone(&post), Arc::clone(&get));
            Box::pin(async move {
                let id = order::new_id();
                let position = platform.place(&post, caller, &id).await?;
                if is_read {
                    let acknowledged = Instant::now();
                    reads.lock().await.spawn(async move {
                        platform.read_at(&get, caller, &id, position).await?;
                        Ok(acknowledged.elapsed())
                    });
                }
                Ok(())
            })
        }
    }

    /// The highest rate that holds, found by halving; the sample is that of the last rate that held.
    async fn keeps_up(&self, top: f64, duration: Duration) -> Result<Sample> {
        let mut held = None;
        let (mut rate, mut step, mut tried) = (top, top / 2.0, top);
        for _ in 0..=STEPS {
            tried = rate;
            let (sample, behind) = self.visible(rate, duration).await?;
            let answered = sample.notes.get("answered, share").copied();
            let holds =
                behind <= duration.mul_f64(LEFT) && answered.is_some_and(|share| share >= ANSWERED);
            let sample = sample.with("of the top rate", rate / top);
            if holds {
                held = Some(sample);
                if rate >= top {
                    break;
                }
                rate += step;
            } else {
                rate -= step;
            }
            step /= 2.0;
        }
        let none = || Sample::new(0, duration.as_secs_f64()).with("does not hold, a second", tried);
        Ok(held.unwrap_or_else(none))
    }
}
