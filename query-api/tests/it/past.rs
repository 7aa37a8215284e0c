//! An order as it once was.

use read_model::order::OrderFold;
use read_model::{OrderStatus, Timestamp, audit};

use crate::stage::{Event, Order, Stage, minute};

/// A life with every kind of thing that a document remembers a time or a person of.
const LIFE: &[&str] = &[
    "OrderPlaced",
    "HoldPlaced",
    "NoteAdded",
    "HoldReleased",
    "OrderConfirmed",
    "PaymentAuthorized",
    "PaymentCaptured",
    "ShipmentCreated",
    "ShipmentDelivered",
    "ReturnRequested",
    "ReturnApproved",
    "ReturnReceived",
    "RefundGranted",
    "RefundSucceeded",
    "OrderTagged",
];

fn golden(event_type: &str) -> String {
    let path = format!("{}/../domain/tests/golden", env!("CARGO_MANIFEST_DIR"));
    std::fs::read_to_string(format!("{path}/{event_type}.v1.json")).unwrap()
}

/// Lives `LIFE` with the order that the golden events are of, and says what was shown after each event.
async fn live(stage: &Stage) -> Vec<String> {
    let mut fold = OrderFold::default();
    let mut shown = Vec::new();
    for (event_type, sequence) in LIFE.iter().zip(1..) {
        let position = sequence * 10;
        let event = Event {
            kind: event_type,
            actor: format!("user-{sequence}"),
            // Two events of one command happen at one time.
            occurred_at: minute(if sequence == 7 { 60 } else { position }),
            data: golden(event_type),
            ..Event::note("o-1", sequence, position)
        };
        fold.apply(&audit::recorded(&event.entry()).unwrap());
        let document = serde_json::to_string(&fold.document().unwrap()).unwrap();
        let order = Order {
            version: sequence,
            document: Some(document),
            status: OrderStatus::Placed,
            ..Order::placed("o-1", position)
        };
        stage.apply_with(&order, &event).await;
        shown.push(stage.get("/v1/orders/o-1").await.text);
    }
    shown
}

#[tokio::test]
async fn every_version_is_what_was_shown_then_byte_for_byte() {
    let stage = Stage::new().await;
    let shown = live(&stage).await;
    assert!(shown.windows(2).all(|pair| pair[0] != pair[1]));
    for (document, version) in shown.iter().zip(1..) {
        let path = format!("/v1/orders/o-1?version={version}");
        let answer = stage.get(&path).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        assert_eq!(&answer.text, document, "version {version}");
        assert_eq!(answer.header("etag"), format!("\"{version}\""));
        assert_eq!(answer.position(), 150);
        let tag = format!("\"{version}\"");
        let known = stage.get_with(&path, &[("if-none-match", &tag)]).await;
        assert_eq!(known.status, 304);
    }
    for path in [
        "/v1/orders/o-1?version=16",
        "/v1/orders/o-1?version=9223372036854775807",
    ] {
        let answer = stage.get(path).await;
        answer.problem(404, "not-found");
        assert_eq!(answer.position(), 150);
    }
    stage
        .get("/v1/orders/o-2?version=1")
        .await
        .problem(404, "not-found");
}

#[tokio::test]
async fn a_time_shows_what_had_happened_until_then() {
    let stage = Stage::new().await;
    let shown = live(&stage).await;
    let at = async |time: Timestamp| {
        let time = time.to_string();
        stage.get(&format!("/v1/orders/o-1?at={time}")).await
    };
    for (time, version) in [
        (minute(10), 1),
        (minute(19), 1),
        (minute(20), 2),
        // The events 6 and 7 happened at once.
        (minute(60), 7),
        (minute(79), 7),
        (minute(100_000), 15),
    ] {
        let answer = at(time).await;
        assert_eq!(answer.text, shown[version - 1], "{time}");
        assert_eq!(answer.header("etag"), format!("\"{version}\""));
    }
    let zone = "/v1/orders/o-1?at=2026-11-20T11:20:00%2B01:00";
    assert_eq!(stage.get(zone).await.text, shown[1]);
    at(minute(9)).await.problem(404, "not-found");
}

#[tokio::test]
async fn the_past_is_as_new_as_it_must_be() {
    let stage = Stage::new().await;
    live(&stage).await;
    let headers = [("min-position", "151"), ("prefer", "wait=0")];
    let answer = stage.get_with("/v1/orders/o-1?version=1", &headers).await;
    answer.problem(503, "view-behind");
}

#[tokio::test]
async fn an_event_that_is_unknown_here_is_no_version() {
    let stage = Stage::new().await;
    live(&stage).await;
    let event = Event {
        kind: "OrderEaten",
        ..Event::note("o-1", 16, 160)
    };
    stage.record(&[event]).await;
    assert_eq!(stage.get("/v1/orders/o-1?version=15").await.status, 200);
    let answer = stage.get("/v1/orders/o-1?version=16").await;
    answer.problem(503, "unavailable");
    assert!(answer.text.contains("position 160"), "{}", answer.text);
}
