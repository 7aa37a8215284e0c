//! From an audit entry back to the event that it tells of, so that an order can be shown as it once was.

use std::borrow::Cow;

use domain::Timestamp;
use domain::envelope::Recorded;
use domain::order::{EventDecodeError, OrderEvent};
use serde::Deserialize;
use serde_json::value::RawValue;
use thiserror::Error;
use uuid::Uuid;

/// Why an entry cannot be read back.
#[derive(Debug, Error)]
pub enum EntryError {
    /// It is not what [`AuditEntry`](super::AuditEntry) writes.
    #[error("an audit entry is malformed")]
    Malformed(#[from] serde_json::Error),
    /// Its event's type, version or data are unknown to this program.
    #[error("the event at position {position} cannot be read")]
    Event {
        /// The event's position.
        position: i64,
        /// What is wrong with it.
        source: EventDecodeError,
    },
    /// The projector could not fold its event, or one before it.
    #[error("the event at position {position} could not be folded: {error}")]
    Unfolded {
        /// The event's position.
        position: i64,
        /// What was wrong, and with which event.
        error: String,
    },
}

#[derive(Deserialize)]
struct StoredEntry<'a> {
    position: i64,
    event_id: Uuid,
    #[serde(borrow)]
    r#type: Cow<'a, str>,
    #[serde(borrow)]
    event_version: Cow<'a, str>,
    order_id: String,
    sequence: i64,
    occurred_at: Timestamp,
    #[serde(borrow)]
    data: &'a RawValue,
    error: Option<String>,
}

/// The event of an entry, as the log has it: `data` in the shape that `type` and `event_version` name.
pub fn recorded(entry: &str) -> Result<Recorded, EntryError> {
    let stored: StoredEntry<'_> = serde_json::from_str(entry)?;
    if let Some(error) = stored.error {
        let position = stored.position;
        return Err(EntryError::Unfolded { position, error });
    }
    let event = OrderEvent::from_payload(&stored.r#type, &stored.event_version, stored.data.get())
        .map_err(|source| EntryError::Event {
            position: stored.position,
            source,
        })?;
    Ok(Recorded {
        position: stored.position,
        event_id: stored.event_id,
        order_id: stored.order_id,
        sequence: stored.sequence,
        occurred_at: stored.occurred_at,
        // Its members have the same names there and here.
        metadata: serde_json::from_str(entry)?,
        event,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::AuditEntry;
    use crate::order::tests::{golden, recorded as envelope};

    #[test]
    fn every_kind_of_event_comes_back_as_it_was() {
        for event_type in OrderEvent::TYPES {
            let mut before = envelope(3, golden(event_type));
            before.metadata.reason = Some("why".to_owned());
            before.metadata.client.user_agent = Some("a \"quoted\" Grüße".to_owned());
            let entry = AuditEntry::new(&before, Some("2026-000101"), "1", Vec::new());
            let entry = serde_json::to_string(&entry).unwrap();
            assert_eq!(recorded(&entry).unwrap(), before, "{event_type}");
        }
    }

    #[test]
    fn what_this_program_does_not_know_is_told() {
        let before = envelope(3, golden("HoldReleased"));
        let entry = AuditEntry::new(&before, None, "99", Vec::new());
        let entry = serde_json::to_string(&entry).unwrap();
        assert!(matches!(
            recorded(&entry),
            Err(EntryError::Event { position: 103, .. })
        ));
        assert!(matches!(recorded("{}"), Err(EntryError::Malformed(_))));
    }

    #[test]
    fn what_the_projector_could_not_fold_is_told() {
        let before = envelope(3, golden("HoldReleased"));
        let entry = AuditEntry::unfolded(&before, None, "1", "a fold that broke");
        let entry = serde_json::to_string(&entry).unwrap();
        assert!(matches!(
            recorded(&entry),
            Err(EntryError::Unfolded { position: 103, error }) if error == "a fold that broke"
        ));
    }
}
