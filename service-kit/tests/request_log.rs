//! Which requests have a line in the log, and at which level.
//!
//! A process of its own: which callsites are of interest is cached once a process, and a callsite that another test's
//! request registers at the moment in which a subscriber is made here would stay silent.
#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot go on says so by panicking"
)]

use std::io::{self, Write};
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::routing::get;
use serde_json::Value;
use service_kit::health::Health;
use service_kit::{Problem, ProblemType, edge};
use tokio::sync::Mutex as AsyncMutex;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt as _;
use tracing::instrument::WithSubscriber as _;
use tracing_subscriber::EnvFilter;

/// What was logged.
#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn router() -> Router {
    let away = async || Err("does not answer".to_owned());
    let health = Health::new(CancellationToken::new()).needs("database", away);
    let routes = Router::new()
        .route("/things/{id}", get(async || "a thing"))
        .route(
            "/fails",
            get(async || Problem::new(ProblemType::Unavailable)),
        );
    edge::wrap("test", routes, health)
}

/// One subscriber at a time, for the same reason.
static ALONE: AsyncMutex<()> = AsyncMutex::const_new(());

/// The lines that a request leaves in a log with this filter.
async fn logged(filter: &str, path: &str) -> Vec<Value> {
    let _alone = ALONE.lock().await;
    let lines = Lines::default();
    let writer = lines.clone();
    let subscriber = tracing_subscriber::fmt()
        .json()
        .flatten_event(true)
        .with_env_filter(EnvFilter::new(filter))
        .with_writer(move || writer.clone())
        .finish();
    let request = Request::get(path).body(Body::empty()).unwrap();
    let answered = router().oneshot(request).with_subscriber(subscriber);
    answered.await.unwrap();
    let bytes = lines.0.lock().unwrap();
    let texts = std::str::from_utf8(&bytes).unwrap().lines();
    texts
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

#[tokio::test]
async fn by_default_only_refused_and_failed_requests_have_a_line() {
    for path in ["/things/1", "/health/live", "/health/ready", "/metrics"] {
        assert_eq!(logged("info", path).await, [] as [Value; 0], "{path}");
    }
    for (path, level, route, status) in [
        ("/nowhere", "INFO", "unmatched", 404),
        ("/fails", "WARN", "/fails", 503),
    ] {
        let lines = logged("info", path).await;
        let [line] = &lines[..] else {
            panic!("{path}: {lines:?}");
        };
        assert_eq!(line["level"], level, "{path}");
        assert_eq!(line["http.route"], route, "{path}");
        assert_eq!(line["http.status"], status, "{path}");
        assert!(line["http.milliseconds"].is_number(), "{path}");
    }
}

#[tokio::test]
async fn every_request_but_a_good_probe_has_a_line_where_asked_for() {
    let filter = "info,service_kit::edge=debug";
    for (path, lines) in [
        ("/things/1", 1),
        ("/health/ready", 1),
        ("/health/live", 0),
        ("/metrics", 0),
    ] {
        let logged = logged(filter, path).await;
        assert_eq!(logged.len(), lines, "{path}: {logged:?}");
    }
}
