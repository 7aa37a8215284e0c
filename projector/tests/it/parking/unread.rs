//! Events that this program cannot read or fold.

use read_model::View;
use serde_json::json;
use test_kit::eventually;

use super::At;
use crate::setup::{METADATA, PATIENCE, Setup, ids};

/// The views that hold an order back, by name.
const HOLDING: [&str; 6] = [
    "customers",
    "fulfillment-queue",
    "orders",
    "products",
    "returns",
    "revenue",
];

/// More than fits into any amount, in parts that do: what is added up breaks. The fold trusts events, as it may.
fn too_much() -> String {
    let part = json!({ "payment_id": "p-1", "amount": 9_007_199_254_740_991_i64 });
    json!({
        "refund_id": "f-1", "amount": 1, "reason": "too much", "return_id": null,
        "parts": vec![part; 1_100], "credit": 0,
    })
    .to_string()
}

fn golden(event_type: &str) -> String {
    let path = format!("{}/../domain/tests/golden", env!("CARGO_MANIFEST_DIR"));
    std::fs::read_to_string(format!("{path}/{event_type}.v1.json")).unwrap()
}

/// In each view that holds orders back, these, at their events of this number.
async fn held(setup: &Setup, orders: &[&str], sequence: i64) -> Vec<At> {
    let mut at = Vec::new();
    for view in HOLDING {
        for order in orders {
            at.push((
                view,
                (*order).to_owned(),
                setup.position_of(order, sequence).await,
            ));
        }
    }
    at
}

#[tokio::test]
async fn an_event_that_cannot_be_read_or_folded_stops_its_order_and_nothing_else() {
    let mut setup = Setup::new().await;
    let projector = setup.projector();
    setup.traffic("o", 40, 1).await;
    setup.views_equal_the_log().await;
    setup
        .append(&[
            (
                "o-1",
                "OrderTeleported",
                "{ \"to\":\n  \"Mars\" }".to_owned(),
            ),
            ("o-2", "NoteAdded", r#"{"text": 7}"#.to_owned()),
            ("o-3", "PaymentAuthorized", golden("PaymentAuthorized")),
            ("o-3", "RefundGranted", too_much()),
        ])
        .await;
    setup.note(&ids("o", 40), "after").await;
    setup.caught_up().await;
    setup.note(&ids("o", 40), "and later").await;
    setup.caught_up().await;

    let mut expected = held(&setup, &["o-1", "o-2"], 3).await;
    expected.extend(held(&setup, &["o-3"], 4).await);
    expected.sort();
    setup.parked_are(&expected).await;
    setup
        .versions_are(4, &[("o-1", 2), ("o-2", 2), ("o-3", 3)])
        .await;
    let unknown: Vec<String> =
        sqlx::query_scalar("select distinct order_id from parked where unknown")
            .fetch_all(&setup.views)
            .await
            .unwrap();
    assert_eq!(unknown, ["o-1"]);
    projector.is_ready().await;

    let positions = [
        setup.position_of("o-1", 3).await,
        setup.position_of("o-2", 3).await,
        setup.position_of("o-3", 4).await,
    ];
    for (order, position, good, what) in [
        ("o-1", positions[0], 2, "unknown event type OrderTeleported"),
        (
            "o-2",
            positions[1],
            2,
            "malformed payload of event type NoteAdded",
        ),
        (
            "o-3",
            positions[2],
            3,
            "panicked: attempt to add with overflow",
        ),
    ] {
        let history = setup.history(order).await;
        let (folded, unfolded) = history.split_at(good);
        assert_eq!(unfolded.len(), 3, "{order}");
        assert!(
            folded
                .iter()
                .all(|entry| entry["changes"].is_array() && entry.get("error").is_none())
        );
        for entry in unfolded {
            assert!(entry["changes"].is_null(), "{entry}");
            let error = entry["error"].as_str().unwrap();
            assert!(error.starts_with(&format!("event {position} ")), "{error}");
            assert!(error.contains(what), "{error}");
            assert_eq!(entry["order_number"], history[0]["order_number"]);
            assert_eq!(entry["actor"], "alice");
        }
        assert_eq!(unfolded[2]["data"]["text"], "and later");
    }
    let stored = &setup.history("o-1").await[2];
    assert_eq!(stored["type"], "OrderTeleported");
    assert_eq!(stored["data"], json!({"to": "Mars"}));
    projector.stop().await;
}

#[tokio::test]
async fn one_view_that_breaks_over_an_order_parks_it_alone() {
    let mut setup = Setup::new().await;
    let projector = setup.projector();
    setup.traffic("o", 20, 0).await;
    setup.caught_up().await;
    // A product's worth is beyond any amount, though each line's is not.
    let mut order: serde_json::Value = serde_json::from_str(&golden("OrderPlaced")).unwrap();
    order["order_id"] = "large".into();
    let line = order["lines"][0].clone();
    order["lines"] = (0..1_100)
        .map(|number| {
            let mut line = line.clone();
            line["line_id"] = number.to_string().into();
            line["total"] = 9_007_199_254_740_991_i64.into();
            line
        })
        .collect();
    setup
        .append(&[("large", "OrderPlaced", order.to_string())])
        .await;
    setup.traffic("p", 20, 0).await;
    setup.note(&["large".to_owned()], "after").await;
    setup.caught_up().await;
    let at = setup.position_of("large", 1).await;
    setup
        .parked_are(&[("products", "large".to_owned(), at)])
        .await;
    assert_eq!(setup.history("large").await.len(), 2);
    projector.stop().await;
}

#[tokio::test]
async fn what_was_unknown_is_tried_again_by_whoever_takes_the_partition() {
    let mut setup = Setup::new().await;
    let projector = setup.projector();
    setup.traffic("o", 20, 1).await;
    setup
        .append(&[
            (
                "o-1",
                "OrderTeleported",
                r#"{"text": "fine", "visibility": "internal"}"#.to_owned(),
            ),
            ("o-2", "NoteAdded", r#"{"text": 7}"#.to_owned()),
        ])
        .await;
    setup.note(&ids("o", 20), "after").await;
    setup.caught_up().await;
    let both = {
        let mut both = held(&setup, &["o-1", "o-2"], 3).await;
        both.sort();
        both
    };
    setup.parked_are(&both).await;
    projector.stop().await;

    // A start changes nothing while the event is unknown.
    let projector = setup.projector();
    setup.note(&ids("o", 20), "again").await;
    setup.caught_up().await;
    setup.parked_are(&both).await;
    projector.stop().await;

    // The next program knows both events; only what was unknown is tried by itself.
    let mut transaction = setup.log.begin().await.unwrap();
    for statement in [
        "alter table event disable trigger event_is_immutable",
        "update event set event_type = 'NoteAdded' where event_type = 'OrderTeleported'",
        r#"update event set payload = '{"text": "7", "visibility": "internal"}' where payload::text = '{"text": 7}'"#,
        "alter table event enable always trigger event_is_immutable",
    ] {
        sqlx::query(statement)
            .execute(&mut *transaction)
            .await
            .unwrap();
    }
    transaction.commit().await.unwrap();
    let projector = setup.projector();
    let left = held(&setup, &["o-2"], 3).await;
    eventually("what is known now taken in", PATIENCE, async || {
        (setup.parked().await.len() == left.len()).then_some(())
    })
    .await;
    setup.parked_are(&left).await;
    setup.note(&ids("o", 20), "and on").await;
    setup.caught_up().await;
    setup.versions_are(5, &[("o-1", 6), ("o-2", 2)]).await;

    for view in View::ALL {
        setup.retry(*view).await;
    }
    setup.nothing_is_parked().await;
    setup.caught_up().await;
    setup.views_but_the_history_equal_the_log().await;
    // The history tells what it could tell then, and goes on.
    let history = setup.history("o-1").await;
    let errors: Vec<bool> = history
        .iter()
        .map(|entry| entry.get("error").is_some())
        .collect();
    assert_eq!(errors, [false, false, true, true, true, false]);
    projector.stop().await;
}

#[tokio::test]
async fn what_no_column_can_hold_stops_nothing() {
    let mut setup = Setup::new().await;
    let projector = setup.projector();
    setup.traffic("o", 20, 0).await;
    let metadata = METADATA.replace("alice", r"a\u0000b");
    for (order, event_type, metadata) in [
        ("o-1", "NoteAdded", metadata.as_str()),
        ("o-2", "OrderTeleported", &metadata),
        ("o-3", "NoteAdded", r#"{"actor": "ada", "client": []}"#),
    ] {
        sqlx::query(
            r#"insert into event (aggregate_type, aggregate_id, sequence, event_type, event_version, payload, metadata)
            values ('order', $1, 2, $2, '1', '{"text": "t", "visibility": "internal"}', $3::json)"#,
        )
        .bind(order)
        .bind(event_type)
        .bind(metadata)
        .execute(&setup.log)
        .await
        .unwrap();
    }
    setup.caught_up().await;
    let actors: Vec<String> = sqlx::query_scalar(
        "select actor from order_history_1 where sequence = 2 order by order_id",
    )
    .fetch_all(&setup.views)
    .await
    .unwrap();
    assert_eq!(actors, ["a\u{fffd}b", "a\u{fffd}b", "ada"]);
    let mut expected = held(&setup, &["o-2", "o-3"], 2).await;
    expected.sort();
    setup.parked_are(&expected).await;
    assert_eq!(setup.history("o-3").await[1]["command"], "unknown");
    projector.stop().await;
}
