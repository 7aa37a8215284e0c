//! `orders migrate`: brings both databases to the schema that this program was built with.

use std::time::Duration;

use anyhow::{Context, Result};
use sqlx::postgres::PgPoolOptions;
use sqlx::{Connection, PgConnection, PgPool};

use crate::terminal;

/// How long a database may take to let us in.
const ANSWER: Duration = Duration::from_secs(10);

/// Arguments of `orders migrate`.
#[derive(Debug, clap::Args)]
pub(crate) struct Migrate {
    /// The log's database, as its owner
    #[arg(
        long,
        value_name = "URL",
        env = "EVENT_STORE_URL",
        hide_env_values = true
    )]
    event_store_url: String,
    /// The views' database, as their owner
    #[arg(
        long,
        value_name = "URL",
        env = "READ_MODEL_URL",
        hide_env_values = true
    )]
    read_model_url: String,
}

impl Migrate {
    /// Migrates both databases.
    pub(crate) async fn run(self) -> Result<u8> {
        run(&self.event_store_url, &self.read_model_url).await?;
        terminal::answer("The log and the views have this program's schema.");
        Ok(0)
    }
}

/// Migrates the log's and the views' database, each as its owner.
pub(crate) async fn run(event_store_url: &str, read_model_url: &str) -> Result<()> {
    let log = connect(event_store_url)
        .await
        .context("cannot reach the event log (EVENT_STORE_URL)")?;
    event_store::migrate(&log)
        .await
        .context("cannot migrate the event log")?;
    log.close().await;
    let views = connect(read_model_url)
        .await
        .context("cannot reach the views (READ_MODEL_URL)")?;
    read_model::migrate(&views)
        .await
        .context("cannot migrate the views")?;
    views.close().await;
    Ok(())
}

async fn connect(url: &str) -> Result<PgPool> {
    // A pool would repeat for long, and then not say what was wrong.
    let first = tokio::time::timeout(ANSWER, PgConnection::connect(url)).await;
    drop(first.context("no answer")??.close().await);
    let pool = PgPoolOptions::new().max_connections(2).connect(url).await?;
    Ok(pool)
}
