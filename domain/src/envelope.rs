//! What is recorded around each event: where in the log, when, by whom and how it came.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::Timestamp;
use crate::order::OrderEvent;

/// An event as the log holds it.
#[derive(Debug, Clone, PartialEq)]
pub struct Recorded {
    /// Its place in the one order of all events: 1, 2, 3, …
    pub position: i64,
    /// Its id, a UUID of version 7.
    pub event_id: Uuid,
    /// The order that it belongs to.
    pub order_id: String,
    /// Its place among the events of its order: 1, 2, 3, …
    pub sequence: i64,
    /// When the log took it, by the log's own clock. It never falls as positions rise.
    pub occurred_at: Timestamp,
    /// Who, why and how.
    pub metadata: Metadata,
    /// What happened.
    pub event: OrderEvent,
}

/// Who caused an event, with which command, and how that command came.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Metadata {
    /// The subject of the caller's token.
    pub actor: String,
    /// The command's name, in kebab-case.
    pub command: String,
    /// Names this execution of the command; all its events have it.
    pub command_id: Uuid,
    /// The key under which the caller sent it, as sent.
    #[serde(default)]
    pub idempotency_key: Option<String>,
    /// Ties together all that one outer request caused.
    pub correlation_id: String,
    /// What this command was an answer to, if the caller said so.
    #[serde(default)]
    pub causation_id: Option<String>,
    /// The W3C trace context of the request.
    #[serde(default)]
    pub traceparent: Option<String>,
    /// Where the request came from.
    #[serde(default)]
    pub client: Client,
    /// The reason that the command gave, where it has one.
    #[serde(default)]
    pub reason: Option<String>,
}

/// Where a request came from.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Client {
    /// Its network address.
    #[serde(default)]
    pub address: Option<String>,
    /// Its `User-Agent`.
    #[serde(default)]
    pub user_agent: Option<String>,
}
