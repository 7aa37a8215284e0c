//! Old events, as today's program reads them.
//!
//! Events are never rewritten. One whose version is older than today's goes through the upcasters, each of which lifts
//! one version of a type to the next; `docs/events.md` says how to add one.

use std::sync::LazyLock;

use cqrs_es::persist::{EventUpcaster, SerializedEvent};
use domain::order::OrderEvent;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::StoredEvent;

/// Every upcaster of this program, those of older versions first.
static UPCASTERS: LazyLock<Upcasters> = LazyLock::new(|| Upcasters(vec![Box::new(Tagged)]));

/// Upcasters in the order in which they apply.
struct Upcasters(Vec<Box<dyn EventUpcaster>>);

/// The event in the newest version that upcasters lead to; `None` if there is no upcaster for the version that it has,
/// as for nearly all events.
pub(crate) fn lifted(event: &StoredEvent) -> Option<Result<SerializedEvent, serde_json::Error>> {
    UPCASTERS.lifted(event)
}

impl Upcasters {
    fn lifted(&self, event: &StoredEvent) -> Option<Result<SerializedEvent, serde_json::Error>> {
        let known = self
            .0
            .iter()
            .any(|upcaster| upcaster.can_upcast(&event.event_type, &event.event_version));
        known.then(|| Ok(self.lift(serialized(event)?)))
    }

    fn lift(&self, mut event: SerializedEvent) -> SerializedEvent {
        for upcaster in &self.0 {
            if upcaster.can_upcast(&event.event_type, &event.event_version) {
                event = upcaster.upcast(event);
            }
        }
        event
    }
}

fn serialized(event: &StoredEvent) -> Result<SerializedEvent, serde_json::Error> {
    Ok(SerializedEvent {
        aggregate_id: event.aggregate_id.clone(),
        // A sequence is above 0, and no order has more events than fit into memory.
        sequence: usize::try_from(event.sequence).unwrap_or(usize::MAX),
        aggregate_type: event.aggregate_type.clone(),
        event_type: event.event_type.clone(),
        event_version: event.event_version.clone(),
        payload: serde_json::from_str(&event.payload)?,
        metadata: serde_json::from_str(&event.metadata)?,
    })
}

/// From version 0, which is what `cqrs-es` itself stores of an order, to 1: the payload loses its tag (see
/// `docs/adr/0002`), and the metadata, which are what that program's author put in, get what this platform cannot do without.
struct Tagged;

impl EventUpcaster for Tagged {
    fn can_upcast(&self, event_type: &str, event_version: &str) -> bool {
        event_version == "0" && OrderEvent::TYPES.contains(&event_type)
    }

    fn upcast(&self, mut event: SerializedEvent) -> SerializedEvent {
        // Without its tag it is no such event; whoever reads it says so.
        if let Some(members) = event.payload.get_mut(&event.event_type).map(Value::take) {
            event.payload = members;
        }
        if let Some(metadata) = event.metadata.as_object_mut() {
            for (name, unknown) in [
                ("actor", json!("unknown")),
                ("command", json!("unknown")),
                ("command_id", json!(Uuid::nil())),
                ("correlation_id", json!("unknown")),
            ] {
                metadata.entry(name).or_insert(unknown);
            }
        }
        "1".clone_into(&mut event.event_version);
        event
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use cqrs_es::persist::SemanticVersionEventUpcaster;

    use super::*;

    fn stored(event_type: &str, event_version: &str, payload: &str) -> StoredEvent {
        StoredEvent {
            position: 7,
            event_id: Uuid::nil(),
            aggregate_type: "order".into(),
            aggregate_id: "o-1".into(),
            sequence: 3,
            event_type: event_type.into(),
            event_version: event_version.into(),
            payload: payload.into(),
            metadata: r#"{"actor":"alice","tenant":"t"}"#.into(),
            recorded_at: DateTime::UNIX_EPOCH,
            slot: 0,
        }
    }

    /// An upcaster to this version that notes that it was there.
    fn to(version: &'static str) -> Box<dyn EventUpcaster> {
        let note = move |mut payload: Value| {
            let seen = payload["seen"].as_str().unwrap_or_default().to_owned();
            payload["seen"] = json!(format!("{seen}>{version}"));
            payload
        };
        Box::new(SemanticVersionEventUpcaster::new(
            "Packed",
            version,
            Box::new(note),
        ))
    }

    #[test]
    fn every_older_version_goes_step_by_step_to_the_newest() {
        let upcasters = Upcasters(vec![to("2"), to("3"), to("4")]);
        for (version, way) in [("1", ">2>3>4"), ("2", ">3>4"), ("3", ">4")] {
            let lifted = upcasters.lifted(&stored("Packed", version, "{}"));
            let lifted = lifted.unwrap().unwrap();
            assert_eq!(lifted.payload["seen"], way);
            assert_eq!(lifted.event_version, "4.0.0");
        }
    }

    #[test]
    fn what_is_new_enough_or_unknown_is_left_alone() {
        let upcasters = Upcasters(vec![to("2"), to("3")]);
        for (event_type, version) in [("Packed", "3"), ("Packed", "4"), ("Unpacked", "1")] {
            let event = stored(event_type, version, "{}");
            assert!(upcasters.lifted(&event).is_none(), "{event_type} {version}");
        }
    }

    #[test]
    fn a_tag_goes_and_what_is_missing_around_it_comes() {
        let tagged = stored("NoteAdded", "0", r#"{"NoteAdded":{"text":"a","n":1.50}}"#);
        let lifted = lifted(&tagged).unwrap().unwrap();
        assert_eq!(lifted.payload, json!({"text": "a", "n": 1.5}));
        assert_eq!(lifted.event_version, "1");
        assert_eq!(lifted.metadata["actor"], "alice");
        assert_eq!(lifted.metadata["tenant"], "t");
        assert_eq!(lifted.metadata["command"], "unknown");
    }

    #[test]
    fn what_is_no_json_is_an_error() {
        assert!(lifted(&stored("NoteAdded", "0", "{")).unwrap().is_err());
    }
}
