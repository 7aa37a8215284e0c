//! The audit entry.

use domain::order::{CommandName, OrderEvent};
use domain::{OrderId, Text, Timestamp};
use serde_json::{Value, json};

use super::{Schemas, about, count, list, nullable, object, string, uuid};

/// One event as the audit trail shows it.
pub fn audit_entry(s: &mut Schemas) -> Value {
    let (client, change) = (client(s), change(s));
    let members = [
        (
            "position",
            about(
                count(),
                "Its place in the one order of all events: 1, 2, 3, …",
            ),
        ),
        ("event_id", about(uuid(), "Its id.")),
        (
            "type",
            about(
                string(),
                "What happened: an `EventType`, or one that the projector did not know, as `error` says then.",
            ),
        ),
        (
            "event_version",
            about(string(), "The version of its type's shape."),
        ),
        ("order_id", s.of::<OrderId>()),
        (
            "order_number",
            about(
                nullable(string()),
                "The order's number; null before placing.",
            ),
        ),
        (
            "sequence",
            about(
                count(),
                "Its place among the events of its order: 1, 2, 3, …",
            ),
        ),
        (
            "occurred_at",
            about(s.of::<Timestamp>(), "When the log took it."),
        ),
        (
            "actor",
            about(string(), "Who: the subject of the caller's token."),
        ),
        ("command", s.of::<CommandName>()),
        (
            "command_id",
            about(
                uuid(),
                "Names the execution of the command; all its events have it.",
            ),
        ),
        (
            "idempotency_key",
            about(
                nullable(string()),
                "The key under which the caller sent it.",
            ),
        ),
        (
            "correlation_id",
            about(string(), "Ties together all that one outer request caused."),
        ),
        (
            "causation_id",
            about(nullable(string()), "What the command was an answer to."),
        ),
        (
            "traceparent",
            about(nullable(string()), "The W3C trace context of the request."),
        ),
        ("client", client),
        (
            "reason",
            about(
                nullable(s.of::<Text>()),
                "The reason that the command gave.",
            ),
        ),
        (
            "changes",
            about(
                nullable(list(change)),
                "What it changed in the order's document; null if the event, or one of the order before it, could not be read.",
            ),
        ),
        (
            "data",
            json!({ "type": "object", "description": "The event's own members.", "additionalProperties": true }),
        ),
    ];
    let mut entry = object(
        "One event: who did what to which order, when, and what it changed.",
        members,
    );
    // Not required: it is there only of an event that could not be folded.
    entry["properties"]["error"] = about(
        string(),
        "Why `changes` is null: what could not be read, and at which position of the order's events. There only then.",
    );
    s.add("AuditEntry", entry)
}

fn client(s: &mut Schemas) -> Value {
    let members = [
        ("address", about(nullable(string()), "Its network address.")),
        ("user_agent", about(nullable(string()), "Its `User-Agent`.")),
    ];
    s.add("Client", object("Where the request came from.", members))
}

fn change(s: &mut Schemas) -> Value {
    let members = [
        (
            "path",
            about(
                string(),
                "Where in the order's document: a JSON pointer (RFC 6901).",
            ),
        ),
        (
            "from",
            json!({ "description": "What was there; null if nothing." }),
        ),
        (
            "to",
            json!({ "description": "What is there; null if nothing." }),
        ),
    ];
    s.add(
        "Change",
        object(
            "One difference between two versions of the order's document.",
            members,
        ),
    )
}

/// The type of an event.
pub fn event_type(s: &mut Schemas) -> Value {
    let types = OrderEvent::TYPES;
    let schema = json!({ "type": "string", "description": "The type of an event.", "enum": types });
    s.add("EventType", schema)
}
