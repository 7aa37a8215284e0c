//! Nobody gets in without a good token, and nobody does what its token does not say.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use reqwest::Method;
use serde_json::{Value, json};

use crate::api::{Api, Log, SECRET, answer, line, new_key, order, token};

/// Ed25519 keys of RFC 8037, appendix A.
const PUBLIC: &str = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";
const PRIVATE: &str = "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A";

fn claims() -> Value {
    json!({
        "sub": "mallory", "scope": "orders:write payments:write", "iss": "order-platform",
        "aud": "order-platform", "exp": 4_000_000_000_u64,
    })
}

/// The claims of a good token, with another value of one of them.
pub(crate) fn claims_with(name: &str, value: Value) -> Value {
    let mut claims = claims();
    claims[name] = value;
    claims
}

/// A token that is signed with this secret.
pub(crate) fn hs256(claims: &Value, secret: &[u8]) -> String {
    let header = Header::new(Algorithm::HS256);
    jsonwebtoken::encode(&header, claims, &EncodingKey::from_secret(secret)).unwrap()
}

/// A token with this header and no or any signature.
fn forged(header: &Value, signature: &str) -> String {
    let encode = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    format!("{}.{}.{signature}", encode(header), encode(&claims()))
}

#[tokio::test]
async fn without_a_good_token_nothing_happens() {
    let (mut api, log) = Api::with_log().await;
    let good = hs256(&claims(), SECRET.as_bytes());
    let signature = good.rsplit('.').next().unwrap();
    let bad = [
        "not-a-token".to_owned(),
        hs256(&claims_with("exp", json!(1_000_000_000)), SECRET.as_bytes()),
        hs256(&claims_with("iss", json!("somebody")), SECRET.as_bytes()),
        hs256(&claims_with("aud", json!("something")), SECRET.as_bytes()),
        hs256(&claims_with("sub", json!("")), SECRET.as_bytes()),
        hs256(&claims(), b"another secret of at least 32 bytes"),
        forged(&json!({"alg": "none"}), ""),
        forged(&json!({"alg": "None"}), signature),
        forged(&json!({"alg": "HS384"}), signature),
        forged(&json!({"alg": "RS256"}), signature),
    ];
    for token in bad {
        api.token = token;
        for path in ["/v1/orders", "/v1/orders/o-1/confirm", "/v1/bulk"] {
            let refused = answer(api.post(path, &order("o-1"))).await;
            refused.is_problem(401, "unauthenticated");
            assert!(
                refused
                    .header("www-authenticate")
                    .unwrap()
                    .starts_with("Bearer")
            );
        }
    }
    let nobody = api
        .http
        .post(format!("{}/v1/orders", api.url))
        .json(&order("o-1"));
    answer(nobody.header("idempotency-key", "k"))
        .await
        .is_problem(401, "unauthenticated");
    assert_eq!(log.events().await, 0);
    api.token = good;
    api.place("o-1").await;
    api.stop().await;
}

#[tokio::test]
async fn a_public_key_is_no_secret() {
    let log = Log::new().await;
    let file = std::env::temp_dir().join(format!("jwks-{}.json", new_key()));
    let key = json!({"kty": "OKP", "crv": "Ed25519", "x": PUBLIC, "kid": "k", "alg": "EdDSA"});
    std::fs::write(&file, json!({"keys": [key]}).to_string()).unwrap();
    let vars = log
        .vars()
        .with("AUTH_HS256_SECRET", "")
        .with("AUTH_JWKS", file.to_str().unwrap());
    let mut api = Api::start(vars).await;

    let raw = URL_SAFE_NO_PAD.decode(PUBLIC).unwrap();
    for secret in [PUBLIC.as_bytes(), &raw, SECRET.as_bytes()] {
        let mut header = Header::new(Algorithm::HS256);
        header.kid = Some("k".to_owned());
        let key = EncodingKey::from_secret(secret);
        api.token = jsonwebtoken::encode(&header, &claims(), &key).unwrap();
        answer(api.post("/v1/orders", &order("o-1")))
            .await
            .is_problem(401, "unauthenticated");
    }
    assert_eq!(log.events().await, 0);

    // RFC 8410: the frame of an Ed25519 key in PKCS #8.
    let mut der = vec![
        0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 4, 0x22, 4, 0x20,
    ];
    der.extend(URL_SAFE_NO_PAD.decode(PRIVATE).unwrap());
    let mut header = Header::new(Algorithm::EdDSA);
    header.kid = Some("k".to_owned());
    let key = EncodingKey::from_ed_der(&der);
    api.token = jsonwebtoken::encode(&header, &claims(), &key).unwrap();
    api.place("o-1").await;
    std::fs::remove_file(file).unwrap();
    api.stop().await;
}

#[tokio::test]
async fn payments_and_orders_have_scopes_of_their_own() {
    let (mut api, log) = Api::with_log().await;
    api.place("o-1").await;
    let authorize = json!({"payment_id": "p", "amount": 100});

    api.token = token("clerk", "orders:write orders:read").await;
    let refused = answer(api.post("/v1/orders/o-1/authorize-payment", &authorize)).await;
    refused.is_problem(403, "forbidden");
    let capture = answer(api.post("/v1/orders/o-1/capture-payment", &authorize)).await;
    capture.is_problem(403, "forbidden");
    assert_eq!(log.events().await, 1);
    api.done("/v1/orders/o-1/confirm", &json!({})).await;

    api.token = token("cashier", "payments:write").await;
    for (path, body) in [
        ("/v1/orders", order("o-2")),
        ("/v1/orders/o-1/add-note", json!({"text": "x"})),
        ("/v1/orders/o-1/cancel", json!({"reason": "x"})),
    ] {
        answer(api.post(path, &body))
            .await
            .is_problem(403, "forbidden");
    }
    assert_eq!(log.events().await, 2);
    let lines = [
        line("add-note", Some("o-1"), &json!({"text": "x"})),
        line("authorize-payment", Some("o-1"), &authorize),
    ];
    let answers = api.bulk(&lines).await;
    assert_eq!(
        (&answers[0]["status"], &answers[1]["status"]),
        (&json!(403), &json!(200))
    );
    assert_eq!(log.events().await, 3);
    api.stop().await;
}

#[tokio::test]
async fn health_and_metrics_need_no_token() {
    let (api, _log) = Api::with_log().await;
    api.place("o-1").await;
    for path in ["/health/live", "/health/ready", "/metrics"] {
        let response = api
            .http
            .get(format!("{}{path}", api.url))
            .send()
            .await
            .unwrap();
        assert_eq!(response.status(), 200, "{path}");
    }
    let metrics = answer(api.request(Method::GET, "/metrics")).await;
    assert_eq!(metrics.status, 200);
    api.stop().await;
}
