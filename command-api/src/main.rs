//! The command API as a program of its own.

use std::process::ExitCode;

use command_api::{Config, Service};
use service_kit::Vars;
use service_kit::shutdown;
use service_kit::telemetry::{self, LogSettings};

/// Documents and JSON are many small allocations on every thread; the system's allocator spent two fifths of a
/// command's time on them (`docs/adr/0005`).
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[tokio::main]
async fn main() -> ExitCode {
    match run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            #[expect(clippy::print_stderr, reason = "there may be no log yet")]
            {
                eprintln!("command-api: {error:#}");
            }
            ExitCode::FAILURE
        }
    }
}

async fn run() -> anyhow::Result<()> {
    let vars = Vars::from_env();
    let mut reader = vars.reader();
    let log = reader.part(LogSettings::from_vars(&vars));
    let config = reader.part(Config::from_vars(&vars));
    let (log, config) = reader.finish_with(log.zip(config))?;
    telemetry::init(&log)?;
    let shutdown = shutdown::on_signals()?;
    let service = Service::build(config).await?;
    tracing::info!(addr = %service.local_addr(), "the command API listens");
    service.run(shutdown).await;
    Ok(())
}
