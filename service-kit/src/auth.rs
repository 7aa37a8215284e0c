//! Who calls, and what they may: JSON Web Tokens with scopes. There is no way around them.

mod jwks;
mod settings;

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use axum::extract::{FromRef, FromRequestParts};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, header};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde::{Deserialize, Serialize};

pub use jwks::JwksError;
pub use settings::{AuthSettings, KeySource};

use crate::config::Secret;
use crate::problem::{Problem, ProblemType};
use jwks::Jwks;

/// How far a token's `nbf` may lie in the future, in seconds: clocks differ. `exp` is taken at its word.
const NOT_BEFORE_LEEWAY: f64 = 60.0;
/// The longest subject, in bytes: it is stored with every event.
const MAX_SUBJECT: usize = 255;
/// The longest token, in bytes.
const MAX_TOKEN: usize = 16 * 1024;

/// What a token allows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Scope {
    /// `orders:write`: every command that has no scope of its own.
    OrdersWrite,
    /// `orders:read`: every query that has no scope of its own.
    OrdersRead,
    /// `payments:write`: authorize, capture, void, failure, refund and settlement.
    PaymentsWrite,
    /// `audit:read`: `/v1/audit/*`.
    AuditRead,
    /// `ops`: `/v1/projections*`.
    Ops,
}

impl Scope {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::OrdersWrite,
        Self::OrdersRead,
        Self::PaymentsWrite,
        Self::AuditRead,
        Self::Ops,
    ];

    /// As it stands in a token's `scope`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::OrdersWrite => "orders:write",
            Self::OrdersRead => "orders:read",
            Self::PaymentsWrite => "payments:write",
            Self::AuditRead => "audit:read",
            Self::Ops => "ops",
        }
    }

    const fn bit(self) -> u8 {
        1 << self as u8
    }
}

/// Who calls. A handler that extracts it is only reached with a valid token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Actor {
    subject: String,
    scopes: u8,
}

impl Actor {
    /// The token's `sub`.
    pub fn subject(&self) -> &str {
        &self.subject
    }

    /// Whether the token holds this scope.
    pub const fn has(&self, scope: Scope) -> bool {
        self.scopes & scope.bit() != 0
    }

    /// Nothing if the token holds this scope, else the problem `forbidden`.
    pub fn require(&self, scope: Scope) -> Result<(), Problem> {
        if self.has(scope) {
            return Ok(());
        }
        let name = scope.as_str();
        let problem = Problem::new(ProblemType::Forbidden)
            .detail(format!("the token lacks the scope `{name}`"));
        Err(challenge(
            problem,
            &format!(r#"Bearer error="insufficient_scope", scope="{name}""#),
        ))
    }
}

impl<S> FromRequestParts<S> for Actor
where
    Authenticator: FromRef<S>,
    S: Send + Sync,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        Authenticator::from_ref(state)
            .authenticate(&parts.headers)
            .await
    }
}

#[derive(Debug, Serialize, Deserialize)]
struct Claims {
    sub: String,
    #[serde(default)]
    scope: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    nbf: Option<f64>,
}

#[derive(Debug, Serialize)]
struct IssuedClaims<'a> {
    iss: &'a str,
    aud: &'a str,
    sub: &'a str,
    scope: &'a str,
    iat: u64,
    exp: u64,
}

/// Checks tokens. Cheap to clone.
#[derive(Clone)]
pub struct Authenticator {
    keys: Keys,
    issuer: Arc<str>,
    audience: Arc<str>,
}

/// Either a secret or public keys, never both: so no public key can be taken for a secret.
#[derive(Clone)]
enum Keys {
    Hs256(Arc<HmacKeys>),
    Jwks(Arc<Jwks>),
}

struct HmacKeys {
    verify: DecodingKey,
    sign: Secret<EncodingKey>,
}

/// A token cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum IssueError {
    /// Public keys sign nothing.
    #[error("tokens can only be issued with AUTH_HS256_SECRET")]
    NoSecret,
    /// The clock, or how long it shall be valid, is out of range.
    #[error("the token's time is out of range")]
    Time,
    /// The signature failed.
    #[error("the token cannot be signed")]
    Sign(#[from] jsonwebtoken::errors::Error),
}

/// Why a token is refused, in words for the caller.
type Refusal = &'static str;

impl Authenticator {
    /// Prepares the keys; those of a JWKS are read, or fetched, now.
    pub async fn from_settings(settings: AuthSettings) -> Result<Self, JwksError> {
        let keys = match settings.keys {
            KeySource::Hs256(secret) => {
                let secret = secret.expose().as_bytes();
                Keys::Hs256(Arc::new(HmacKeys {
                    verify: DecodingKey::from_secret(secret),
                    sign: Secret::new(EncodingKey::from_secret(secret)),
                }))
            }
            KeySource::Jwks(location) => Keys::Jwks(Arc::new(Jwks::load(&location).await?)),
        };
        Ok(Self {
            keys,
            issuer: settings.issuer.into(),
            audience: settings.audience.into(),
        })
    }

    /// Who sends a request with these headers, or the problem `unauthenticated`.
    pub async fn authenticate(&self, headers: &HeaderMap) -> Result<Actor, Problem> {
        let Some(token) = bearer(headers) else {
            let problem = Problem::new(ProblemType::Unauthenticated)
                .detail("send `Authorization: Bearer <token>`, once");
            return Err(challenge(problem, "Bearer"));
        };
        self.actor(token).await.map_err(|refusal| {
            let problem = Problem::new(ProblemType::Unauthenticated).detail(refusal);
            challenge(
                problem,
                &format!(r#"Bearer error="invalid_token", error_description="{refusal}""#),
            )
        })
    }

    async fn actor(&self, token: &str) -> Result<Actor, Refusal> {
        const MALFORMED: Refusal = "the token is malformed";
        if token.len() > MAX_TOKEN {
            return Err(MALFORMED);
        }
        let header = jsonwebtoken::decode_header(token).map_err(|_| MALFORMED)?;
        // RFC 7515, 4.1.11: extensions that are not understood make a token invalid. We understand none.
        if header.crit.is_some() {
            return Err("the token has critical extensions");
        }
        let claims = match &self.keys {
            Keys::Hs256(keys) => self.decode(token, &keys.verify, Algorithm::HS256)?,
            Keys::Jwks(jwks) => {
                let (key, algorithm) = jwks
                    .key(header.kid.as_deref(), header.alg)
                    .await
                    .ok_or("the token's key is unknown")?;
                self.decode(token, &key, algorithm)?
            }
        };
        if claims
            .nbf
            .is_some_and(|nbf| nbf > now() + NOT_BEFORE_LEEWAY)
        {
            return Err("the token is not valid yet");
        }
        let subject = claims.sub;
        if subject.is_empty()
            || subject.len() > MAX_SUBJECT
            || subject.chars().any(char::is_control)
        {
            return Err("the token's subject cannot be used");
        }
        let scopes = claims
            .scope
            .split(' ')
            .filter_map(|name| Scope::ALL.into_iter().find(|scope| scope.as_str() == name))
            .fold(0, |bits, scope| bits | scope.bit());
        Ok(Actor { subject, scopes })
    }

    fn decode(
        &self,
        token: &str,
        key: &DecodingKey,
        algorithm: Algorithm,
    ) -> Result<Claims, Refusal> {
        use jsonwebtoken::errors::ErrorKind;
        let mut validation = Validation::new(algorithm);
        validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
        validation.set_issuer(&[&self.issuer]);
        validation.set_audience(&[&self.audience]);
        validation.leeway = 0;
        jsonwebtoken::decode::<Claims>(token, key, &validation)
            .map(|data| data.claims)
            .map_err(|error| match error.kind() {
                ErrorKind::ExpiredSignature => "the token has expired",
                ErrorKind::InvalidIssuer => "the token is of another issuer",
                ErrorKind::InvalidAudience => "the token is for another audience",
                ErrorKind::MissingRequiredClaim(_) => {
                    "the token lacks one of `exp`, `iss`, `aud`, `sub`"
                }
                ErrorKind::InvalidAlgorithm => "the token's algorithm is not the key's",
                ErrorKind::InvalidSignature => "the token's signature is wrong",
                _ => "the token is invalid",
            })
    }

    /// Signs a token with the secret, for `subject` with `scope` (names with spaces between), valid from now on for `valid_for`.
    pub fn issue_hs256(
        &self,
        subject: &str,
        scope: &str,
        valid_for: Duration,
    ) -> Result<String, IssueError> {
        let Keys::Hs256(keys) = &self.keys else {
            return Err(IssueError::NoSecret);
        };
        let now = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .map_err(|_| IssueError::Time)?
            .as_secs();
        let claims = IssuedClaims {
            iss: &self.issuer,
            aud: &self.audience,
            sub: subject,
            scope,
            iat: now,
            exp: now
                .checked_add(valid_for.as_secs())
                .ok_or(IssueError::Time)?,
        };
        let header = Header::new(Algorithm::HS256);
        Ok(jsonwebtoken::encode(&header, &claims, keys.sign.expose())?)
    }
}

impl std::fmt::Debug for Authenticator {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Authenticator")
            .field("issuer", &self.issuer)
            .field("audience", &self.audience)
            .finish_non_exhaustive()
    }
}

/// The token of the one `Authorization: Bearer` header.
fn bearer(headers: &HeaderMap) -> Option<&str> {
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    let (Some(value), None) = (values.next(), values.next()) else {
        return None;
    };
    let (scheme, token) = value.to_str().ok()?.split_once(' ')?;
    let token = token.trim();
    (scheme.eq_ignore_ascii_case("bearer") && !token.is_empty()).then_some(token)
}

fn challenge(problem: Problem, text: &str) -> Problem {
    match HeaderValue::from_str(text) {
        Ok(value) => problem.header(header::WWW_AUTHENTICATE, value),
        Err(_) => problem,
    }
}

/// Seconds since 1970.
fn now() -> f64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0.0, |since| since.as_secs_f64())
}
