//! Which tokens are good.

use crate::config::{ConfigError, Secret, Vars};

/// The shortest secret, in bytes: RFC 7518, 3.2 demands as many bits as the hash has.
const MIN_SECRET: usize = 32;
/// Who issues tokens and for whom they are, where nothing else is said.
const DEFAULT_NAME: &str = "order-platform";

/// Where the keys are.
#[derive(Debug, Clone)]
pub enum KeySource {
    /// The secret that tokens are signed and checked with.
    Hs256(Secret<String>),
    /// A file or an `https://` URL with a JSON Web Key Set of public keys.
    Jwks(String),
}

/// Which tokens are good.
#[derive(Debug, Clone)]
pub struct AuthSettings {
    /// `AUTH_HS256_SECRET` (at least 32 bytes) or `AUTH_JWKS` (file or URL): exactly one of them must be set.
    pub keys: KeySource,
    /// `AUTH_ISSUER`: what `iss` must be. Default `order-platform`.
    pub issuer: String,
    /// `AUTH_AUDIENCE`: what `aud` must be or hold. Default `order-platform`.
    pub audience: String,
}

impl AuthSettings {
    /// Reads the variables `AUTH_…`.
    pub fn from_vars(vars: &Vars) -> Result<Self, ConfigError> {
        let mut reader = vars.reader();
        let secret = reader.optional_secret("AUTH_HS256_SECRET");
        let jwks: Option<String> = reader.optional("AUTH_JWKS");
        let issuer = reader.or("AUTH_ISSUER", DEFAULT_NAME.to_owned());
        let audience = reader.or("AUTH_AUDIENCE", DEFAULT_NAME.to_owned());
        let keys = match (secret, jwks) {
            (Some(secret), None) => {
                if secret.expose().len() < MIN_SECRET {
                    reader.reject(
                        "AUTH_HS256_SECRET",
                        format_args!("must have at least {MIN_SECRET} bytes"),
                    );
                }
                Some(KeySource::Hs256(secret))
            }
            (None, Some(location)) => Some(KeySource::Jwks(location)),
            (None, None) => {
                reader.reject(
                    "AUTH_HS256_SECRET, AUTH_JWKS",
                    "set one of them: there is no way to run without authentication",
                );
                None
            }
            (Some(_), Some(_)) => {
                reader.reject("AUTH_HS256_SECRET, AUTH_JWKS", "set one of them, not both");
                None
            }
        };
        reader.finish_with(keys.map(|keys| Self {
            keys,
            issuer,
            audience,
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "0123456789abcdef0123456789abcdef";

    fn mistakes(pairs: &[(&str, &str)]) -> String {
        let vars = Vars::from_map(pairs.iter().copied());
        AuthSettings::from_vars(&vars).unwrap_err().to_string()
    }

    #[test]
    fn exactly_one_source_of_keys_is_needed() {
        assert!(mistakes(&[]).contains("no way to run without authentication"));
        assert!(
            mistakes(&[("AUTH_HS256_SECRET", SECRET), ("AUTH_JWKS", "/keys")]).contains("not both")
        );
    }

    #[test]
    fn a_short_secret_is_refused() {
        assert!(mistakes(&[("AUTH_HS256_SECRET", &SECRET[1..])]).contains("at least 32 bytes"));
        let vars = Vars::from_map([("AUTH_HS256_SECRET", SECRET)]);
        let settings = AuthSettings::from_vars(&vars).unwrap();
        assert_eq!(settings.issuer, "order-platform");
        assert!(!format!("{settings:?}").contains(SECRET));
    }
}
