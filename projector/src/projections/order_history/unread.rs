//! The entry of an event that this program cannot read: what can be told of it without knowing it.

use domain::Timestamp;
use domain::envelope::{Client, Metadata};
use event_store::StoredEvent;
use read_model::audit::{AuditEntry, EventData, compact};
use read_model::history::HistoryRow;
use serde_json::Value;
use serde_json::value::RawValue;
use uuid::Uuid;

/// The row of the event.
pub(super) fn row(
    stored: &StoredEvent,
    order_number: Option<&str>,
    error: &str,
) -> Result<HistoryRow, serde_json::Error> {
    let metadata = metadata(&stored.metadata);
    // Whatever is no JSON cannot stand in JSON.
    let data = compact(&stored.payload).unwrap_or_else(|_| RawValue::NULL.to_owned());
    super::row(&AuditEntry {
        position: stored.position,
        event_id: stored.event_id,
        r#type: &stored.event_type,
        event_version: &stored.event_version,
        order_id: &stored.aggregate_id,
        order_number,
        sequence: stored.sequence,
        occurred_at: Timestamp::from_datetime(stored.recorded_at),
        actor: &metadata.actor,
        command: &metadata.command,
        command_id: metadata.command_id,
        idempotency_key: metadata.idempotency_key.as_deref(),
        correlation_id: &metadata.correlation_id,
        causation_id: metadata.causation_id.as_deref(),
        traceparent: metadata.traceparent.as_deref(),
        client: &metadata.client,
        reason: metadata.reason.as_deref(),
        changes: None,
        data: EventData::Stored(&data),
        error: Some(error),
    })
}

/// The metadata, of those that are not what this platform writes each member that is.
fn metadata(stored: &str) -> Metadata {
    if let Ok(metadata) = serde_json::from_str(stored) {
        return metadata;
    }
    let json: Value = serde_json::from_str(stored).unwrap_or_default();
    let text = |name: &str| json[name].as_str().map(str::to_owned);
    let known = |name: &str| text(name).unwrap_or_else(|| "unknown".to_owned());
    Metadata {
        actor: known("actor"),
        command: known("command"),
        command_id: text("command_id")
            .and_then(|id| Uuid::parse_str(&id).ok())
            .unwrap_or_default(),
        idempotency_key: text("idempotency_key"),
        correlation_id: known("correlation_id"),
        causation_id: text("causation_id"),
        traceparent: text("traceparent"),
        client: serde_json::from_value::<Client>(json["client"].clone()).unwrap_or_default(),
        reason: text("reason"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_strange_metadata_each_member_is_told_that_can_be() {
        let told = metadata(r#"{"actor":"ada","command":7,"client":{"address":"a"},"reason":[]}"#);
        let expected = Metadata {
            actor: "ada".to_owned(),
            command: "unknown".to_owned(),
            correlation_id: "unknown".to_owned(),
            client: Client {
                address: Some("a".to_owned()),
                user_agent: None,
            },
            ..Metadata::default()
        };
        assert_eq!(told, expected);
        assert_eq!(metadata("[]").actor, "unknown");
    }
}
