//! The service: what it is built from, and how it starts and ends.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use event_store::{Appender, AppenderSettings, EventStore, StoreError, StoreSettings};
use event_stream::{Client, ConnectionError, ConnectionState, Relay, RelaySettings, RelayState};
use service_kit::auth::JwksError;
use service_kit::health::Health;
use service_kit::{Authenticator, RateLimiter, edge, serve};
use thiserror::Error;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio::time::{Instant, timeout_at};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::app::App;
use crate::bulk::MOST_UPLOADS;
use crate::config::Config;
use crate::executing::Executing;
use crate::fitness::Fitness;
use crate::orders::Orders;
use crate::retention;
use crate::router::router;
use crate::turns::Turns;
use crate::way::Commands;

/// What this service is called in metrics, logs and at the broker.
const NAME: &str = "command-api";

/// How much longer than all else the log may take to decide what it was given.
const LAST_APPEND: Duration = Duration::from_secs(2);

/// Why the service could not be built.
#[derive(Debug, Error)]
pub enum BuildError {
    /// The address is taken, or not this machine's.
    #[error("cannot listen on {addr}: stop what listens there, or set COMMAND_API_ADDR")]
    Listen {
        /// The address.
        addr: SocketAddr,
        /// What the system says.
        source: std::io::Error,
    },
    /// The URL of the event log cannot be used.
    #[error("EVENT_STORE_URL cannot be used")]
    EventStore(#[source] StoreError),
    /// The event log is there, and commands must not be written to it.
    #[error("the event log of EVENT_STORE_URL will not do: {0}; see docs/configuration.md")]
    Unfit(String),
    /// The URL of the broker cannot be used.
    #[error(transparent)]
    Broker(#[from] ConnectionError),
    /// The public keys cannot be read.
    #[error(transparent)]
    Keys(#[from] JwksError),
}

/// The command API, ready to serve, with the relay that it hosts.
pub struct Service {
    listener: TcpListener,
    local_addr: SocketAddr,
    app: App,
    relay: Relay,
    health: Health,
    grace: Duration,
    key_retention: Duration,
}

impl Service {
    /// Takes the address and prepares all else. Neither database nor broker need be there yet.
    pub async fn build(config: Config) -> Result<Self, BuildError> {
        let addr = config.addr;
        let listen = |source| BuildError::Listen { addr, source };
        let listener = TcpListener::bind(addr).await.map_err(listen)?;
        let local_addr = listener.local_addr().map_err(listen)?;
        let authenticator = Authenticator::from_settings(config.auth).await?;
        let client = event_stream::connect(config.nats_url.expose(), NAME).await?;

        let settings = StoreSettings {
            max_connections: config.event_store_connections,
            ..StoreSettings::new(config.event_store_url.expose())
        };
        let store = EventStore::connect_lazy(&settings).map_err(BuildError::EventStore)?;
        let fitness = Fitness::new(store.clone(), config.durability);
        fitness.look().await.map_err(BuildError::Unfit)?;
        let queue = AppenderSettings {
            queue_commands: config.append_queue,
            ..AppenderSettings::default()
        };
        let appender = Appender::start(&store, queue);
        let relay_settings = RelaySettings {
            stream: config.stream,
            ..RelaySettings::default()
        };
        let relay = Relay::new(
            store.clone(),
            client.clone(),
            relay_settings,
            appender.committed(),
        );

        let stopping = CancellationToken::new();
        let health = health(&stopping, &fitness, &appender, &client, &relay);
        let orders = Orders::new(store.clone(), config.order_cache, config.snapshot_every);
        let app = App {
            authenticator,
            rate_limiter: RateLimiter::new(config.rate_limit),
            commands: Commands {
                store,
                appender,
                executing: Executing::default(),
                turns: Turns::default(),
                orders,
                fitness,
            },
            request_deadline: config.request_deadline,
            query_url: config.query_api_public_url.into(),
            bulk_room: Arc::new(Semaphore::new(config.bulk_in_flight)),
            upload_room: Arc::new(Semaphore::new(MOST_UPLOADS)),
            uploads: TaskTracker::new(),
            stopping,
        };
        Ok(Self {
            listener,
            local_addr,
            app,
            relay,
            health,
            grace: config.shutdown_grace,
            key_retention: config.key_retention,
        })
    }

    /// Where it listens.
    pub fn local_addr(&self) -> SocketAddr {
        self.local_addr
    }

    /// Serves until `shutdown`. Then what was accepted is answered, the appender writes what it
    /// accepted, and the relay, which publishes that, stops last.
    pub async fn run(self, shutdown: CancellationToken) {
        let app = self.app;
        let relay_shutdown = CancellationToken::new();
        let relay = tokio::spawn(self.relay.run(relay_shutdown.clone()));
        let _stop_relay = relay_shutdown.clone().drop_guard();
        let stopping = app.stopping.clone();
        let keys = app.commands.store.clone();
        tokio::spawn(retention::run(keys, self.key_retention, stopping.clone()));
        tokio::spawn(
            app.commands
                .fitness
                .clone()
                .look_until_fit(stopping.clone()),
        );
        let stopped = tokio::spawn(async move {
            shutdown.cancelled().await;
            stopping.cancel();
            Instant::now()
        });

        let router = edge::wrap(NAME, router(app.clone()), self.health);
        serve::serve(self.listener, router, app.stopping.clone(), self.grace).await;

        let stopped = stopped.await.unwrap_or_else(|_| Instant::now());
        app.uploads.close();
        if timeout_at(stopped + self.grace, app.uploads.wait())
            .await
            .is_err()
        {
            tracing::warn!(uploads = app.uploads.len(), "bulk uploads were cut off");
        }
        let close = app.commands.appender.close();
        if timeout_at(stopped + self.grace + LAST_APPEND, close)
            .await
            .is_err()
        {
            tracing::error!("the log did not decide all commands before the end");
        }
        relay_shutdown.cancel();
        if let Err(failure) = relay.await {
            tracing::error!(error = %failure, "the relay has failed");
        }
        app.commands.store.close().await;
    }
}

/// Commands need the log. Without the broker they are taken too, and published later.
fn health(
    stopping: &CancellationToken,
    fitness: &Fitness,
    appender: &Appender,
    client: &Client,
    relay: &Relay,
) -> Health {
    let (fitness, settings) = (fitness.clone(), fitness.clone());
    let (appender, client, relay) = (appender.clone(), client.clone(), relay.status());
    Health::new(stopping.clone())
        .needs("event-store", move || {
            let fitness = fitness.clone();
            async move { fitness.check().await }
        })
        .tells("event-store-settings", move || {
            let settings = settings.clone();
            async move { settings.check_settings().await }
        })
        .needs("appender", move || {
            let running = appender.is_running();
            async move {
                if running {
                    Ok(())
                } else {
                    Err("has failed".to_owned())
                }
            }
        })
        .tells("nats", move || {
            let connected = client.connection_state() == ConnectionState::Connected;
            async move {
                if connected {
                    Ok(())
                } else {
                    Err("not connected".to_owned())
                }
            }
        })
        .tells("relay", move || {
            let state = relay.borrow().state;
            async move {
                match state {
                    RelayState::Following | RelayState::Leading => Ok(()),
                    RelayState::Retrying => Err("cannot publish at the moment".to_owned()),
                    RelayState::Halted => Err("needs an operator: see its log".to_owned()),
                }
            }
        })
}
