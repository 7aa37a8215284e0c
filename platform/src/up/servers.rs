//! The servers below the services: private ones, or those that the environment names.

use anyhow::Result;
use futures::FutureExt as _;
use tokio_util::sync::CancellationToken;

use super::keeper::Kept;
use crate::data_dir::DataDir;
use crate::postgres::database;
use crate::process::Spawner;
use crate::state::State;
use crate::{migrations, nats, postgres, terminal};

/// Names the log's database, instead of a private one.
pub(crate) const EVENT_STORE_URL: &str = "EVENT_STORE_URL";
/// Names the views' database, instead of a private one.
pub(crate) const READ_MODEL_URL: &str = "READ_MODEL_URL";
/// Names the broker, instead of a private one.
pub(crate) const NATS_URL: &str = "NATS_URL";

/// Who reaches which server how.
#[derive(Debug, Clone, Default)]
pub(crate) struct Urls {
    /// The log, as its owner.
    pub(crate) log_owner: String,
    /// The views, as their owner.
    pub(crate) views_owner: String,
    /// The log, for the command API.
    pub(crate) log_for_commands: String,
    /// The log, for projectors.
    pub(crate) log_for_projectors: String,
    /// The views, for projectors.
    pub(crate) views_for_projectors: String,
    /// The views, for the query API.
    pub(crate) views_for_queries: String,
    /// The broker, for the command API and its relay.
    pub(crate) nats_for_relay: String,
    /// The broker, for projectors.
    pub(crate) nats_for_projectors: String,
    /// The broker, for anybody who only listens.
    pub(crate) nats_for_subscribers: String,
}

/// What the environment names; an empty variable names nothing.
pub(crate) fn named(variable: &str) -> Option<String> {
    std::env::var(variable)
        .ok()
        .filter(|url| !url.trim().is_empty())
}

/// Starts the private cluster, unless both databases are named, and migrates them.
pub(super) async fn start_postgres(
    dir: &DataDir,
    state: &mut State,
    spawner: &Spawner,
    hasten: &CancellationToken,
    urls: &mut Urls,
) -> Result<Option<Kept>> {
    let (log, views) = (named(EVENT_STORE_URL), named(READ_MODEL_URL));
    let (private_log, private_views) = (log.is_none(), views.is_none());
    let mut kept = None;
    let mut port = 0;
    if log.is_none() || views.is_none() {
        let cluster = postgres::Private::prepare(dir, state, spawner).await?;
        terminal::note(&format!("Starting {} …", cluster.describe()));
        port = cluster.port();
        let start = cluster.clone();
        let start = Box::new(move || {
            let cluster = start.clone();
            async move { cluster.start().await }.boxed()
        });
        kept = Some(Kept::start("postgres", dir, hasten, start).await?);
        cluster.ensure_databases(state).await?;
    }
    let url = |role: &str, database: &str| -> Result<String> {
        Ok(database::login(&state.postgres, role)?.url(port, database))
    };
    if let Some(url) = log {
        urls.log_owner.clone_from(&url);
        urls.log_for_commands.clone_from(&url);
        urls.log_for_projectors = url;
    } else {
        urls.log_owner = url(database::LOG_OWNER, database::LOG)?;
        urls.log_for_commands = url(database::COMMAND_API, database::LOG)?;
        urls.log_for_projectors = url(database::PROJECTOR, database::LOG)?;
    }
    if let Some(url) = views {
        urls.views_owner.clone_from(&url);
        urls.views_for_projectors.clone_from(&url);
        urls.views_for_queries = url;
    } else {
        urls.views_owner = url(database::VIEWS_OWNER, database::VIEWS)?;
        urls.views_for_projectors = url(database::PROJECTOR, database::VIEWS)?;
        urls.views_for_queries = url(database::QUERY_API, database::VIEWS)?;
    }
    migrations::run(&urls.log_owner, &urls.views_owner).await?;
    if private_log {
        database::grant_log(&state.postgres, port).await?;
    }
    if private_views {
        database::grant_views(&state.postgres, port).await?;
    }
    Ok(kept)
}

/// Starts the private broker, unless one is named.
pub(super) async fn start_nats(
    dir: &DataDir,
    state: &mut State,
    spawner: &Spawner,
    http: &reqwest::Client,
    hasten: &CancellationToken,
    urls: &mut Urls,
) -> Result<Option<(Kept, nats::Private)>> {
    if let Some(url) = named(NATS_URL) {
        urls.nats_for_relay.clone_from(&url);
        urls.nats_for_projectors.clone_from(&url);
        urls.nats_for_subscribers = url;
        return Ok(None);
    }
    let broker = nats::Private::prepare(dir, state, spawner, http).await?;
    terminal::note(&format!("Starting {} …", broker.describe()));
    urls.nats_for_relay = broker.url(nats::RELAY)?;
    urls.nats_for_projectors = broker.url(nats::PROJECTOR)?;
    urls.nats_for_subscribers = broker.url(nats::SUBSCRIBER)?;
    let start = broker.clone();
    let start = Box::new(move || {
        let broker = start.clone();
        async move { broker.start().await }.boxed()
    });
    Ok(Some((
        Kept::start("nats", dir, hasten, start).await?,
        broker,
    )))
}
