//! Tokens for this machine: signed with the secret of the environment, or with that of the data directory.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use service_kit::{AuthSettings, Authenticator, Scope, Vars};

use crate::data_dir::{self, DataDir};
use crate::state::State;
use crate::terminal;

const SECRET: &str = "AUTH_HS256_SECRET";
const KEY_SET: &str = "AUTH_JWKS";

/// How long the token lives that `orders up` prints: a day's work.
const EVERYTHING_TTL: Duration = Duration::from_secs(12 * 60 * 60);

/// Arguments of `orders token`.
#[derive(Debug, clap::Args)]
pub(crate) struct Token {
    /// Who acts
    #[arg(long, value_name = "ACTOR")]
    sub: String,
    /// What he may do, separated by spaces: orders:write, orders:read, payments:write, audit:read, ops
    #[arg(long, value_name = "SCOPES")]
    scope: String,
    /// Seconds until it expires
    #[arg(long, value_name = "SECONDS", default_value_t = 3600, value_parser = clap::value_parser!(u64).range(1..))]
    ttl: u64,
    /// The platform's data directory, whose secret signs unless `AUTH_HS256_SECRET` is set
    #[arg(long, value_name = "DIR", default_value = ".local", env = data_dir::VARIABLE)]
    data_dir: PathBuf,
}

impl Token {
    /// Prints a token.
    pub(crate) async fn run(self) -> Result<u8> {
        check(&self.scope)?;
        let tokens = Tokens::find(&self.data_dir)?;
        let valid_for = Duration::from_secs(self.ttl);
        terminal::answer(&tokens.issue(&self.sub, &self.scope, valid_for).await?);
        Ok(0)
    }
}

/// Signs tokens.
pub(crate) struct Tokens {
    vars: Vars,
    generated_secret: Option<String>,
}

impl Tokens {
    /// As the environment says, else with the secret of this state.
    pub(crate) fn of(state: &State) -> Self {
        let vars = Vars::from_env();
        if vars.get(SECRET).is_some() || vars.get(KEY_SET).is_some() {
            return Self {
                vars,
                generated_secret: None,
            };
        }
        let secret = state.auth_secret.expose().to_owned();
        Self {
            vars: vars.with(SECRET, &secret),
            generated_secret: Some(secret),
        }
    }

    /// As the environment says, else with the secret of the platform in this data directory.
    pub(crate) fn find(data_dir: &Path) -> Result<Self> {
        let vars = Vars::from_env();
        if vars.get(SECRET).is_some() {
            return Ok(Self {
                vars,
                generated_secret: None,
            });
        }
        let state = DataDir::find(data_dir)
            .and_then(|dir| State::load(&dir))
            .ok()
            .flatten();
        let state = state.with_context(|| {
            format!(
                "no platform has run in {} yet: start one with `orders up`, name its place with --data-dir, or set \
                 {SECRET}",
                data_dir.display()
            )
        })?;
        Ok(Self::of(&state))
    }

    /// The secret that services have to be told, where the environment tells them nothing.
    pub(crate) fn generated_secret(&self) -> Option<&str> {
        self.generated_secret.as_deref()
    }

    /// Whether tokens are signed here at all.
    fn can_issue(&self) -> bool {
        self.vars.get(SECRET).is_some()
    }

    pub(crate) async fn issue(
        &self,
        sub: &str,
        scope: &str,
        valid_for: Duration,
    ) -> Result<String> {
        if !self.can_issue() {
            bail!("tokens are checked by a key set ({KEY_SET}): only its owner can issue them");
        }
        let authenticator =
            Authenticator::from_settings(AuthSettings::from_vars(&self.vars)?).await?;
        Ok(authenticator.issue_hs256(sub, scope, valid_for)?)
    }

    /// The token that `orders up` prints, for everything; none where tokens are signed elsewhere.
    pub(crate) async fn issue_for_everything(&self) -> Result<Option<String>> {
        if !self.can_issue() {
            return Ok(None);
        }
        let scopes = Scope::ALL.map(Scope::as_str).join(" ");
        self.issue("local-operator", &scopes, EVERYTHING_TTL)
            .await
            .map(Some)
    }
}

/// A typo in a scope would be a token that allows nothing.
fn check(scopes: &str) -> Result<()> {
    for scope in scopes.split_whitespace() {
        if !Scope::ALL.iter().any(|known| known.as_str() == scope) {
            let known = Scope::ALL.map(Scope::as_str).join(", ");
            bail!("there is no scope `{scope}`; the scopes are {known}");
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scopes_are_checked_for_typos() {
        check("orders:read orders:write").unwrap();
        let error = check("order:read").unwrap_err().to_string();
        assert!(
            error.contains("`order:read`") && error.contains("payments:write"),
            "{error}"
        );
    }
}
