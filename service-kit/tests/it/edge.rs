//! What every answer has, whatever the handler did.

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::http::StatusCode;
use axum::routing::{get, post};
use serde_json::Value;
use service_kit::edge;
use service_kit::health::Health;
use service_kit::{Correlation, Problem, ProblemType};
use tokio_util::sync::CancellationToken;
use tower::ServiceExt as _;

fn router() -> Router {
    let health = Health::new(CancellationToken::new()).needs("nothing", async || Ok(()));
    let routes = Router::new()
        .route("/things/{id}", get(async || "a thing"))
        .route("/things", post(async || "made").get(async || "all"))
        .route(
            "/fails",
            get(async || Problem::new(ProblemType::Unavailable)),
        )
        .route("/panics", get(panics))
        .route(
            "/correlation",
            get(
                async |axum::Extension(correlation): axum::Extension<Correlation>| {
                    correlation.id().to_owned()
                },
            ),
        );
    edge::wrap("test", routes, health)
}

async fn panics() -> &'static str {
    panic!("the secret recipe")
}

async fn ask(method: &str, path: &str) -> (StatusCode, axum::http::HeaderMap, String) {
    let request = Request::builder()
        .method(method)
        .uri(path)
        .header("x-correlation-id", "call-7")
        .body(Body::empty())
        .unwrap();
    let response = router().oneshot(request).await.unwrap();
    let (parts, body) = response.into_parts();
    let bytes = axum::body::to_bytes(body, 1_000_000).await.unwrap();
    (
        parts.status,
        parts.headers,
        String::from_utf8(bytes.to_vec()).unwrap(),
    )
}

#[tokio::test]
async fn every_answer_has_the_correlation_id_and_a_trace_context() {
    for (method, path) in [
        ("GET", "/things/1"),
        ("GET", "/nowhere"),
        ("GET", "/panics"),
    ] {
        let (_, headers, _) = ask(method, path).await;
        assert_eq!(headers["x-correlation-id"], "call-7", "{path}");
        assert!(headers.contains_key("traceparent"), "{path}");
    }
    assert_eq!(ask("GET", "/correlation").await.2, "call-7");
}

#[tokio::test]
async fn problems_say_where_and_in_which_call() {
    let (status, headers, body) = ask("GET", "/fails?secret=1").await;
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(headers["content-type"], "application/problem+json");
    assert_eq!(headers["retry-after"], "1");
    assert_eq!(headers["content-length"], body.len().to_string());
    let body: Value = serde_json::from_str(&body).unwrap();
    assert_eq!(body["instance"], "/fails");
    assert_eq!(body["correlation_id"], "call-7");
    assert_eq!(
        body["type"],
        "https://order-platform.dev/problems/unavailable"
    );
}

#[tokio::test]
async fn unknown_paths_and_methods_are_problems() {
    let (status, _, body) = ask("GET", "/nowhere").await;
    assert_eq!(status, StatusCode::NOT_FOUND);
    assert!(body.contains("problems/not-found"), "{body}");

    let (status, headers, body) = ask("DELETE", "/things").await;
    assert_eq!(status, StatusCode::METHOD_NOT_ALLOWED);
    assert!(body.contains("problems/method-not-allowed"), "{body}");
    let mut allow: Vec<&str> = headers["allow"].to_str().unwrap().split(',').collect();
    allow.sort_unstable();
    assert_eq!(allow, ["GET", "HEAD", "POST"]);
}

#[tokio::test]
async fn a_panic_is_an_internal_problem_without_its_message() {
    let (status, _, body) = ask("GET", "/panics").await;
    assert_eq!(status, StatusCode::INTERNAL_SERVER_ERROR);
    assert!(body.contains("problems/internal"), "{body}");
    assert!(!body.contains("secret"), "{body}");
}

#[tokio::test]
async fn operations_answer_without_a_token() {
    assert_eq!(ask("GET", "/health/live").await.0, StatusCode::OK);
    let (status, _, body) = ask("GET", "/health/ready").await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(body, r#"{"status":"ready","checks":{"nothing":"ok"}}"#);

    ask("GET", "/things/12345").await;
    let (status, _, body) = ask("GET", "/metrics").await;
    assert_eq!(status, StatusCode::OK);
    assert!(
        body.contains(
            r#"http_requests_total{service="test",method="GET",route="/things/{id}",status="200"}"#
        ),
        "{body}"
    );
    assert!(!body.contains("12345"), "{body}");
}
