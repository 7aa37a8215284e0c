//! Whether the process runs, and whether it can do its work.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use futures::FutureExt as _;
use futures::future::{BoxFuture, join_all};
use serde_json::{Map, Value, json};
use tokio_util::sync::CancellationToken;

/// How long one check may take before it counts as failed.
const CHECK_DEADLINE: Duration = Duration::from_secs(2);

type CheckFn = Arc<dyn Fn() -> BoxFuture<'static, Result<(), String>> + Send + Sync>;

#[derive(Clone)]
struct Check {
    name: &'static str,
    needed: bool,
    run: CheckFn,
}

/// The checks of a service. What a check says is public: no URLs, no SQL.
#[derive(Clone)]
pub struct Health {
    checks: Vec<Check>,
    stopping: CancellationToken,
}

impl Health {
    /// No checks yet. A service whose `stopping` token is cancelled is not ready any more.
    pub fn new(stopping: CancellationToken) -> Self {
        Self {
            checks: Vec::new(),
            stopping,
        }
    }

    /// Adds a dependency that the service cannot work without: while it fails, `/health/ready` is 503.
    #[must_use]
    pub fn needs<F>(self, name: &'static str, check: impl Fn() -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Result<(), String>> + Send + 'static,
    {
        self.with(name, true, check)
    }

    /// Adds something that is told when it fails, though the service works without it.
    #[must_use]
    pub fn tells<F>(self, name: &'static str, check: impl Fn() -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Result<(), String>> + Send + 'static,
    {
        self.with(name, false, check)
    }

    fn with<F>(
        mut self,
        name: &'static str,
        needed: bool,
        check: impl Fn() -> F + Send + Sync + 'static,
    ) -> Self
    where
        F: Future<Output = Result<(), String>> + Send + 'static,
    {
        self.checks.push(Check {
            name,
            needed,
            run: Arc::new(move || check().boxed()),
        });
        self
    }

    /// The answer of `/health/ready`: status `ready`, `degraded` (something that is only told fails), `not-ready` or `stopping`.
    pub async fn ready(&self) -> Response {
        let results = join_all(self.checks.iter().map(Check::result)).await;
        let mut status = "ready";
        let mut checks = Map::new();
        for (check, result) in self.checks.iter().zip(results) {
            if result.is_err() && (check.needed || status == "ready") {
                status = if check.needed {
                    "not-ready"
                } else {
                    "degraded"
                };
            }
            let text = result.err().unwrap_or_else(|| "ok".to_owned());
            checks.insert(check.name.to_owned(), Value::String(text));
        }
        if self.stopping.is_cancelled() {
            status = "stopping";
        }
        let code = match status {
            "ready" | "degraded" => StatusCode::OK,
            _ => StatusCode::SERVICE_UNAVAILABLE,
        };
        let body = Json(json!({ "status": status, "checks": checks }));
        (code, body).into_response()
    }
}

impl Check {
    async fn result(&self) -> Result<(), String> {
        match tokio::time::timeout(CHECK_DEADLINE, (self.run)()).await {
            Ok(result) => result,
            Err(_) => Err(format!("no answer in {} s", CHECK_DEADLINE.as_secs())),
        }
    }
}

impl fmt::Debug for Health {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = self.checks.iter().map(|check| check.name);
        f.debug_list().entries(names).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn status_of(health: &Health) -> (u16, Value) {
        let response = health.ready().await;
        let code = response.status().as_u16();
        let body = axum::body::to_bytes(response.into_body(), 10_000)
            .await
            .unwrap();
        (code, serde_json::from_slice(&body).unwrap())
    }

    #[tokio::test]
    async fn a_needed_dependency_that_is_away_makes_it_not_ready() {
        let health = Health::new(CancellationToken::new())
            .needs("database", async || Err("does not answer".to_owned()))
            .tells("relay", async || Ok(()));
        let (code, body) = status_of(&health).await;
        assert_eq!(code, 503);
        assert_eq!(
            body,
            json!({ "status": "not-ready", "checks": { "database": "does not answer", "relay": "ok" } })
        );
    }

    #[tokio::test]
    async fn something_told_only_degrades() {
        let health = Health::new(CancellationToken::new())
            .needs("database", async || Ok(()))
            .tells("relay", async || Err("stalled".to_owned()));
        let (code, body) = status_of(&health).await;
        assert_eq!((code, &body["status"]), (200, &json!("degraded")));
    }

    #[tokio::test(start_paused = true)]
    async fn a_check_that_hangs_fails() {
        let health = Health::new(CancellationToken::new())
            .needs("database", std::future::pending::<Result<(), String>>);
        let (code, body) = status_of(&health).await;
        assert_eq!(code, 503);
        assert_eq!(body["checks"]["database"], json!("no answer in 2 s"));
    }

    #[tokio::test]
    async fn a_stopping_service_is_not_ready() {
        let stopping = CancellationToken::new();
        let health = Health::new(stopping.clone());
        assert_eq!(status_of(&health).await.0, 200);
        stopping.cancel();
        assert_eq!(
            status_of(&health).await,
            (503, json!({ "status": "stopping", "checks": {} }))
        );
    }
}
