//! `/openapi.json`, and `/docs`: Swagger UI, which the program holds within itself, so that the page needs no internet.

use axum::Router;
use axum::body::{Body, Bytes};
use axum::http::{HeaderName, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use serde_json::Value;
use swagger_ui_dist::{ApiDefinition, OpenApiSource};
use tower::ServiceExt as _;

const PAGE: &str = include_str!("docs.html");
const SCRIPT: &str = include_str!("docs.js");

/// Nothing from elsewhere, and nothing to elsewhere: a page that is given tokens talks to its own service alone.
/// Swagger UI writes styles into its elements and holds its images in itself.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; \
    img-src 'self' data:; font-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// How long browsers keep what changes only with the program: a reader who loads the page again fetches little.
const KEPT: &str = "max-age=3600";
const FRESH: &str = "no-cache";

pub(super) fn routes(document: &Value) -> Router {
    // Of the library's routes only its files are ours: its page has a script in it that the policy forbids.
    let library = swagger_ui_dist::generate_routes(ApiDefinition {
        uri_prefix: "/docs",
        api_definition: OpenApiSource::Uri("/openapi.json"),
        title: None,
    });
    let file = move |request: axum::extract::Request| {
        let library = library.clone();
        async move {
            let response = library.oneshot(request).await;
            let mut response = response.unwrap_or_else(|never| match never {});
            insert(&mut response, header::CACHE_CONTROL, KEPT);
            response
        }
    };
    // Shared by all answers, not copied for each.
    let document = Bytes::from(document.to_string());
    let document = move || std::future::ready(answer("application/json", FRESH, document.clone()));
    Router::new()
        .route("/openapi.json", get(document))
        .route("/docs", get(page))
        .route(
            "/docs/docs.js",
            get(async || answer("text/javascript; charset=utf-8", FRESH, SCRIPT)),
        )
        .route("/docs/swagger-ui-bundle.js", get(file.clone()))
        .route("/docs/swagger-ui.css", get(file))
}

async fn page() -> Response {
    let mut response = answer("text/html; charset=utf-8", FRESH, PAGE);
    insert(&mut response, header::CONTENT_SECURITY_POLICY, POLICY);
    insert(&mut response, header::REFERRER_POLICY, "no-referrer");
    response
}

fn answer(content_type: &'static str, kept: &'static str, body: impl Into<Body>) -> Response {
    let mut response = body.into().into_response();
    insert(&mut response, header::CONTENT_TYPE, content_type);
    insert(&mut response, header::CACHE_CONTROL, kept);
    insert(&mut response, header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    response
}

fn insert(response: &mut Response, name: HeaderName, value: &'static str) {
    response
        .headers_mut()
        .insert(name, HeaderValue::from_static(value));
}
