//! Tokens signed with the shared secret.

use std::time::Duration;

use axum::http::{HeaderMap, header};
use axum::response::IntoResponse as _;
use jsonwebtoken::{Algorithm, EncodingKey};
use serde_json::{Value, json};
use service_kit::{AuthSettings, Authenticator, ProblemType, Scope, Vars};

use crate::{SECRET, bearing, claims, claims_with, signed};

async fn authenticator() -> Authenticator {
    let vars = Vars::from_map([("AUTH_HS256_SECRET", SECRET)]);
    let settings = AuthSettings::from_vars(&vars).unwrap();
    Authenticator::from_settings(settings).await.unwrap()
}

fn hs256(claims: &Value) -> String {
    let key = EncodingKey::from_secret(SECRET.as_bytes());
    signed(Algorithm::HS256, None, claims, &key)
}

/// The detail with which a token is refused.
async fn refusal(token: &str) -> String {
    let problem = authenticator()
        .await
        .authenticate(&bearing(token))
        .await
        .expect_err("the token was accepted");
    assert_eq!(problem.problem_type(), ProblemType::Unauthenticated);
    let body = problem.to_body("/", "c");
    let response = problem.into_response();
    let challenge = &response.headers()[header::WWW_AUTHENTICATE];
    let challenge = challenge.to_str().unwrap();
    assert!(
        challenge.starts_with(r#"Bearer error="invalid_token""#),
        "{challenge}"
    );
    body["detail"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_good_token_says_who_and_what_for() {
    let actor = authenticator()
        .await
        .authenticate(&bearing(&hs256(&claims())))
        .await
        .unwrap();
    assert_eq!(actor.subject(), "alice");
    assert!(actor.require(Scope::OrdersWrite).is_ok());
    assert!(actor.require(Scope::OrdersRead).is_ok());
    let problem = actor.require(Scope::PaymentsWrite).unwrap_err();
    assert_eq!(problem.problem_type(), ProblemType::Forbidden);
    let response = problem.into_response();
    assert_eq!(
        response.headers()[header::WWW_AUTHENTICATE],
        r#"Bearer error="insufficient_scope", scope="payments:write""#
    );
}

#[tokio::test]
async fn an_issued_token_is_good() {
    let authenticator = authenticator().await;
    let token = authenticator
        .issue_hs256("bob", "orders:read ops", Duration::from_secs(60))
        .unwrap();
    let actor = authenticator.authenticate(&bearing(&token)).await.unwrap();
    assert_eq!(actor.subject(), "bob");
    assert!(actor.has(Scope::Ops) && !actor.has(Scope::OrdersWrite));
}

#[tokio::test]
async fn a_scope_is_a_whole_word() {
    for scope in [
        json!("orders:writer"),
        json!("xorders:write"),
        json!(""),
        Value::Null,
    ] {
        let token = hs256(&claims_with("scope", scope));
        let actor = authenticator()
            .await
            .authenticate(&bearing(&token))
            .await
            .unwrap();
        assert!(!actor.has(Scope::OrdersWrite));
    }
}

#[tokio::test]
async fn no_token_is_challenged() {
    let several = [bearing("a"), bearing("b")].into_iter().fold(
        HeaderMap::new(),
        |mut all: HeaderMap, one| {
            all.append(header::AUTHORIZATION, one[header::AUTHORIZATION].clone());
            all
        },
    );
    let mut basic = HeaderMap::new();
    basic.insert(header::AUTHORIZATION, "Basic YTpi".parse().unwrap());
    for headers in [HeaderMap::new(), basic, several, bearing("")] {
        let problem = authenticator()
            .await
            .authenticate(&headers)
            .await
            .unwrap_err();
        assert_eq!(problem.problem_type(), ProblemType::Unauthenticated);
        let response = problem.into_response();
        assert_eq!(response.headers()[header::WWW_AUTHENTICATE], "Bearer");
    }
}

#[tokio::test]
async fn wrong_claims_are_refused() {
    let now = jsonwebtoken::get_current_timestamp();
    for (name, value, detail) in [
        ("exp", json!(now - 1), "the token has expired"),
        (
            "exp",
            Value::Null,
            "the token lacks one of `exp`, `iss`, `aud`, `sub`",
        ),
        (
            "exp",
            json!("tomorrow"),
            "the token lacks one of `exp`, `iss`, `aud`, `sub`",
        ),
        ("nbf", json!(now + 3600), "the token is not valid yet"),
        ("iss", json!("somebody"), "the token is of another issuer"),
        (
            "iss",
            Value::Null,
            "the token lacks one of `exp`, `iss`, `aud`, `sub`",
        ),
        ("aud", json!("another"), "the token is for another audience"),
        (
            "aud",
            json!(["another"]),
            "the token is for another audience",
        ),
        (
            "aud",
            Value::Null,
            "the token lacks one of `exp`, `iss`, `aud`, `sub`",
        ),
        ("sub", json!(""), "the token's subject cannot be used"),
        (
            "sub",
            json!("a\u{0}b"),
            "the token's subject cannot be used",
        ),
        (
            "sub",
            json!("x".repeat(256)),
            "the token's subject cannot be used",
        ),
    ] {
        let told = refusal(&hs256(&claims_with(name, value.clone()))).await;
        assert_eq!(told, detail, "{name}: {value}");
    }
    let several = hs256(&claims_with("aud", json!(["other", "order-platform"])));
    assert!(
        authenticator()
            .await
            .authenticate(&bearing(&several))
            .await
            .is_ok()
    );
}

#[tokio::test]
async fn unsigned_and_differently_signed_tokens_are_refused() {
    use base64::Engine as _;
    let encode = |text: &str| base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(text);
    let good = hs256(&claims());
    let (signed_part, signature) = good.rsplit_once('.').unwrap();
    let payload = signed_part.split_once('.').unwrap().1;

    for header in [
        r#"{"alg":"none"}"#,
        r#"{"alg":"None","typ":"JWT"}"#,
        r#"{"typ":"JWT"}"#,
    ] {
        for signature in ["", signature] {
            let token = format!("{}.{payload}.{signature}", encode(header));
            assert_eq!(refusal(&token).await, "the token is malformed", "{header}");
        }
    }
    for garbage in ["x", "..", "a.b.c", &"x".repeat(20_000)] {
        assert_eq!(refusal(garbage).await, "the token is malformed");
    }

    let other = EncodingKey::from_secret(b"another secret of the tests, long");
    let forged = signed(Algorithm::HS256, None, &claims(), &other);
    assert_eq!(refusal(&forged).await, "the token's signature is wrong");

    let key = EncodingKey::from_secret(SECRET.as_bytes());
    let stronger = signed(Algorithm::HS512, None, &claims(), &key);
    assert_eq!(
        refusal(&stronger).await,
        "the token's algorithm is not the key's"
    );
}

#[tokio::test]
async fn critical_extensions_are_not_ignored() {
    let mut header = jsonwebtoken::Header::new(Algorithm::HS256);
    header.crit = Some(vec!["exp".to_owned()]);
    let key = EncodingKey::from_secret(SECRET.as_bytes());
    let token = jsonwebtoken::encode(&header, &claims(), &key).unwrap();
    assert_eq!(refusal(&token).await, "the token has critical extensions");
}
