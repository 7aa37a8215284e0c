//! The query API as a process of its own.

use anyhow::Context as _;
use query_api::{Config, Service};
use service_kit::telemetry::{self, LogSettings};
use service_kit::{Vars, shutdown};

/// Documents and JSON are many small allocations on every thread; the system's allocator spent two fifths of a
/// command's time on them (`docs/adr/0005`).
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let vars = Vars::from_env();
    telemetry::init(&LogSettings::from_vars(&vars)?)?;
    let config = Config::from_vars(&vars)?;
    let shutdown = shutdown::on_signals().context("signals cannot be listened for")?;
    let service = Service::build(config).await?;
    service.run(shutdown).await;
    Ok(())
}
