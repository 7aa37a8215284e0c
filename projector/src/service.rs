//! The projector as a service: built from its configuration, run until told to stop.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use event_store::{EventStore, StoreError, StoreSettings};
use event_stream::{ConnectionError, ConnectionState};
use service_kit::database;
use service_kit::health::Health;
use service_kit::problem::chain;
use service_kit::{Kept, Secret};
use sqlx::PgPool;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, watch};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::board::Board;
use crate::config::Config;
use crate::frontier;
use crate::lag;
use crate::layout::{self, Layout};
use crate::ownership::Worker;
use crate::parking;
use crate::partition::together::{self, Batch, NewlyParked};
use crate::partition::{Sources, metric};
use crate::replay::{self, Replay, operations};
use crate::rounds::Rounds;
use crate::views::{self, ViewsError};

/// Connections to the log: reading is brief, and partitions take turns.
const LOG_CONNECTIONS: u32 = 6;

/// Connections to the views for what partitions ask before they write. The round that is under way has one of its own.
const OTHER_CONNECTIONS: u32 = 2;

/// Connections to the views' database beside those that write views. The frontier has one of its own.
const CONTROL_CONNECTIONS: u32 = 2;

/// Partitions that a rebuild fills at once, at most.
const MOST_BUILDERS: usize = 8;

/// How long a partition waits for a connection to the views.
const CONNECTION_WAIT: Duration = Duration::from_secs(5);

/// How long requests may still take when the service stops.
const GRACE: Duration = Duration::from_secs(2);

/// Why the projector cannot be built.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// The log's URL cannot be used.
    #[error("EVENT_STORE_URL is not the URL of a PostgreSQL database")]
    EventStore(#[source] StoreError),
    /// The views' URL cannot be used.
    #[error("READ_MODEL_URL is not the URL of a PostgreSQL database")]
    ReadModel(#[source] sqlx::Error),
    /// The broker's URL cannot be used.
    #[error(transparent)]
    Broker(#[from] ConnectionError),
    /// The address is taken or not this machine's.
    #[error("PROJECTOR_ADDR: {addr} cannot be listened on")]
    Listen {
        /// The address.
        addr: SocketAddr,
        /// What the system says.
        source: std::io::Error,
    },
}

/// Why the projector ended though nobody told it to.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The views are not this program's to keep.
    #[error(transparent)]
    Views(#[from] ViewsError),
}

/// A projector that listens, and does nothing else until it is run.
#[derive(Debug)]
pub struct Service {
    sources: Sources,
    replay: Replay,
    generation_kept: Duration,
    layout: watch::Sender<Layout>,
    board: Arc<Board>,
    listener: TcpListener,
    addr: SocketAddr,
}

impl Service {
    /// Takes the configuration and listens. Databases and broker may still be away.
    pub async fn build(config: Config) -> Result<Self, BuildError> {
        let settings = StoreSettings {
            max_connections: LOG_CONNECTIONS,
            ..StoreSettings::new(config.event_store_url.expose())
        };
        let store = EventStore::connect_lazy(&settings).map_err(BuildError::EventStore)?;
        let control = connect_views(config.read_model_url.expose(), CONTROL_CONNECTIONS)
            .map_err(BuildError::ReadModel)?;
        let connections = config.connections + OTHER_CONNECTIONS;
        let views = connect_views(config.read_model_url.expose(), connections)
            .map_err(BuildError::ReadModel)?;
        let client = event_stream::connect(config.nats_url.expose(), "projector").await?;
        let listen = |source| BuildError::Listen {
            addr: config.addr,
            source,
        };
        let listener = TcpListener::bind(config.addr).await.map_err(listen)?;
        let addr = listener.local_addr().map_err(listen)?;
        let layout = watch::Sender::default();
        let sources = Sources {
            store,
            rounds: rounds(&views),
            views,
            turns: turns(config.connections),
            control,
            client,
            stream: config.stream,
            layout: layout.subscribe(),
        };
        let workers = std::thread::available_parallelism().map_or(1, usize::from);
        let workers = workers.clamp(2, MOST_BUILDERS);
        let replay = Replay {
            sources: patient(
                &sources,
                &config.event_store_url,
                &config.read_model_url,
                workers,
            )?,
            workers,
            owner: Uuid::now_v7(),
        };
        Ok(Self {
            sources,
            replay,
            generation_kept: config.generation_kept,
            layout,
            board: Arc::new(Board::default()),
            listener,
            addr,
        })
    }

    /// Where health and metrics are served.
    pub fn local_addr(&self) -> SocketAddr {
        self.addr
    }

    /// Keeps the views until `shutdown`, then gives its partitions back.
    pub async fn run(self, shutdown: CancellationToken) -> Result<(), RunError> {
        let Self {
            sources,
            replay,
            generation_kept,
            layout,
            board,
            listener,
            ..
        } = self;
        let patient = replay.sources.clone();
        let views = sources.views.clone();
        let replaying = async {
            let operations = operations::serve(replay, shutdown.clone());
            let cleaning = replay::clean(views, generation_kept, shutdown.clone());
            tokio::join!(Box::pin(operations), cleaning);
        };
        let router = service_kit::edge::wrap(
            "projector",
            axum::Router::new(),
            health(&sources, &board, &shutdown),
        );
        let serving = service_kit::serve::serve(listener, router, shutdown.clone(), GRACE);
        let working = async {
            let working = work(sources.clone(), layout, board, replaying, shutdown.clone());
            let result = Box::pin(working).await;
            // Whoever ends early ends the other.
            shutdown.cancel();
            result
        };
        let (result, ()) = tokio::join!(working, serving);
        tokio::join!(sources.close(), patient.close());
        result.map_err(RunError::from)
    }
}

async fn work(
    sources: Sources,
    layout: watch::Sender<Layout>,
    board: Arc<Board>,
    replaying: impl Future<Output = ()>,
    shutdown: CancellationToken,
) -> Result<(), ViewsError> {
    board.begin();
    metric::begin();
    board.hindered(Some("the service is starting".to_owned()));
    let prepared = shutdown
        .run_until_cancelled(prepare(&sources, &board))
        .await;
    if let Some(prepared) = prepared {
        prepared?;
        let worker = Worker::new(sources.clone(), board.clone()).run(shutdown.clone());
        let frontier = frontier::keep(sources.clone(), shutdown.clone());
        let layout = layout::watch(sources.control.clone(), layout, shutdown.clone());
        let parking = parking::watch::watch(sources.control.clone(), board, shutdown.clone());
        let lag = lag::watch(sources, shutdown.clone());
        tokio::join!(worker, frontier, layout, parking, lag, replaying);
    }
    Ok(())
}

/// Makes the views as soon as both databases are there and will do.
async fn prepare(sources: &Sources, board: &Board) -> Result<(), ViewsError> {
    let mut pause = Duration::from_millis(100);
    loop {
        let hindrance = match look_at_both(sources).await {
            Err(hindrance) => hindrance,
            Ok(()) => match views::prepare(&sources.views, sources.stream.partitions).await {
                Err(ViewsError::Database(error)) => chain(&error),
                ended => return ended,
            },
        };
        tracing::warn!(hindrance, "the views cannot be prepared yet");
        board.hindered(Some("a database is away or will not do".to_owned()));
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(Duration::from_secs(2));
    }
}

async fn look_at_both(sources: &Sources) -> Result<(), String> {
    database::check(sources.store.pool(), &event_store::MIGRATOR)
        .await
        .map_err(|flaw| format!("the event log: {flaw}"))?;
    database::check(&sources.control, &read_model::MIGRATOR)
        .await
        .map_err(|flaw| format!("the views' database: {flaw}"))
}

/// The same sources, with connections of their own whose statements and transactions may take as long as they need.
fn patient(
    sources: &Sources,
    event_store_url: &Secret<String>,
    read_model_url: &Secret<String>,
    workers: usize,
) -> Result<Sources, BuildError> {
    // One each, and one to ask with.
    let connections = u32::try_from(workers + 1).unwrap_or(u32::MAX);
    let settings = StoreSettings {
        max_connections: connections,
        statement_timeout: Duration::ZERO,
        ..StoreSettings::new(event_store_url.expose())
    };
    let store = EventStore::connect_lazy(&settings).map_err(BuildError::EventStore)?;
    let options = views_options(read_model_url.expose()).map_err(BuildError::ReadModel)?;
    let options = options.options([
        ("statement_timeout", "0"),
        ("idle_in_transaction_session_timeout", "1min"),
    ]);
    let pool = PgPoolOptions::new()
        .max_connections(connections)
        .acquire_timeout(CONNECTION_WAIT);
    let views = pool.connect_lazy_with(options);
    Ok(Sources {
        store,
        rounds: rounds(&views),
        views,
        turns: turns(connections),
        ..sources.clone()
    })
}

fn rounds(views: &PgPool) -> Rounds<Batch, NewlyParked> {
    let views = Arc::new(Kept::of(views.clone()));
    Rounds::new(move |batches| {
        let views = views.clone();
        async move { together::write(&views, batches).await }
    })
}

fn turns(at_once: u32) -> Arc<Semaphore> {
    let at_once = usize::try_from(at_once).unwrap_or(usize::MAX);
    Arc::new(Semaphore::new(at_once.min(Semaphore::MAX_PERMITS)))
}

fn connect_views(url: &str, connections: u32) -> Result<PgPool, sqlx::Error> {
    let pool = PgPoolOptions::new()
        .max_connections(connections)
        .acquire_timeout(CONNECTION_WAIT);
    Ok(pool.connect_lazy_with(views_options(url)?))
}

fn views_options(url: &str) -> Result<PgConnectOptions, sqlx::Error> {
    let options: PgConnectOptions = url.parse()?;
    let options = options.application_name("projector").options([
        ("default_transaction_isolation", r"read\ committed"),
        ("idle_in_transaction_session_timeout", "10s"),
        ("statement_timeout", "10s"),
        // Views and checkpoints are of one transaction: what a crash takes back is read from the log again.
        ("synchronous_commit", "off"),
        // A plan that was made while a view was empty and stays cached must use its indexes later, too; where a table has
        // none, its estimate must not start the compiler, which takes a tenth of a second each time.
        ("enable_seqscan", "off"),
        ("jit", "off"),
        // No plan depends on how many rows a batch has.
        ("plan_cache_mode", "force_generic_plan"),
    ]);
    Ok(options)
}

fn health(sources: &Sources, board: &Arc<Board>, shutdown: &CancellationToken) -> Health {
    let (store, control, client) = (
        sources.store.clone(),
        sources.control.clone(),
        sources.client.clone(),
    );
    let (board, views) = (board.clone(), board.clone());
    Health::new(shutdown.clone())
        .needs("event-store", move || {
            let store = store.clone();
            async move { database::check(store.pool(), &event_store::MIGRATOR).await }
        })
        .needs("read-model", move || {
            let control = control.clone();
            async move { database::check(&control, &read_model::MIGRATOR).await }
        })
        .needs("projections", move || std::future::ready(board.check()))
        // One that is faulted stands, and all others go on.
        .tells("views", move || std::future::ready(views.check_views()))
        // Without it the views follow the log alone, a second later.
        .tells("broker", move || {
            let connected = client.connection_state() == ConnectionState::Connected;
            std::future::ready(if connected {
                Ok(())
            } else {
                Err("away".to_owned())
            })
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn no_statement_on_the_views_is_compiled() {
        let database = test_kit::database().await;
        let pool = connect_views(&database.url, 1).unwrap();
        let run = async |statement: &'static str| {
            let rows = sqlx::query_scalar::<_, String>(statement).fetch_all(&pool);
            rows.await.unwrap().join("\n")
        };
        // As if every statement cost more than compiling it may.
        run("set jit_above_cost = 0").await;
        let plan = "explain select count(*) from pg_am";
        assert!(!run(plan).await.contains("JIT"));
        // It would be compiled, where the server can.
        if run("select pg_jit_available()::text").await == "true" {
            run("set jit = on").await;
            let plan = run(plan).await;
            assert!(plan.contains("JIT"), "{plan}");
        }
    }
}
