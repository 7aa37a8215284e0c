//! The running service.

use std::net::SocketAddr;
use std::time::Duration;

use service_kit::auth::JwksError;
use service_kit::{Authenticator, RateLimiter, serve};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::config::Config;
use crate::projections::Requests;
use crate::router::{self, App};
use crate::stream::Hub;
use crate::views::Views;

/// How long a stopping service waits for answers; an orchestrator kills after 10 s.
const GRACE: Duration = Duration::from_secs(8);

/// The service cannot start.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// No keys to check tokens with.
    #[error(transparent)]
    Keys(#[from] JwksError),
    /// The address cannot be listened on.
    #[error(
        "QUERY_API_ADDR: cannot listen on {address}; is another service there? Choose another address"
    )]
    Listen {
        /// Which.
        address: SocketAddr,
        /// Why.
        #[source]
        source: std::io::Error,
    },
}

/// The query API, listening but not answering yet.
#[derive(Debug)]
pub struct Service {
    listener: TcpListener,
    address: SocketAddr,
    app: App,
    views: Views,
    requests: Requests,
    stopping: CancellationToken,
}

impl Service {
    /// Gets the keys and listens. The database may still be away: `/health/ready` tells when it is there.
    pub async fn build(config: Config) -> Result<Self, BuildError> {
        let authenticator = Authenticator::from_settings(config.auth).await?;
        let rate_limiter = RateLimiter::new(config.rate_limit);
        let listen = |source| BuildError::Listen {
            address: config.address,
            source,
        };
        let listener = TcpListener::bind(config.address).await.map_err(listen)?;
        let address = listener.local_addr().map_err(listen)?;
        let stopping = CancellationToken::new();
        let requests = Requests::connect_lazy(config.read_model.clone());
        let views = Views::connect_lazy(config.read_model, config.connections, stopping.clone());
        let hub = Hub::start(views.clone(), stopping.clone());
        Ok(Self {
            listener,
            address,
            app: App::new(
                authenticator,
                rate_limiter,
                views.clone(),
                requests.clone(),
                hub,
            ),
            views,
            requests,
            stopping,
        })
    }

    /// Where it listens.
    pub fn local_addr(&self) -> SocketAddr {
        self.address
    }

    /// Answers until `shutdown`, then finishes what it has accepted.
    pub async fn run(self, shutdown: CancellationToken) {
        // Ends with this future too, should somebody drop it.
        let _end = self.stopping.clone().drop_guard();
        tracing::info!(address = %self.address, "the query API listens");
        let router = router::router(self.app, &shutdown);
        let serving = serve::serve(self.listener, router, shutdown.clone(), GRACE);
        let stopping = async {
            shutdown.cancelled().await;
            self.stopping.cancel();
        };
        tokio::join!(serving, stopping);
        tokio::join!(self.views.close(), self.requests.close());
        tracing::info!("the query API has stopped");
    }
}
