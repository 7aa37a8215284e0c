//! The platform and its log beside their peers: one run, one PostgreSQL, one report.
//!
//! `make bench` starts this program with servers of its own: `TEST_POSTGRES_URL` names a PostgreSQL that keeps what it
//! acknowledges, `TEST_NATS_SERVER` a `nats-server` program, `ORDERS_BIN` the program `orders`. What is measured is
//! listed in [`store`], [`http`], [`http::visible`], [`http::queries`] and [`rebuild`]; every cell is run once a round, so that a
//! machine that becomes slower becomes slower for all. `docs/performance.md` says how to read the report.
#![expect(clippy::print_stderr, reason = "it tells a person how far it is")]

mod cell;
mod database;
mod http;
mod large;
mod lives;
mod load;
mod machine;
mod program;
mod ratio;
mod rebuild;
mod report;
/// Orders and commands as the domain's own tests make them.
#[path = "../../domain/tests/it/sample/mod.rs"]
#[expect(
    dead_code,
    unused_imports,
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "the domain's tests use the rest, and may say so by ending"
)]
mod sample;
mod store;
mod workload;

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context as _, Result};
use clap::Parser;

use cell::Cell;

/// As `orders` and the peer do, so that the generator is not slower than what it measures.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Measure the platform and its log beside their peers.
#[derive(Debug, Parser)]
pub(crate) struct Arguments {
    /// How often each cell is run; the report shows medians
    #[arg(long, default_value_t = 3)]
    rounds: usize,
    /// How long a cell is measured, in seconds
    #[arg(long, default_value_t = 5.0)]
    seconds: f64,
    /// How many events the logs hold that are read forward
    #[arg(long, default_value_t = 300_000)]
    read_events: i64,
    /// How many events the log holds from which the view of orders is built anew
    #[arg(long, default_value_t = 1_000_000)]
    rebuild_events: i64,
    /// Build it from a log of so many events, too
    #[arg(long)]
    rebuild_large: Option<i64>,
    /// Run only cells whose name contains one of these, separated by commas
    #[arg(long, value_delimiter = ',')]
    only: Vec<String>,
    /// Compare an empty log with one of so many events, and measure nothing else
    #[arg(long)]
    large: Option<i64>,
    /// Measure every query, and nothing else
    #[arg(long)]
    queries: bool,
    /// How many orders there are to be queried
    #[arg(long, default_value_t = 200_000)]
    query_orders: i64,
    /// How many audit entries are exported
    #[arg(long, default_value_t = 1_000_000)]
    export_entries: i64,
    /// Where the report goes
    #[arg(long, default_value = "bench/results")]
    results: PathBuf,
    /// Superuser of a PostgreSQL server that this program may fill
    #[arg(long, env = "TEST_POSTGRES_URL", hide_env_values = true)]
    postgres_url: String,
    /// The program `nats-server`
    #[arg(long, env = "TEST_NATS_SERVER")]
    nats_server: PathBuf,
    /// The program `orders`
    #[arg(long, env = "ORDERS_BIN")]
    orders: PathBuf,
}

impl Arguments {
    fn duration(&self) -> Duration {
        Duration::from_secs_f64(self.seconds)
    }

    fn wants(&self, cell: &str) -> bool {
        self.only.is_empty() || self.only.iter().any(|part| cell.contains(part.as_str()))
    }
}

#[tokio::main]
async fn main() -> Result<()> {
    let arguments = Arguments::parse();
    let mut machine = machine::Machine::look(&arguments.postgres_url).await?;
    let cells = match arguments.large {
        Some(events) => large::measure(&arguments, events).await?,
        None if arguments.queries => http::queries::measure(&arguments).await?,
        None => measure(&arguments).await?,
    };
    machine.finish();
    report::write(&arguments, &machine, &cells).context("the report cannot be written")
}

/// Runs the cells of the store and of HTTP, each once a round.
async fn measure(arguments: &Arguments) -> Result<Vec<Cell>> {
    let mut cells = store::measure(arguments).await?;
    cells.extend(http::measure(arguments).await?);
    cells.extend(http::visible::measure(arguments).await?);
    cells.extend(rebuild::measure(arguments).await?);
    Ok(cells)
}

/// Says what is being done.
pub(crate) fn progress(text: &str) {
    eprintln!("{text}");
}
