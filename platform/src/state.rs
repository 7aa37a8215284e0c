//! What a platform generated for itself: secrets, and the ports that its servers were given.

use std::collections::BTreeMap;
use std::path::PathBuf;

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};

use crate::data_dir::{DataDir, write_private};
use crate::nats;
use crate::postgres::database;
use crate::secret::Secret;

/// Kept in `state.json`, readable by its owner only.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct State {
    /// Signs tokens, unless `AUTH_*` says otherwise.
    pub(crate) auth_secret: Secret,
    pub(crate) postgres: PostgresState,
    pub(crate) nats: NatsState,
}

/// The private cluster's roles and port.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct PostgresState {
    pub(crate) passwords: BTreeMap<String, Secret>,
    pub(crate) port: Option<u16>,
}

/// The private broker's users and ports.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct NatsState {
    pub(crate) passwords: BTreeMap<String, Secret>,
    pub(crate) port: Option<u16>,
    pub(crate) monitor_port: Option<u16>,
}

impl State {
    /// What is stored, or new secrets, which are stored at once.
    pub(crate) fn load_or_generate(dir: &DataDir) -> Result<Self> {
        if let Some(mut state) = Self::load(dir)? {
            state.generate_missing();
            state.save(dir)?;
            return Ok(state);
        }
        let state = Self {
            auth_secret: Secret::generate(),
            postgres: PostgresState {
                passwords: generate_for(&database::ROLES),
                port: None,
            },
            nats: NatsState {
                passwords: generate_for(&nats::USERS),
                port: None,
                monitor_port: None,
            },
        };
        state.save(dir)?;
        Ok(state)
    }

    /// A release that knows more roles than the one that stored the state gives them passwords, too.
    fn generate_missing(&mut self) {
        for (passwords, names) in [
            (&mut self.postgres.passwords, &database::ROLES[..]),
            (&mut self.nats.passwords, &nats::USERS[..]),
        ] {
            for name in names {
                passwords
                    .entry((*name).to_owned())
                    .or_insert_with(Secret::generate);
            }
        }
    }

    /// What is stored; none before the first start.
    pub(crate) fn load(dir: &DataDir) -> Result<Option<Self>> {
        let path = path(dir);
        let text = match std::fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => {
                return Err(error).with_context(|| format!("cannot read {}", path.display()));
            }
        };
        let state = serde_json::from_str(&text).with_context(|| {
            format!(
                "{} cannot be understood: restore it, or begin anew with --fresh",
                path.display()
            )
        })?;
        Ok(Some(state))
    }

    pub(crate) fn save(&self, dir: &DataDir) -> Result<()> {
        let text = serde_json::to_string_pretty(self).context("cannot write the state down")?;
        write_private(&path(dir), &(text + "\n"))
    }
}

fn generate_for(names: &[&str]) -> BTreeMap<String, Secret> {
    names
        .iter()
        .map(|name| ((*name).to_owned(), Secret::generate()))
        .collect()
}

fn path(dir: &DataDir) -> PathBuf {
    dir.join("state.json")
}
