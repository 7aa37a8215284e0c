//! `orders service`: one service alone, as in a container of its own.

use anyhow::{Context, Result};
use clap::ValueEnum;
use service_kit::Vars;
use tokio_util::sync::CancellationToken;

/// The services of the platform.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ServiceName {
    /// Takes commands over HTTP, and relays the log to the broker
    CommandApi,
    /// Answers queries over HTTP
    QueryApi,
    /// Writes the views
    Projector,
}

impl ServiceName {
    pub(crate) const ALL: [Self; 3] = [Self::CommandApi, Self::QueryApi, Self::Projector];

    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::CommandApi => "command-api",
            Self::QueryApi => "query-api",
            Self::Projector => "projector",
        }
    }

    /// Builds the service from these variables and runs it until `stop` is cancelled.
    pub(crate) async fn run(self, vars: Vars, stop: CancellationToken) -> Result<()> {
        match self {
            Self::CommandApi => {
                let config = command_api::Config::from_vars(&vars)?;
                command_api::Service::build(config).await?.run(stop).await;
            }
            Self::QueryApi => {
                let config = query_api::Config::from_vars(&vars)?;
                query_api::Service::build(config).await?.run(stop).await;
            }
            Self::Projector => {
                let config = projector::Config::from_vars(&vars)?;
                projector::Service::build(config).await?.run(stop).await?;
            }
        }
        Ok(())
    }
}

/// Arguments of `orders service`.
#[derive(Debug, clap::Args)]
pub(crate) struct RunService {
    /// Which one
    #[arg(value_enum)]
    name: ServiceName,
}

impl RunService {
    /// Runs the service, configured by the environment, until a signal ends it.
    pub(crate) async fn run(self) -> Result<u8> {
        let vars = Vars::from_env();
        crate::log::for_service(&vars)?;
        let stop = service_kit::shutdown::on_signals().context("cannot listen to signals")?;
        self.name.run(vars, stop).await?;
        Ok(0)
    }
}
