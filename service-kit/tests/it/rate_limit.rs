//! What an actor hears who sends many requests, and what others hear.

use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{FromRequestParts as _, Request};
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use service_kit::health::Health;
use service_kit::{Actor, AuthSettings, Authenticator, RateLimiter, Vars, edge};
use tokio_util::sync::CancellationToken;
use tower::ServiceExt as _;

use crate::SECRET;

/// A service with this limit, whose actors are called as they wish.
struct Stage {
    authenticator: Authenticator,
    router: Router,
}

impl Stage {
    async fn with(limit: Option<&str>) -> Self {
        let vars = Vars::from_map([("AUTH_HS256_SECRET", SECRET)]);
        let settings = AuthSettings::from_vars(&vars).unwrap();
        let authenticator = Authenticator::from_settings(settings).await.unwrap();
        let limiter = RateLimiter::new(limit.map(|limit| limit.parse().unwrap()));
        let asked = authenticator.clone();
        let handler = async move |request: Request| -> Response {
            let (mut parts, _) = request.into_parts();
            match Actor::from_request_parts(&mut parts, &asked).await {
                Ok(actor) => match limiter.admit(&actor, &parts.extensions) {
                    Ok(()) => "a thing".into_response(),
                    Err(problem) => problem.into_response(),
                },
                Err(problem) => problem.into_response(),
            }
        };
        let routes = Router::new().route("/things", get(handler));
        let health = Health::new(CancellationToken::new());
        Self {
            authenticator,
            router: edge::wrap("test", routes, health),
        }
    }

    /// Status, headers and body of the answer to this actor; to a stranger, if there is none.
    async fn ask(&self, actor: Option<&str>) -> (u16, HeaderMap, String) {
        let mut request = Request::get("/things");
        if let Some(actor) = actor {
            let token = self
                .authenticator
                .issue_hs256(actor, "", Duration::from_secs(600))
                .unwrap();
            request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
        }
        let request = request.body(Body::empty()).unwrap();
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let bytes = axum::body::to_bytes(body, 10_000).await.unwrap();
        let text = String::from_utf8(bytes.to_vec()).unwrap();
        (parts.status.as_u16(), parts.headers, text)
    }
}

#[tokio::test(start_paused = true)]
async fn each_answer_tells_what_is_left_and_the_one_too_many_when_to_come_again() {
    let stage = Stage::with(Some("2/min")).await;
    for rest in [r#""default";r=1;t=30"#, r#""default";r=0;t=60"#] {
        let (status, headers, _) = stage.ask(Some("alice")).await;
        assert_eq!(status, 200);
        assert_eq!(headers["ratelimit-policy"], r#""default";q=2;w=60"#);
        assert_eq!(headers["ratelimit"], rest);
        assert!(!headers.contains_key(header::RETRY_AFTER));
    }
    let (status, headers, body) = stage.ask(Some("alice")).await;
    assert_eq!(status, 429);
    assert!(body.contains("problems/rate-limited"), "{body}");
    assert_eq!(headers[header::RETRY_AFTER], "30");
    assert_eq!(headers["ratelimit-policy"], r#""default";q=2;w=60"#);
    assert_eq!(headers["ratelimit"], r#""default";r=0;t=30"#);

    tokio::time::advance(Duration::from_secs(30)).await;
    assert_eq!(stage.ask(Some("alice")).await.0, 200);
    assert_eq!(stage.ask(Some("alice")).await.0, 429);
}

#[tokio::test]
async fn others_are_not_held_to_what_one_has_sent() {
    let stage = Stage::with(Some("1/h")).await;
    assert_eq!(stage.ask(Some("alice")).await.0, 200);
    assert_eq!(stage.ask(Some("alice")).await.0, 429);
    assert_eq!(stage.ask(Some("bob")).await.0, 200);
    let (status, headers, _) = stage.ask(None).await;
    assert_eq!(status, 401);
    assert!(!headers.contains_key("ratelimit"));
}

#[tokio::test]
async fn without_a_limit_nothing_is_counted_or_told() {
    let stage = Stage::with(None).await;
    for _ in 0..100 {
        let (status, headers, _) = stage.ask(Some("alice")).await;
        assert_eq!(status, 200);
        assert!(!headers.contains_key("ratelimit-policy"));
    }
}
