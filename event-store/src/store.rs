//! The connections to the log.

use std::sync::Arc;
use std::time::Duration;

use shared_reads::SharedReads;
use sqlx::PgPool;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};

use crate::load::Wanted;
use crate::{Loaded, StoreError};

/// How to reach the log.
#[derive(Clone)]
pub struct StoreSettings {
    /// `postgres://user:password@host:port/database`.
    pub url: String,
    /// How many connections read at once; the appender has one more of its own.
    pub max_connections: u32,
    /// How long a reader waits for a connection.
    pub acquire_timeout: Duration,
    /// How long any statement may take on the server.
    pub statement_timeout: Duration,
    /// How long an append waits for the log's lock.
    pub lock_timeout: Duration,
}

impl StoreSettings {
    /// The defaults: 10 connections, 2 s for a connection, 10 s a statement, 2 s for the lock.
    pub fn new(url: impl Into<String>) -> Self {
        Self {
            url: url.into(),
            max_connections: 10,
            acquire_timeout: Duration::from_secs(2),
            statement_timeout: Duration::from_secs(10),
            lock_timeout: Duration::from_secs(2),
        }
    }
}

/// The log, for reading. Cheap to clone: all clones share the connections.
#[derive(Debug, Clone)]
pub struct EventStore {
    pool: PgPool,
    append: Arc<PgConnectOptions>,
    loads: Arc<SharedReads<Wanted, Loaded>>,
}

/// Loads under way at a time, and aggregates that share one: each may have thousands of events.
const LOADS: usize = 2;
const LOADED_TOGETHER: usize = 32;

impl EventStore {
    /// Takes the settings without connecting, so that a service can start before its database.
    pub fn connect_lazy(settings: &StoreSettings) -> Result<Self, StoreError> {
        let plain: PgConnectOptions = settings.url.parse().map_err(StoreError::Refused)?;
        let plain = match plain.get_application_name() {
            Some(_) => plain,
            None => plain.application_name("event-store"),
        };
        let common = |options: PgConnectOptions| {
            options.options([
                // Positions are given twice if a snapshot is older than the lock.
                ("default_transaction_isolation", r"read\ committed"),
                ("idle_in_transaction_session_timeout", "5s"),
                // Every statement here walks an index. A plan that was made while the tables were empty and stays
                // cached must do so too, and its estimates must not start the compiler.
                ("enable_seqscan", "off"),
                ("enable_bitmapscan", "off"),
                ("plan_cache_mode", "force_generic_plan"),
                ("jit", "off"),
            ])
        };
        let milliseconds = |duration: Duration| duration.as_millis().to_string();
        let read = common(plain.clone()).options([(
            "statement_timeout",
            milliseconds(settings.statement_timeout),
        )]);
        let append = common(plain).options([
            (
                "statement_timeout",
                milliseconds(settings.statement_timeout),
            ),
            ("lock_timeout", milliseconds(settings.lock_timeout)),
        ]);
        let pool = PgPoolOptions::new()
            .max_connections(settings.max_connections)
            .acquire_timeout(settings.acquire_timeout)
            .connect_lazy_with(read);
        let loads = Arc::new(SharedReads::new(LOADS, LOADED_TOGETHER));
        Ok(Self {
            pool,
            append: Arc::new(append),
            loads,
        })
    }

    /// Takes the settings and makes sure that the database answers.
    pub async fn connect(settings: &StoreSettings) -> Result<Self, StoreError> {
        let store = Self::connect_lazy(settings)?;
        store.ping().await?;
        Ok(store)
    }

    /// Whether the database answers now.
    pub async fn ping(&self) -> Result<(), StoreError> {
        sqlx::query("select 1").execute(&self.pool).await?;
        Ok(())
    }

    /// The connections for reading, for [`lease`](crate::lease) and [`relay_row`](crate::relay_row).
    pub fn pool(&self) -> &PgPool {
        &self.pool
    }

    /// Ends the connections, in order, when nothing needs them any more. All clones are closed with it.
    pub async fn close(&self) {
        self.pool.close().await;
    }

    /// Where aggregates wait to be loaded together.
    pub(crate) fn loads(&self) -> &SharedReads<Wanted, Loaded> {
        &self.loads
    }

    /// How the appender connects.
    pub(crate) fn append_options(&self) -> &PgConnectOptions {
        &self.append
    }
}
