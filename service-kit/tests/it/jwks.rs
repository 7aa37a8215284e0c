//! Tokens signed with private keys whose public halves are in a key set.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::Router;
use axum::routing::get;
use jsonwebtoken::jwk::{Jwk, JwkSet};
use jsonwebtoken::{Algorithm, EncodingKey};
use serde_json::json;
use service_kit::auth::JwksError;
use service_kit::{AuthSettings, Authenticator, Vars};
use tokio::net::TcpListener;

use crate::keys::{ec, ed, rsa, short_rsa};
use crate::{bearing, claims, signed};

/// The public half of a key under this id.
fn public(key: &EncodingKey, algorithm: Algorithm, kid: &str) -> Jwk {
    let mut jwk = Jwk::from_encoding_key(key, algorithm).unwrap();
    jwk.common.key_id = Some(kid.to_owned());
    jwk
}

fn all() -> JwkSet {
    JwkSet {
        keys: vec![
            public(&rsa(), Algorithm::RS256, "rsa"),
            public(&ec(), Algorithm::ES256, "ec"),
            public(&ed(), Algorithm::EdDSA, "ed"),
        ],
    }
}

/// A file that is gone with this value.
struct KeyFile(PathBuf);

impl KeyFile {
    fn with(text: &str) -> Self {
        static NUMBER: AtomicUsize = AtomicUsize::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let name = format!("jwks-{}-{number}.json", std::process::id());
        let path = std::env::temp_dir().join(name);
        std::fs::write(&path, text).unwrap();
        Self(path)
    }

    fn of(set: &JwkSet) -> Self {
        Self::with(&serde_json::to_string(set).unwrap())
    }
}

impl Drop for KeyFile {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

async fn from_location(location: &str) -> Result<Authenticator, JwksError> {
    let vars = Vars::from_map([("AUTH_JWKS", location)]);
    Authenticator::from_settings(AuthSettings::from_vars(&vars).unwrap()).await
}

async fn from_file(file: &KeyFile) -> Result<Authenticator, JwksError> {
    from_location(file.0.to_str().unwrap()).await
}

#[tokio::test]
async fn each_kind_of_key_is_good_for_its_algorithm() {
    let authenticator = from_file(&KeyFile::of(&all())).await.unwrap();
    for (algorithm, kid, key) in [
        (Algorithm::RS256, "rsa", rsa()),
        (Algorithm::ES256, "ec", ec()),
        (Algorithm::EdDSA, "ed", ed()),
    ] {
        for kid in [Some(kid), None] {
            let token = signed(algorithm, kid, &claims(), &key);
            let actor = authenticator.authenticate(&bearing(&token)).await.unwrap();
            assert_eq!(actor.subject(), "alice");
        }
    }
}

#[tokio::test]
async fn keys_are_not_confused() {
    let authenticator = from_file(&KeyFile::of(&all())).await.unwrap();
    let public_pem = r"-----BEGIN PUBLIC KEY-----";
    let modulus = serde_json::to_value(public(&rsa(), Algorithm::RS256, "rsa")).unwrap();
    let modulus = modulus["n"].as_str().unwrap().to_owned();
    for secret in [public_pem, &modulus] {
        let key = EncodingKey::from_secret(secret.as_bytes());
        let token = signed(Algorithm::HS256, Some("rsa"), &claims(), &key);
        assert!(authenticator.authenticate(&bearing(&token)).await.is_err());
    }
    // Another algorithm with the right key, another key's id, no such id.
    for (algorithm, kid, key) in [
        (Algorithm::RS512, "rsa", rsa()),
        (Algorithm::PS256, "rsa", rsa()),
        (Algorithm::RS256, "ec", rsa()),
        (Algorithm::ES256, "ed", ec()),
        (Algorithm::ES256, "unknown", ec()),
    ] {
        let token = signed(algorithm, Some(kid), &claims(), &key);
        let refused = authenticator.authenticate(&bearing(&token)).await;
        assert!(refused.is_err(), "{algorithm:?} {kid}");
    }
}

#[tokio::test]
async fn a_set_without_a_usable_key_ends_the_start() {
    let secret = json!({ "keys": [{ "kty": "oct", "k": "c2VjcmV0", "kid": "a" }] });
    let encryption = {
        let mut jwk = public(&ec(), Algorithm::ES256, "ec");
        jwk.common.public_key_use = Some(jsonwebtoken::jwk::PublicKeyUse::Encryption);
        JwkSet { keys: vec![jwk] }
    };
    let short = JwkSet {
        keys: vec![public(&short_rsa(), Algorithm::RS256, "rsa")],
    };
    for file in [
        KeyFile::with(&secret.to_string()),
        KeyFile::with(r#"{"keys":[]}"#),
        KeyFile::of(&encryption),
        KeyFile::of(&short),
    ] {
        let error = from_file(&file).await.unwrap_err();
        assert!(matches!(error, JwksError::NoKey), "{error:?}");
    }
    let error = from_file(&KeyFile::with("[]")).await.unwrap_err();
    assert!(matches!(error, JwksError::Parse(_)), "{error:?}");
    let error = from_location("/nowhere/jwks.json").await.unwrap_err();
    assert!(matches!(error, JwksError::Read(_)), "{error:?}");
}

#[tokio::test]
async fn an_unknown_key_is_looked_for_at_the_url_but_not_for_every_token() {
    let fetched = Arc::new(AtomicUsize::new(0));
    let count = fetched.clone();
    let set = serde_json::to_value(all()).unwrap();
    let router = Router::new().route(
        "/keys",
        get(async move || {
            count.fetch_add(1, Ordering::SeqCst);
            axum::Json(set)
        }),
    );
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/keys", listener.local_addr().unwrap());
    let stop = tokio_util::sync::CancellationToken::new();
    let serving = tokio::spawn(service_kit::serve::serve(
        listener,
        router,
        stop.clone(),
        crate::PATIENCE,
    ));

    let authenticator = from_location(&url).await.unwrap();
    assert_eq!(fetched.load(Ordering::SeqCst), 1);
    let known = signed(Algorithm::ES256, Some("ec"), &claims(), &ec());
    assert!(authenticator.authenticate(&bearing(&known)).await.is_ok());
    let unknown = signed(Algorithm::ES256, Some("new"), &claims(), &ec());
    for _ in 0..20 {
        assert!(
            authenticator
                .authenticate(&bearing(&unknown))
                .await
                .is_err()
        );
    }
    // The set was read a moment ago: asking again would let anybody make us ask at any rate.
    assert_eq!(fetched.load(Ordering::SeqCst), 1);

    stop.cancel();
    serving.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_key_that_came_later_is_found_and_one_taken_back_ends() {
    let old = JwkSet {
        keys: vec![public(&rsa(), Algorithm::RS256, "rsa")],
    };
    let new = JwkSet {
        keys: vec![public(&ec(), Algorithm::ES256, "ec")],
    };
    let file = KeyFile::of(&old);
    let authenticator = from_file(&file).await.unwrap();
    std::fs::write(&file.0, serde_json::to_string(&new).unwrap()).unwrap();

    let of_new = bearing(&signed(Algorithm::ES256, Some("ec"), &claims(), &ec()));
    let of_old = bearing(&signed(Algorithm::RS256, Some("rsa"), &claims(), &rsa()));
    assert!(authenticator.authenticate(&of_new).await.is_err());
    tokio::time::advance(Duration::from_secs(11)).await;
    assert!(authenticator.authenticate(&of_new).await.is_ok());
    assert!(authenticator.authenticate(&of_old).await.is_err());
}
