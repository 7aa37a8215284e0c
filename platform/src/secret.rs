//! Secrets that we make ourselves.

use std::fmt;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// A generated secret, which no log shows.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Secret(String);

impl Secret {
    /// A new one of 244 random bits, as 64 hexadecimal digits.
    pub(crate) fn generate() -> Self {
        Self(format!(
            "{}{}",
            Uuid::new_v4().simple(),
            Uuid::new_v4().simple()
        ))
    }

    /// The secret itself, for the one who needs it.
    pub(crate) fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(secret)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_secrets_are_alike_and_none_needs_escaping_or_is_shown() {
        let secret = Secret::generate();
        assert_eq!(secret.expose().len(), 64);
        assert!(secret.expose().bytes().all(|byte| byte.is_ascii_hexdigit()));
        assert_ne!(secret, Secret::generate());
        assert!(!format!("{secret:?}").contains(secret.expose()));
    }
}
