//! Public keys from a JSON Web Key Set: a file or a URL, read again when a token names a key that is not there.

use std::path::PathBuf;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use jsonwebtoken::jwk::{
    AlgorithmParameters, EllipticCurve, Jwk, JwkSet, KeyAlgorithm, PublicKeyUse,
};
use jsonwebtoken::{Algorithm, DecodingKey};
use tokio::sync::Mutex;
use tokio::time::Instant;

use crate::problem;

/// Between two attempts to read the set lies at least this, however many tokens with unknown keys come.
const MIN_PAUSE: Duration = Duration::from_secs(10);
/// A set older than this is read again, so that a key that was taken back ends.
const MAX_AGE: Duration = Duration::from_secs(300);
/// How long a URL may take.
const FETCH_DEADLINE: Duration = Duration::from_secs(5);
/// The largest set, in bytes.
const MAX_BYTES: usize = 1024 * 1024;
/// The shortest RSA modulus, in characters of base64url: RFC 7518, 3.3 demands 2048 bits.
const MIN_MODULUS: usize = 342;

/// The keys cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum JwksError {
    /// No client for HTTPS.
    #[error("AUTH_JWKS: no HTTPS client can be made")]
    Client(#[source] reqwest::Error),
    /// The URL does not answer with a set.
    #[error("AUTH_JWKS: the URL cannot be fetched")]
    Fetch(#[source] reqwest::Error),
    /// The file cannot be read.
    #[error("AUTH_JWKS: the file cannot be read")]
    Read(#[source] std::io::Error),
    /// More than 1 MiB.
    #[error("AUTH_JWKS: the key set is larger than 1 MiB")]
    TooLarge,
    /// Not a JSON Web Key Set.
    #[error("AUTH_JWKS: this is not a JSON Web Key Set")]
    Parse(#[source] serde_json::Error),
    /// No key in it is one of ours.
    #[error(
        "AUTH_JWKS: no usable key: RS256 (2048 bits or more), ES256 or EdDSA (Ed25519) are needed"
    )]
    NoKey,
}

enum Location {
    File(PathBuf),
    Url {
        client: reqwest::Client,
        url: String,
    },
}

struct Key {
    kid: Option<String>,
    algorithm: Algorithm,
    verify: DecodingKey,
}

struct KeySet {
    keys: Vec<Key>,
    read_at: Instant,
}

/// The keys as last read.
pub(super) struct Jwks {
    location: Location,
    current: RwLock<Arc<KeySet>>,
    /// When the set was last asked for; held while it is.
    last_attempt: Mutex<Instant>,
}

impl Jwks {
    /// Reads the set for the first time.
    pub(super) async fn load(location: &str) -> Result<Self, JwksError> {
        let location = if location.starts_with("https://") || location.starts_with("http://") {
            // An error means that somebody in this process chose a provider already.
            let _ = rustls::crypto::ring::default_provider().install_default();
            let client = reqwest::Client::builder()
                .timeout(FETCH_DEADLINE)
                .redirect(reqwest::redirect::Policy::none())
                .build()
                .map_err(JwksError::Client)?;
            Location::Url {
                client,
                url: location.to_owned(),
            }
        } else {
            Location::File(location.into())
        };
        let set = location.read().await?;
        Ok(Self {
            location,
            current: RwLock::new(Arc::new(set)),
            last_attempt: Mutex::new(Instant::now()),
        })
    }

    /// The key for a token with this header. Without `kid` only the one key of that algorithm will do.
    pub(super) async fn key(
        self: &Arc<Self>,
        kid: Option<&str>,
        algorithm: Algorithm,
    ) -> Option<(DecodingKey, Algorithm)> {
        let current = self.current();
        if current.read_at.elapsed() > MAX_AGE {
            let jwks = self.clone();
            tokio::spawn(async move { jwks.read_again().await });
        }
        let found = current.find(kid, algorithm);
        if found.is_some() || kid.is_none() {
            return found;
        }
        self.read_again().await;
        self.current().find(kid, algorithm)
    }

    fn current(&self) -> Arc<KeySet> {
        let current = self.current.read();
        current.unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Reads the set again, unless that was just done; who comes meanwhile waits for it. After a failure the old set stays.
    async fn read_again(&self) {
        let mut last_attempt = self.last_attempt.lock().await;
        if last_attempt.elapsed() < MIN_PAUSE {
            return;
        }
        *last_attempt = Instant::now();
        match self.location.read().await {
            Ok(set) => {
                *self.current.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(set);
            }
            Err(error) => {
                tracing::warn!(error = %problem::chain(&error), "the key set stays as it was");
            }
        }
    }
}

impl Location {
    async fn read(&self) -> Result<KeySet, JwksError> {
        let bytes = match self {
            Self::File(path) => tokio::fs::read(path).await.map_err(JwksError::Read)?,
            Self::Url { client, url } => fetch(client, url).await?,
        };
        if bytes.len() > MAX_BYTES {
            return Err(JwksError::TooLarge);
        }
        let set: JwkSet = serde_json::from_slice(&bytes).map_err(JwksError::Parse)?;
        let keys: Vec<Key> = set.keys.iter().filter_map(usable).collect();
        if keys.is_empty() {
            return Err(JwksError::NoKey);
        }
        Ok(KeySet {
            keys,
            read_at: Instant::now(),
        })
    }
}

async fn fetch(client: &reqwest::Client, url: &str) -> Result<Vec<u8>, JwksError> {
    let mut response = client
        .get(url)
        .send()
        .await
        .and_then(reqwest::Response::error_for_status)
        .map_err(JwksError::Fetch)?;
    let mut bytes = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(JwksError::Fetch)? {
        bytes.extend_from_slice(&chunk);
        if bytes.len() > MAX_BYTES {
            return Err(JwksError::TooLarge);
        }
    }
    Ok(bytes)
}

impl KeySet {
    fn find(&self, kid: Option<&str>, algorithm: Algorithm) -> Option<(DecodingKey, Algorithm)> {
        let mut fitting = self.keys.iter().filter(|key| {
            key.algorithm == algorithm && (kid.is_none() || key.kid.as_deref() == kid)
        });
        let key = fitting.next()?;
        if kid.is_none() && fitting.next().is_some() {
            return None;
        }
        Some((key.verify.clone(), key.algorithm))
    }
}

/// A key of ours with the one algorithm it is good for; a secret (`oct`) never is.
fn usable(jwk: &Jwk) -> Option<Key> {
    if !matches!(
        jwk.common.public_key_use,
        None | Some(PublicKeyUse::Signature)
    ) {
        return None;
    }
    let (algorithm, named) = match &jwk.algorithm {
        AlgorithmParameters::RSA(rsa) if rsa.n.len() >= MIN_MODULUS => {
            (Algorithm::RS256, KeyAlgorithm::RS256)
        }
        AlgorithmParameters::EllipticCurve(ec) if ec.curve == EllipticCurve::P256 => {
            (Algorithm::ES256, KeyAlgorithm::ES256)
        }
        AlgorithmParameters::OctetKeyPair(okp) if okp.curve == EllipticCurve::Ed25519 => {
            (Algorithm::EdDSA, KeyAlgorithm::EdDSA)
        }
        _ => return None,
    };
    if jwk
        .common
        .key_algorithm
        .as_ref()
        .is_some_and(|given| *given != named)
    {
        return None;
    }
    Some(Key {
        kid: jwk.common.key_id.clone(),
        algorithm,
        verify: DecodingKey::from_jwk(jwk).ok()?,
    })
}
