//! What services rely on, seen from outside: tokens against real keys, answers over real connections.
#![expect(
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "a test that cannot go on says why by ending"
)]

mod edge;
mod jwks;
mod kept;
mod keys;
mod rate_limit;
mod serving;
mod tokens;

use std::time::Duration;

use axum::http::{HeaderMap, header};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::{Value, json};

/// The secret of these tests' tokens.
const SECRET: &str = "a secret of the tests, long enough";

/// Claims that are good, to be spoiled one by one.
fn claims() -> Value {
    let now = jsonwebtoken::get_current_timestamp();
    json!({
        "iss": "order-platform", "aud": "order-platform", "sub": "alice",
        "scope": "orders:write orders:read", "exp": now + 60,
    })
}

/// Claims with one of them replaced; null takes it away.
fn claims_with(name: &str, value: Value) -> Value {
    let mut claims = claims();
    let members = claims.as_object_mut().unwrap();
    if value.is_null() {
        members.remove(name);
    } else {
        members.insert(name.to_owned(), value);
    }
    claims
}

/// A token of these claims, signed with this key.
fn signed(algorithm: Algorithm, kid: Option<&str>, claims: &Value, key: &EncodingKey) -> String {
    let mut header = Header::new(algorithm);
    header.kid = kid.map(str::to_owned);
    jsonwebtoken::encode(&header, claims, key).unwrap()
}

/// The headers of a request with this token.
fn bearing(token: &str) -> HeaderMap {
    let mut headers = HeaderMap::new();
    let value = format!("Bearer {token}").parse().unwrap();
    headers.insert(header::AUTHORIZATION, value);
    headers
}

/// How long a test waits for anything.
const PATIENCE: Duration = Duration::from_secs(10);
