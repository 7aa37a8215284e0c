//! A command that was let in: who asks for what, and under which conditions.

use std::sync::Arc;
use std::time::Instant;

use axum::http::StatusCode;
use domain::envelope::Client;
use domain::order::CommandName;
use event_store::KeyToRecord;
use serde_json::Value;

use crate::admission::if_match::IfMatch;
use crate::commands::Target;
use crate::fingerprint;
use crate::refusal::Refusal;

/// A command that was let in. Its body was not looked at yet.
#[derive(Debug)]
pub(crate) struct Call {
    /// Who asks, and how the request came.
    pub(crate) origin: Arc<Origin>,
    /// The command.
    pub(crate) name: CommandName,
    /// The order that it is for.
    pub(crate) target: Target,
    /// Its body, an empty object if there was none.
    pub(crate) body: Value,
    /// What is to become of it.
    pub(crate) mode: Mode,
    /// Which versions of the order it is meant for.
    pub(crate) if_match: Option<IfMatch>,
    /// Until when the caller waits.
    pub(crate) deadline: Instant,
}

/// What is to become of a command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Mode {
    /// It takes effect, once for its key.
    Effect {
        /// The caller's name for the effect.
        key: String,
        /// Whether the answer also holds the order.
        represented: bool,
    },
    /// It is judged, and nothing is stored.
    DryRun,
}

/// Who asks, and how the request came. Goes into the metadata of every event.
#[derive(Debug)]
pub(crate) struct Origin {
    /// The subject of the token.
    pub(crate) actor: String,
    /// Ties together all that one outer request caused.
    pub(crate) correlation_id: String,
    /// The W3C trace context.
    pub(crate) traceparent: String,
    /// Where the request came from.
    pub(crate) client: Client,
    /// The path of the request, which problems name as their instance.
    pub(crate) path: String,
}

impl Call {
    /// Whether nothing is to be stored.
    pub(crate) fn is_dry_run(&self) -> bool {
        self.mode == Mode::DryRun
    }

    /// The caller's key, as sent; a dry run has none.
    pub(crate) fn key(&self) -> Option<&str> {
        match &self.mode {
            Mode::Effect { key, .. } => Some(key),
            Mode::DryRun => None,
        }
    }

    /// The key that is to be recorded with the events; a dry run has none.
    pub(crate) fn key_to_record(&self) -> Result<Option<KeyToRecord>, Refusal> {
        let Mode::Effect { key, represented } = &self.mode else {
            return Ok(None);
        };
        Ok(Some(KeyToRecord {
            id: fingerprint::of_key(&self.origin.actor, key),
            request: fingerprint::of_request(self.name, self.target.order_id(), &self.body)?,
            status: if self.target.success() == StatusCode::CREATED {
                201
            } else {
                200
            },
            represented: *represented,
        }))
    }
}
