//! From a listener to answers, and to an orderly end.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{ConnectInfo, Request};
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower::ServiceExt as _;

use crate::correlation::Correlation;
use crate::problem::{self, Problem, ProblemType};

/// How long a client may take for a request's head, and how long a connection may lie idle between requests.
const HEAD_DEADLINE: Duration = Duration::from_secs(30);
/// The largest head of a request, in bytes.
const MAX_HEAD: usize = 64 * 1024;
/// Connections beyond this many wait in the kernel's queue.
const MAX_CONNECTIONS: usize = 8_192;
/// How long to wait when the kernel gives no connection (no file descriptor left).
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);
/// How long those that came after the end began may take to read that they are refused.
const REFUSAL_GRACE: Duration = Duration::from_millis(250);

/// Serves until `shutdown` is cancelled and what was accepted until then is answered, at most `grace` longer.
///
/// Who comes during that time is refused with 503 `unavailable`; what is unanswered after `grace` is cut off. Handlers
/// can extract `ConnectInfo<SocketAddr>`. HTTP/1.1 only: a proxy in front speaks the rest.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    shutdown: CancellationToken,
    grace: Duration,
) {
    let server = Arc::new(Server {
        router,
        room: Arc::new(Semaphore::new(MAX_CONNECTIONS)),
        stopping: shutdown,
        cut_off: CancellationToken::new(),
    });
    let _cut_off = server.cut_off.clone().drop_guard();

    let accepted = TaskTracker::new();
    tokio::select! {
        () = server.accept(&listener, &accepted) => {}
        () = server.stopping.cancelled() => {}
    }
    accepted.close();

    let refused = TaskTracker::new();
    let drained = tokio::select! {
        () = server.accept(&listener, &refused) => false,
        drained = tokio::time::timeout(grace, accepted.wait()) => drained.is_ok(),
    };
    if !drained {
        tracing::warn!(
            connections = accepted.len(),
            "requests were cut off: the grace time is over"
        );
    }
    drop(listener);
    refused.close();
    // Whoever does not read its refusal in time loses nothing.
    let _ = tokio::time::timeout(REFUSAL_GRACE, refused.wait()).await;
}

struct Server {
    router: Router,
    room: Arc<Semaphore>,
    stopping: CancellationToken,
    cut_off: CancellationToken,
}

impl Server {
    /// Accepts connections, each a task of `tasks`; never ends by itself.
    async fn accept(self: &Arc<Self>, listener: &TcpListener, tasks: &TaskTracker) {
        loop {
            let Ok(room) = self.room.clone().acquire_owned().await else {
                return; // never closed
            };
            match listener.accept().await {
                Ok((stream, client)) => {
                    let server = self.clone();
                    let cut_off = self.cut_off.clone();
                    tasks.spawn(async move {
                        tokio::select! {
                            () = server.talk(stream, client, room) => {}
                            () = cut_off.cancelled() => {}
                        }
                    });
                }
                Err(error) => {
                    tracing::warn!(%error, "a connection could not be accepted");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            }
        }
    }

    /// One connection, to its end.
    async fn talk(&self, stream: TcpStream, client: SocketAddr, _room: OwnedSemaphorePermit) {
        // Small answers must not wait for the client's acknowledgement of earlier ones.
        if stream.set_nodelay(true).is_err() {
            return; // it is gone already
        }
        let refuse = self.stopping.is_cancelled();
        let service = service_fn(move |request: Request<Incoming>| {
            let router = self.router.clone();
            async move {
                if refuse {
                    return Ok(refusal(&request));
                }
                let mut request = request.map(Body::new);
                request.extensions_mut().insert(ConnectInfo(client));
                router.oneshot(request).await
            }
        });
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(HEAD_DEADLINE)
            .max_buf_size(MAX_HEAD)
            .serve_connection(TokioIo::new(stream), service);
        let mut connection = std::pin::pin!(connection);
        let ended = tokio::select! {
            ended = connection.as_mut() => ended,
            () = self.stopping.cancelled(), if !refuse => {
                connection.as_mut().graceful_shutdown();
                connection.await
            }
        };
        if let Err(error) = ended {
            tracing::debug!(error = %problem::chain(&error), "a connection broke");
        }
    }
}

/// The answer to a request on a connection that came too late.
fn refusal(request: &Request<Incoming>) -> Response {
    let correlation = Correlation::from_headers(request.headers());
    let problem = Problem::new(ProblemType::Unavailable).detail("this service is stopping");
    let path = request.uri().path();
    let mut response = problem::complete(problem.into_response(), path, correlation.id());
    correlation.write(response.headers_mut());
    let close = HeaderValue::from_static("close");
    response.headers_mut().insert(header::CONNECTION, close);
    response
}
