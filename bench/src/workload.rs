//! What is written: in every store the same bytes.

use std::sync::LazyLock;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// An event's type in all stores.
pub(crate) const EVENT_TYPE: &str = "NoteAdded";

/// Events of a stream before a command loads it.
pub(crate) const STREAM_EVENTS: i64 = 10;

/// The members of an event as a peer declares them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Note {
    pub(crate) text: String,
    pub(crate) visibility: String,
}

/// What a command stores around its events; about 400 bytes of JSON.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Around {
    pub(crate) actor: String,
    pub(crate) command: String,
    pub(crate) command_id: Uuid,
    pub(crate) idempotency_key: String,
    pub(crate) correlation_id: String,
    pub(crate) traceparent: String,
}

static TEXT: LazyLock<String> = LazyLock::new(|| {
    "The parcel stands at the door. "
        .repeat(15)
        .trim()
        .to_owned()
});

/// The members of the next event.
pub(crate) fn note() -> Note {
    Note {
        text: TEXT.clone(),
        visibility: "internal".to_owned(),
    }
}

/// The payload of the next event: the event's own members.
pub(crate) fn payload() -> String {
    format!(r#"{{"text":"{}","visibility":"internal"}}"#, *TEXT)
}

/// What goes around the next command's events.
pub(crate) fn around() -> Around {
    let id = Uuid::now_v7();
    Around {
        actor: "auth0|5f7c8ec7c33c6c004bbafe82".to_owned(),
        command: "add-note".to_owned(),
        command_id: id,
        idempotency_key: format!("note-{id}"),
        correlation_id: id.to_string(),
        traceparent: format!("00-{}-b8d49bec21cd8bdd-01", id.simple()),
    }
}

/// The same as JSON, and as PostgreSQL's SQL writes it into rows that are there from the beginning.
pub(crate) fn metadata(around: &Around) -> String {
    format!(
        r#"{{"actor":"{}","command":"{}","command_id":"{}","idempotency_key":"{}","correlation_id":"{}","traceparent":"{}"}}"#,
        around.actor,
        around.command,
        around.command_id,
        around.idempotency_key,
        around.correlation_id,
        around.traceparent
    )
}

/// The id of a new stream.
pub(crate) fn new_stream() -> String {
    Uuid::now_v7().to_string()
}

/// The id of a stream that was there from the beginning of a round.
pub(crate) fn filled_stream(round: usize, number: u64) -> String {
    format!("filled-{round}-{number}")
}
