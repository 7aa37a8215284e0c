//! The log alone, beside what else one would store events with.
//!
//! | cell | what is counted |
//! |---|---|
//! | `append/<who>/<writers>` | commands of one event to new streams |
//! | `append/function/100` | the same by the log's SQL function alone, 100 commands a call, one connection |
//! | `load/<who>/<writers>` | commands that read a stream of ten events, decode it and append one |
//! | `load/ours-kept/<writers>` | the same commands on orders that the process keeps in memory, as the command API does |
//! | `read/<who>` | events read forward from the first to the last, decoded |
//! | `relay/<on or off>/64` | commands as in `append/ours/64`, while the relay publishes them, and while it does not |
//!
//! `ours` is the appender with a key recorded for each command; `bare` is a prepared `INSERT` (before it a `SELECT`) on
//! one connection a writer into a table of the same columns without anything else.

mod bare;
mod disintegrate;
mod function;
mod ours;
mod postgres_es;
mod reading;
mod relay;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use anyhow::{Context as _, Result};

use crate::cell::{Cell, Sample, as_float};
use crate::workload::filled_stream;
use crate::{Arguments, database, load, machine, progress};

pub(crate) use ours::Ours;
pub(crate) use relay::Broker;

/// How many writers write at once.
const WRITERS: [usize; 3] = [1, 16, 64];

/// The most connections that a peer's pool gets; with more, all of them become slower on two cores.
const PEER_CONNECTIONS: u32 = 32;

/// The stores, each with a database of its own.
struct Stores {
    ours: Arc<ours::Ours>,
    function: Arc<function::Function>,
    bare: Arc<bare::Bare>,
    postgres_es: Arc<postgres_es::PostgresEs>,
    disintegrate: Arc<disintegrate::Disintegrate>,
    reading: Option<Arc<reading::Reading>>,
    relay: Option<relay::Relayed>,
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
    let wants = |what: &str| cells.iter().any(|cell| cell.name.starts_with(what));
    let loads = wants("load/");
    let stores = Stores::open(arguments, wants("read/"), wants("relay/")).await?;
    for round in 0..arguments.rounds {
        let streams = if loads {
            stores.fill(arguments, round).await?
        } else {
            0
        };
        for cell in &mut cells {
            if cell.name.starts_with("load/ours-kept/") {
                stores.keep(round, streams).await?;
            }
            database::settle(&arguments.postgres_url).await?;
            let before = cpu(arguments).await?;
            let sample = stores
                .measure(arguments, &cell.name, round, streams)
                .await?;
            let after = cpu(arguments).await?;
            let each = 1e6 / (as_float(sample.done) * sample.worked);
            let sample = sample
                .with("CPU µs each: client", (after.0 - before.0) * each)
                .with("PostgreSQL", (after.1 - before.1) * each);
            cell.take(round, sample);
        }
    }
    stores.close().await;
    Ok(cells)
}

/// CPU seconds that this process and PostgreSQL have used.
async fn cpu(arguments: &Arguments) -> Result<(f64, f64)> {
    let ours = machine::cpu_seconds("self").context("/proc tells no CPU time")?;
    Ok((ours, database::cpu_seconds(&arguments.postgres_url).await?))
}

fn plan() -> Vec<Cell> {
    let mut plan = vec![Cell::new("append/function/100", "events")];
    for what in ["append", "load"] {
        for writers in WRITERS {
            for who in ["ours", "postgres-es", "disintegrate", "bare"] {
                plan.push(Cell::new(format!("{what}/{who}/{writers}"), "commands"));
            }
        }
    }
    for writers in WRITERS {
        plan.push(Cell::new(format!("load/ours-kept/{writers}"), "commands"));
    }
    for who in reading::WHO {
        plan.push(Cell::new(format!("read/{who}"), "events"));
    }
    plan.push(Cell::new("relay/off/64", "commands"));
    plan.push(Cell::new("relay/on/64", "commands"));
    plan
}

impl Stores {
    /// Makes the stores; those for reading and for the relay only where they are asked for.
    async fn open(arguments: &Arguments, reads: bool, relays: bool) -> Result<Self> {
        progress("making the stores …");
        let server = &arguments.postgres_url;
        let disintegrate = disintegrate::Disintegrate::open(server, "bench_disintegrate").await?;
        Ok(Self {
            ours: Arc::new(ours::Ours::open(server, "bench_ours").await?),
            function: Arc::new(function::Function::open(server).await?),
            bare: Arc::new(bare::Bare::open(server).await?),
            postgres_es: Arc::new(postgres_es::PostgresEs::open(server).await?),
            disintegrate: Arc::new(disintegrate),
            reading: if reads {
                Some(Arc::new(reading::Reading::fill(arguments).await?))
            } else {
                None
            },
            relay: if relays {
                Some(relay::Relayed::start(arguments).await?)
            } else {
                None
            },
        })
    }

    async fn close(self) {
        if let Some(relay) = self.relay {
            relay.stop().await;
        }
        self.ours.close().await;
    }

    /// Makes the streams that a round's commands load, and says how many. Some are used more than once: the fastest
    /// store then loads a little more than ten events.
    async fn fill(&self, arguments: &Arguments, round: usize) -> Result<u64> {
        #[expect(clippy::cast_possible_truncation, reason = "some ten thousand")]
        let streams = (arguments.seconds * 8_000.0) as i64;
        progress(&format!(
            "round {} filling {streams} streams a store …",
            round + 1
        ));
        let prefix = filled_stream(round, 0);
        let prefix = prefix.trim_end_matches('0');
        self.ours.fill(prefix, streams).await?;
        self.bare.fill(prefix, streams).await?;
        self.postgres_es.fill(prefix, streams).await?;
        self.disintegrate.fill(prefix, streams).await?;
        Ok(u64::try_from(streams)?)
    }

    /// Has our log's orders kept, as many as the command API keeps.
    async fn keep(&self, round: usize, streams: u64) -> Result<()> {
        let kept: Vec<String> = (1..=streams.min(ours::KEPT))
            .map(|stream| filled_stream(round, stream))
            .collect();
        self.ours.keep(&kept).await
    }

    async fn measure(
        &self,
        arguments: &Arguments,
        cell: &str,
        round: usize,
        streams: u64,
    ) -> Result<Sample> {
        let (what, who) = cell.split_once('/').context("a cell has two parts")?;
        match (what, &self.reading, &self.relay) {
            ("read", Some(reading), _) => {
                // As a task, as in the services: what waits on the thread of `main` is woken by another thread each time.
                let (reading, who) = (Arc::clone(reading), who.to_owned());
                return tokio::spawn(async move { reading.measure(&who).await }).await?;
            }
            ("relay", _, Some(relay)) => return relay.measure(who, arguments.duration()).await,
            _ => {}
        }
        let mut parts = cell.split('/');
        let what = parts.next().unwrap_or_default();
        let who = parts.next().unwrap_or_default();
        let writers: usize = parts.next().unwrap_or_default().parse()?;
        let duration = arguments.duration();
        let streams = if who == "ours-kept" {
            streams.min(ours::KEPT)
        } else {
            streams
        };
        let used = Arc::new(AtomicU64::new(0));
        let next = {
            let used = Arc::clone(&used);
            move || {
                filled_stream(
                    round,
                    1 + used.fetch_add(1, Ordering::Relaxed) % streams.max(1),
                )
            }
        };
        macro_rules! closed {
            ($store:ident, append) => {{
                let store = Arc::clone(&self.$store);
                load::closed(writers, duration, move |writer| {
                    let store = Arc::clone(&store);
                    async move { store.append_new(writer).await }
                })
                .await
            }};
            ($store:ident, $load:ident) => {{
                let store = Arc::clone(&self.$store);
                load::closed(writers, duration, move |writer| {
                    let (store, stream) = (Arc::clone(&store), next());
                    async move { store.$load(writer, &stream).await }
                })
                .await
            }};
        }
        let sample = match (what, who) {
            ("append", "function") => self.function.measure(writers, duration).await,
            ("append", "ours") => closed!(ours, append),
            ("append", "postgres-es") => closed!(postgres_es, append),
            ("append", "disintegrate") => closed!(disintegrate, append),
            ("append", "bare") => closed!(bare, append),
            ("load", "ours-kept") => closed!(ours, append_to_kept),
            ("load", "ours") => closed!(ours, load_and_append),
            ("load", "postgres-es") => closed!(postgres_es, load_and_append),
            ("load", "disintegrate") => closed!(disintegrate, load_and_append),
            ("load", "bare") => closed!(bare, load_and_append),
            _ => anyhow::bail!("there is no cell {cell}"),
        }?;
        if what == "load" {
            let times = as_float(used.load(Ordering::Relaxed)) / as_float(streams.max(1));
            return Ok(sample.with("uses of a stream", times));
        }
        Ok(sample)
    }
}
