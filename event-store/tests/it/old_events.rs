//! Events of older versions, and of versions that are yet to come.

use cqrs_es::Aggregate;
use cqrs_es::persist::PersistedEventStore;
use domain::envelope::Metadata;
use domain::order::{Order, OrderEvent};
use event_store::{Append, DecodeError, NewEvent, StoredEvent};
use postgres_es::PostgresEventRepository;
use serde_json::Value;

use crate::log::{Log, event, first};

/// Each of the golden files of a folder, as (event type, version, payload).
fn golden_files(folder: &str) -> Vec<(String, String, String)> {
    let folder = format!("{}/{folder}", env!("CARGO_MANIFEST_DIR"));
    let files = std::fs::read_dir(folder).unwrap();
    files
        .map(|file| {
            let path = file.unwrap().path();
            let name = path.file_stem().unwrap().to_str().unwrap();
            let (event_type, version) = name.split_once(".v").unwrap();
            let json: Value =
                serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
            (event_type.into(), version.into(), json.to_string())
        })
        .collect()
}

fn today(event_type: &str) -> OrderEvent {
    let path = format!("../domain/tests/golden/{event_type}.v1.json");
    let payload = std::fs::read_to_string(path).unwrap();
    OrderEvent::from_payload(event_type, "1", &payload).unwrap()
}

/// Stores it as the first event of an order, and returns what the log has of that.
async fn stored(log: &Log, order: &str, event: NewEvent) -> StoredEvent {
    let command = Append {
        events: vec![event],
        ..first(order, 1)
    };
    log.appender().append(command).await.unwrap();
    log.store.load("order", order).await.unwrap().remove(0)
}

#[tokio::test]
async fn every_older_version_that_ever_was_stored_is_read_as_todays() {
    let log = Log::new().await;
    let old = golden_files("tests/golden");
    assert!(!old.is_empty());
    for (event_type, version, payload) in old {
        let order = format!("{event_type}-{version}");
        let old = NewEvent {
            event_type: event_type.clone(),
            event_version: version.clone(),
            payload: payload.clone(),
            metadata: "{}".into(),
            ..event()
        };
        let stored = stored(&log, &order, old).await;
        let read = stored.decode().unwrap();
        assert_eq!(read.event, today(&event_type), "{event_type} v{version}");
        assert_eq!(stored.payload, payload, "it is never rewritten");
    }
}

#[tokio::test]
async fn an_order_that_cqrs_es_began_goes_on_here() {
    let log = Log::new().await;
    let repository =
        PostgresEventRepository::new(log.admin.clone()).with_tables("event", "snapshot");
    let theirs = PersistedEventStore::<_, Order>::new_event_store(repository);
    let types = ["OrderPlaced", "OrderConfirmed", "HoldPlaced"];
    let events: Vec<OrderEvent> = types.map(today).into();
    let context = cqrs_es::EventStore::load_aggregate(&theirs, "o")
        .await
        .unwrap();
    let metadata = [("actor".to_owned(), "their program".to_owned())].into();
    cqrs_es::EventStore::commit(&theirs, events.clone(), context, metadata)
        .await
        .unwrap();

    let stored = log.store.load(Order::TYPE, "o").await.unwrap();
    let read: Vec<_> = stored.iter().map(|event| event.decode().unwrap()).collect();
    assert!(stored.iter().all(|event| event.event_version == "0"));
    let happened: Vec<_> = read.iter().map(|event| event.event.clone()).collect();
    assert_eq!(happened, events);
    assert_eq!(read[0].metadata.actor, "their program");
    assert_eq!(read[0].metadata.command, "unknown");
}

#[tokio::test]
async fn a_version_that_is_yet_to_come_is_a_clear_error() {
    let log = Log::new().await;
    for (order, version) in [("a", "2"), ("b", "1.1"), ("c", "-1"), ("d", "")] {
        let newer = NewEvent {
            event_type: "OrderCompleted".into(),
            event_version: version.into(),
            payload: "{}".into(),
            metadata: serde_json::to_string(&Metadata::default()).unwrap(),
            ..event()
        };
        let refused = stored(&log, order, newer).await.decode().unwrap_err();
        let DecodeError::Event { source, .. } = &refused else {
            panic!("{refused}");
        };
        assert_eq!(
            source.to_string(),
            format!("unknown version {version} of event type OrderCompleted")
        );
    }
}
