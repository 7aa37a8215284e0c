//! An audit entry: who did what to which order, when, how it came, and what it changed.

use domain::Timestamp;
use domain::envelope::{Client, Recorded};
use domain::order::EventMembers;
use serde::Serialize;
use serde_json::value::RawValue;
use uuid::Uuid;

use super::Change;

/// One event as the audit trail shows it, member for member in the contract's order.
#[derive(Debug, Serialize)]
pub struct AuditEntry<'a> {
    /// Its place in the one order of all events.
    pub position: i64,
    /// Its id.
    pub event_id: Uuid,
    /// Its type.
    pub r#type: &'a str,
    /// The version of its type's shape.
    pub event_version: &'a str,
    /// The order.
    pub order_id: &'a str,
    /// The order's number; null before placing.
    pub order_number: Option<&'a str>,
    /// Its place among the events of its order.
    pub sequence: i64,
    /// When the log took it.
    pub occurred_at: Timestamp,
    /// The subject of the caller's token.
    pub actor: &'a str,
    /// The command's name.
    pub command: &'a str,
    /// Names the execution of the command.
    pub command_id: Uuid,
    /// The key under which the caller sent it.
    pub idempotency_key: Option<&'a str>,
    /// Ties together all that one outer request caused.
    pub correlation_id: &'a str,
    /// What the command was an answer to.
    pub causation_id: Option<&'a str>,
    /// The W3C trace context of the request.
    pub traceparent: Option<&'a str>,
    /// Where the request came from.
    pub client: &'a Client,
    /// The reason that the command gave.
    pub reason: Option<&'a str>,
    /// What it changed in the order's document; null if the event could not be folded.
    pub changes: Option<Vec<Change<'a>>>,
    /// The event itself.
    pub data: EventData<'a>,
    /// Why the event could not be folded. The member is there only then.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<&'a str>,
}

/// The members of an event.
#[derive(Debug, Clone, Copy, Serialize)]
#[serde(untagged)]
pub enum EventData<'a> {
    /// Of an event that this program knows.
    Members(EventMembers<'a>),
    /// The stored JSON as it is.
    Stored(&'a RawValue),
}

impl<'a> AuditEntry<'a> {
    /// The names of its members, in their order; the last one is there only of an event that could not be folded.
    pub const MEMBERS: [&'static str; 20] = [
        "position",
        "event_id",
        "type",
        "event_version",
        "order_id",
        "order_number",
        "sequence",
        "occurred_at",
        "actor",
        "command",
        "command_id",
        "idempotency_key",
        "correlation_id",
        "causation_id",
        "traceparent",
        "client",
        "reason",
        "changes",
        "data",
        "error",
    ];

    /// The entry of an event that was folded; `order_number` is the order's after it.
    pub fn new(
        recorded: &'a Recorded,
        order_number: Option<&'a str>,
        event_version: &'a str,
        changes: Vec<Change<'a>>,
    ) -> Self {
        let metadata = &recorded.metadata;
        Self {
            position: recorded.position,
            event_id: recorded.event_id,
            r#type: recorded.event.event_type(),
            event_version,
            order_id: &recorded.order_id,
            order_number,
            sequence: recorded.sequence,
            occurred_at: recorded.occurred_at,
            actor: &metadata.actor,
            command: &metadata.command,
            command_id: metadata.command_id,
            idempotency_key: metadata.idempotency_key.as_deref(),
            correlation_id: &metadata.correlation_id,
            causation_id: metadata.causation_id.as_deref(),
            traceparent: metadata.traceparent.as_deref(),
            client: &metadata.client,
            reason: metadata.reason.as_deref(),
            changes: Some(changes),
            data: EventData::Members(recorded.event.members()),
            error: None,
        }
    }

    /// The entry of an event that this program knows and could not fold; `order_number` is the order's as far as it could be
    /// folded.
    pub fn unfolded(
        recorded: &'a Recorded,
        order_number: Option<&'a str>,
        event_version: &'a str,
        error: &'a str,
    ) -> Self {
        Self {
            changes: None,
            error: Some(error),
            ..Self::new(recorded, order_number, event_version, Vec::new())
        }
    }
}

#[cfg(test)]
mod tests {
    use domain::envelope::Metadata;
    use domain::order::{HoldReleased, OrderEvent};
    use serde_json::{Value, json};

    use super::*;
    use crate::audit::changes;

    fn released() -> Recorded {
        let hold_id = domain::HoldId::parse("h-1").unwrap();
        Recorded {
            position: 1042,
            event_id: Uuid::from_u128(1),
            order_id: "o-1".into(),
            sequence: 3,
            occurred_at: Timestamp::parse("2026-11-20T10:00:00Z").unwrap(),
            metadata: Metadata {
                actor: "ada".into(),
                command: "release-hold".into(),
                command_id: Uuid::from_u128(2),
                idempotency_key: Some("k".into()),
                correlation_id: "c".into(),
                client: Client {
                    address: Some("127.0.0.1".into()),
                    user_agent: None,
                },
                ..Metadata::default()
            },
            event: OrderEvent::HoldReleased(HoldReleased { hold_id }),
        }
    }

    /// Values of JSON keep the order of members, so texts are compared.
    fn assert_json(entry: &AuditEntry<'_>, expected: &Value) {
        let pretty = |value: &Value| serde_json::to_string_pretty(value).unwrap();
        assert_eq!(
            pretty(&serde_json::to_value(entry).unwrap()),
            pretty(expected)
        );
    }

    #[test]
    fn an_entry_has_the_members_of_the_contract_in_its_order() {
        let recorded = released();
        let (before, after) = (json!({"on_hold": true}), json!({"on_hold": false}));
        let changes = changes(Some(&before), &after);
        let entry = AuditEntry::new(&recorded, Some("2026-001000"), "1", changes);
        let expected = json!({
            "position": 1042,
            "event_id": "00000000-0000-0000-0000-000000000001",
            "type": "HoldReleased",
            "event_version": "1",
            "order_id": "o-1",
            "order_number": "2026-001000",
            "sequence": 3,
            "occurred_at": "2026-11-20T10:00:00.000000Z",
            "actor": "ada",
            "command": "release-hold",
            "command_id": "00000000-0000-0000-0000-000000000002",
            "idempotency_key": "k",
            "correlation_id": "c",
            "causation_id": null,
            "traceparent": null,
            "client": { "address": "127.0.0.1", "user_agent": null },
            "reason": null,
            "changes": [ { "path": "/on_hold", "from": true, "to": false } ],
            "data": { "hold_id": "h-1" }
        });
        assert_json(&entry, &expected);
        let members: Vec<&String> = expected.as_object().unwrap().keys().collect();
        let (error, others) = AuditEntry::MEMBERS.split_last().unwrap();
        assert_eq!(members, others.iter().collect::<Vec<_>>());
        assert_eq!(*error, "error");
    }

    #[test]
    fn an_entry_without_changes_says_why_at_its_end() {
        let recorded = released();
        let entry = AuditEntry::unfolded(&recorded, None, "1", "no fold");
        let json = serde_json::to_value(&entry).unwrap();
        let members: Vec<&String> = json.as_object().unwrap().keys().collect();
        assert_eq!(members, AuditEntry::MEMBERS.each_ref());
        assert_eq!(
            (&json["changes"], &json["error"]),
            (&json!(null), &json!("no fold"))
        );
    }

    #[test]
    fn an_event_that_could_not_be_folded_is_shown_as_it_is_stored() {
        let recorded = released();
        let stored: Box<RawValue> = serde_json::from_str("{\"teeth\": 32}").unwrap();
        let known = AuditEntry::new(&recorded, None, "1", Vec::new());
        let data = EventData::Stored(&stored);
        let entry = AuditEntry {
            r#type: "OrderEaten",
            changes: None,
            data,
            error: Some("unknown"),
            ..known
        };
        let json = serde_json::to_string(&entry).unwrap();
        assert!(json.contains(r#""type":"OrderEaten""#), "{json}");
        assert!(
            json.ends_with(r#""changes":null,"data":{"teeth": 32},"error":"unknown"}"#),
            "{json}"
        );
    }
}
