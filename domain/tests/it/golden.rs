//! The JSON of every event type and version, as the log holds it for good. A change of a shape
//! without a new version fails here.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

use domain::order::{EventDecodeError, Order, OrderEvent};
use serde_json::Value;

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden")
}

/// Each file as (event type, version, payload as the log holds it).
fn golden_files() -> Vec<(String, String, String)> {
    let files = fs::read_dir(folder())
        .unwrap()
        .map(|file| file.unwrap().path());
    files
        .map(|path| {
            let name = path.file_name().unwrap().to_str().unwrap().to_owned();
            let (event_type, version) = name
                .strip_suffix(".json")
                .unwrap()
                .split_once(".v")
                .unwrap();
            let json: Value = serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
            (event_type.to_owned(), version.to_owned(), json.to_string())
        })
        .collect()
}

#[test]
fn every_golden_event_is_read_and_written_back_byte_for_byte() {
    for (event_type, version, payload) in golden_files() {
        let event = OrderEvent::from_payload(&event_type, &version, &payload)
            .unwrap_or_else(|error| panic!("{event_type} v{version}: {error:?}"));
        assert_eq!(event.event_type(), event_type);
        assert_eq!(event.event_version(), version);
        assert_eq!(
            event.to_payload().unwrap(),
            payload,
            "{event_type} v{version}"
        );
        Order::default().apply(&event);
    }
}

#[test]
fn every_event_type_has_a_golden_file() {
    let files: BTreeSet<_> = golden_files().into_iter().map(|(name, ..)| name).collect();
    let types: BTreeSet<_> = OrderEvent::TYPES.iter().map(ToString::to_string).collect();
    assert_eq!(files, types);
}

#[test]
fn what_cannot_be_read_says_why() {
    let read = OrderEvent::from_payload;
    assert!(matches!(
        read("OrderEaten", "1", "{}"),
        Err(EventDecodeError::UnknownType { .. })
    ));
    let version = read("OrderConfirmed", "2", "{}");
    assert!(matches!(
        version,
        Err(EventDecodeError::UnknownVersion { .. })
    ));
    let malformed = read("HoldReleased", "1", r#"{"hold_id":""}"#);
    assert!(matches!(malformed, Err(EventDecodeError::Malformed { .. })));
}
