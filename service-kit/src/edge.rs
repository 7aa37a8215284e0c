//! What every request passes through, whatever the service: correlation, log, metrics, panics, problems, operations.
//!
//! The log has a line for each answer, at a level that its status decides: below 400 `debug`, 4xx `info`, 5xx `warn`; for
//! `/health/*` and `/metrics` `trace`, from 400 on `debug`.

use std::any::Any;
use std::time::Instant;

use axum::Router;
use axum::extract::{MatchedPath, Request};
use axum::http::{Method, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use tower_http::catch_panic::CatchPanicLayer;
use tracing::Instrument as _;

use crate::correlation::Correlation;
use crate::health::Health;
use crate::problem::{self, Problem, ProblemType};
use crate::rate_limit::Standing;

/// Puts around a service's routes what every request passes through, and adds `/health/live`, `/health/ready` and `/metrics`.
///
/// Handlers find a [`Correlation`] among the request's extensions. Answers get its headers and those of a
/// [`RateLimiter`](crate::RateLimiter) that counted the request, problems also `instance` and `correlation_id`. Unknown paths and methods and panics are answered with problems. `service` names it in metrics and logs.
pub fn wrap(service: &'static str, router: Router, health: Health) -> Router {
    crate::metrics::install();
    let operations = Router::new()
        .route("/health/live", get(live))
        .route("/health/ready", get(async move || health.ready().await))
        .route("/metrics", get(metrics));
    router
        .merge(operations)
        .fallback(async || Problem::new(ProblemType::NotFound).detail("there is no such path"))
        .method_not_allowed_fallback(async || Problem::new(ProblemType::MethodNotAllowed))
        .layer(CatchPanicLayer::custom(panicked))
        .layer(middleware::from_fn(move |request: Request, next: Next| {
            observe(service, request, next)
        }))
}

async fn live() -> impl IntoResponse {
    axum::Json(serde_json::json!({ "status": "live" }))
}

async fn metrics() -> impl IntoResponse {
    let headers = [(
        header::CONTENT_TYPE,
        "text/plain; version=0.0.4; charset=utf-8",
    )];
    (headers, crate::metrics::render())
}

/// Times are up to the head of the answer; a streamed body comes after.
async fn observe(service: &'static str, mut request: Request, next: Next) -> Response {
    let began = Instant::now();
    let correlation = Correlation::from_headers(request.headers());
    request.extensions_mut().insert(correlation.clone());
    let standing = Standing::default();
    request.extensions_mut().insert(standing.clone());
    let method = method_label(request.method());
    let path = request.uri().path().to_owned();
    // Paths hold ids without end: only the route may become a label.
    let route = request
        .extensions()
        .get::<MatchedPath>()
        .map_or_else(|| "unmatched".to_owned(), |path| path.as_str().to_owned());

    let span = tracing::info_span!("request", service, correlation.id = correlation.id());
    let response = next.run(request).instrument(span.clone()).await;

    let mut response = problem::complete(response, &path, correlation.id());
    correlation.write(response.headers_mut());
    standing.write(response.headers_mut());
    let seconds = began.elapsed().as_secs_f64();
    let status = response.status().as_u16();
    ::metrics::counter!(
        "http_requests_total",
        "service" => service, "method" => method, "route" => route.clone(), "status" => status.to_string()
    )
    .increment(1);
    ::metrics::histogram!(
        "http_request_duration_seconds",
        "service" => service, "method" => method, "route" => route.clone()
    )
    .record(seconds);
    span.in_scope(|| log(method, &route, status, seconds));
    response
}

/// Answers as they should be are a line only for who looks for them, since there are thousands a second; what a client
/// did wrong is worth one, and so is what we did, whose cause is logged where it is handled.
fn log(method: &str, route: &str, status: u16, seconds: f64) {
    let milliseconds = seconds * 1000.0;
    macro_rules! answered {
        ($level:ident) => {
            tracing::$level!(
                http.method = method,
                http.route = route,
                http.status = status,
                http.milliseconds = milliseconds,
                "answered"
            )
        };
    }
    // Probes come every few seconds from everywhere and say nothing new.
    let probe = route.starts_with("/health/") || route == "/metrics";
    match status {
        ..400 if probe => answered!(trace),
        _ if probe => answered!(debug),
        ..400 => answered!(debug),
        400..500 => answered!(info),
        _ => answered!(warn),
    }
}

/// Methods are made up by clients; labels must be few.
fn method_label(method: &Method) -> &'static str {
    match method.as_str() {
        "GET" => "GET",
        "HEAD" => "HEAD",
        "POST" => "POST",
        "PUT" => "PUT",
        "PATCH" => "PATCH",
        "DELETE" => "DELETE",
        "OPTIONS" => "OPTIONS",
        _ => "other",
    }
}

#[expect(
    clippy::needless_pass_by_value,
    reason = "the layer hands the panic over"
)]
fn panicked(panic: Box<dyn Any + Send>) -> Response {
    let message = panic
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("without a message");
    tracing::error!(panic.message = message, "a handler panicked");
    Problem::new(ProblemType::Internal).into_response()
}
