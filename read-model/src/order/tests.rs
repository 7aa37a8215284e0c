//! The document of an order after each kind of event, against the contract's text.

use domain::Timestamp;
use domain::envelope::{Metadata, Recorded};
use domain::order::OrderEvent;
use serde_json::Value;
use uuid::Uuid;

use super::OrderFold;

/// Each event type once, as the domain's golden files have them.
pub(crate) fn golden(event_type: &str) -> OrderEvent {
    let path = format!("{}/../domain/tests/golden", env!("CARGO_MANIFEST_DIR"));
    let payload = std::fs::read_to_string(format!("{path}/{event_type}.v1.json")).unwrap();
    OrderEvent::from_payload(event_type, "1", &payload).unwrap()
}

/// The n-th event of an order, at position 100 + n, n seconds after ten, by `user-n`.
pub(crate) fn recorded(sequence: i64, event: OrderEvent) -> Recorded {
    Recorded {
        position: 100 + sequence,
        event_id: Uuid::from_u128(u128::try_from(sequence).unwrap()),
        order_id: "o-1".into(),
        sequence,
        occurred_at: Timestamp::parse(&format!("2026-11-20T10:00:{sequence:02}Z")).unwrap(),
        metadata: Metadata {
            actor: format!("user-{sequence}"),
            ..Metadata::default()
        },
        event,
    }
}

pub(crate) fn folded(event_types: &[&str]) -> OrderFold {
    let mut fold = OrderFold::default();
    for (event_type, sequence) in event_types.iter().zip(1..) {
        fold.apply(&recorded(sequence, golden(event_type)));
    }
    fold
}

/// As [`folded`], each event at a time of its own.
pub(crate) fn folded_at(events: &[(&str, &str)]) -> OrderFold {
    let mut fold = OrderFold::default();
    for ((event_type, at), sequence) in events.iter().zip(1..) {
        fold.apply(&Recorded {
            occurred_at: Timestamp::parse(at).unwrap(),
            ..recorded(sequence, golden(event_type))
        });
    }
    fold
}

/// Text against text, so that the order of members counts.
fn assert_document(fold: &OrderFold, expected: &str) {
    let expected: Value = serde_json::from_str(expected).unwrap();
    let document = serde_json::to_string(&fold.document().unwrap()).unwrap();
    let document: Value = serde_json::from_str(&document).unwrap();
    let pretty = |value| serde_json::to_string_pretty(value).unwrap();
    assert_eq!(pretty(&document), pretty(&expected));
}

#[test]
fn an_order_in_the_middle_of_its_life_is_shown_as_the_contract_says() {
    let events = [
        "OrderPlaced",
        "OrderConfirmed",
        "PaymentAuthorized",
        "PaymentCaptured",
        "ShipmentCreated",
        "HoldPlaced",
    ];
    assert_document(&folded(&events), include_str!("golden/in-the-middle.json"));
}

#[test]
fn a_completed_order_is_shown_as_the_contract_says() {
    let events = [
        "OrderPlaced",
        "HoldPlaced",
        "HoldReleased",
        "OrderConfirmed",
        "PaymentAuthorized",
        "PaymentCaptured",
        "ShipmentCreated",
        "ShipmentDelivered",
        "OrderCompleted",
        "NoteAdded",
    ];
    assert_document(&folded(&events), include_str!("golden/completed.json"));
}

#[test]
fn a_draft_of_nothing_is_shown_as_the_contract_says() {
    assert_document(
        &folded(&["OrderDrafted"]),
        include_str!("golden/draft.json"),
    );
}

#[test]
fn a_cancelled_order_says_why_and_owes_nothing() {
    let fold = folded(&["OrderPlaced", "OrderCancelled"]);
    let document = serde_json::to_value(fold.document().unwrap()).unwrap();
    assert_eq!(document["status"], "cancelled");
    assert_eq!(document["reason"], "changed my mind");
    assert_eq!(document["lines"][0]["cancelled_quantity"], 2);
    assert_eq!(document["amounts"]["cancelled_total"], 3805);
    assert_eq!(document["amounts"]["due"], 0);
    assert_eq!(
        document["allowed_commands"],
        serde_json::json!(["add-note", "tag", "untag"])
    );
}

#[test]
fn a_return_and_its_refund_are_shown_as_the_contract_says() {
    let events = [
        "OrderPlaced",
        "OrderConfirmed",
        "PaymentAuthorized",
        "PaymentCaptured",
        "PaymentFailed",
        "ShipmentCreated",
        "ShipmentDelivered",
        "ReturnRequested",
        "ReturnApproved",
        "ReturnReceived",
        "RefundGranted",
        "RefundSucceeded",
        "OrderCompleted",
        "OrderTagged",
        "OrderUntagged",
        "BillingAddressChanged",
    ];
    assert_document(&folded(&events), include_str!("golden/returned.json"));
}

#[test]
fn a_revised_order_is_shown_as_the_contract_says() {
    let events = ["OrderPlaced", "OrderRevised", "ShippingAddressChanged"];
    assert_document(&folded(&events), include_str!("golden/revised.json"));
}

#[test]
fn a_changed_draft_is_shown_as_the_contract_says() {
    let events = [
        "OrderDrafted",
        "LineAdded",
        "LineQuantityChanged",
        "DiscountApplied",
        "DiscountRemoved",
        "ShippingSet",
    ];
    assert_document(&folded(&events), include_str!("golden/changed-draft.json"));
}

fn shown(events: &[&str]) -> Value {
    serde_json::to_value(folded(events).document().unwrap()).unwrap()
}

#[test]
fn an_ended_order_says_how_and_why() {
    let rejected = shown(&["OrderPlaced", "OrderRejected"]);
    assert_eq!(rejected["status"], "rejected");
    assert_eq!(rejected["reason"], "out of stock");
    assert_eq!(rejected["amounts"]["due"], 0);
    let discarded = shown(&["OrderDrafted", "OrderDiscarded"]);
    assert_eq!(discarded["status"], "discarded");
    assert!(discarded["reason"].is_null());
}

#[test]
fn a_refund_that_failed_is_shown_with_what_is_left_of_its_credit() {
    let paid = ["OrderPlaced", "PaymentAuthorized", "PaymentCaptured"];
    let granted = [&paid[..], &["RefundGranted"]].concat();
    let before = shown(&granted);
    assert_eq!(before["refunds"][0]["credit"], 454);
    let after = shown(&[&granted[..], &["RefundFailed"]].concat());
    assert_eq!(after["refunds"][0]["status"], "failed");
    assert_eq!(after["refunds"][0]["credit"], 0);
    let changes = crate::audit::changes(Some(&before), &after);
    let paths: Vec<_> = changes.iter().map(|change| change.path.as_str()).collect();
    assert_eq!(
        paths,
        [
            "/amounts/credited_total",
            "/amounts/due",
            "/amounts/balance",
            "/refunds/0/status",
            "/refunds/0/credit",
            "/refunds/0/parts/0/status",
        ]
    );
}

#[test]
fn a_return_that_was_not_received_shows_no_condition() {
    let delivered = [
        "OrderPlaced",
        "OrderConfirmed",
        "ShipmentCreated",
        "ShipmentDelivered",
    ];
    let requested = shown(&[&delivered[..], &["ReturnRequested"]].concat());
    let expected = serde_json::json!([{
        "return_id": "r-1",
        "status": "requested",
        "amount": null,
        "lines": [{
            "line_id": "1",
            "quantity": 2,
            "reason": "too small",
            "received_quantity": 0,
            "condition": null,
            "restock": null,
        }],
    }]);
    assert_eq!(requested["returns"], expected);
    assert_eq!(requested["return_status"], "open");
    let declined = [&delivered[..], &["ReturnRequested", "ReturnDeclined"]].concat();
    assert_eq!(shown(&declined)["returns"][0]["status"], "declined");
}

#[test]
fn a_payment_is_shown_voided_or_failed_with_the_reason_of_its_failure() {
    let voided = shown(&["OrderPlaced", "PaymentAuthorized", "PaymentVoided"]);
    assert_eq!(voided["payments"][0]["status"], "voided");
    assert_eq!(voided["amounts"]["authorized"], 0);
    let failed = shown(&["OrderPlaced", "PaymentFailed"]);
    assert_eq!(failed["payment_status"], "failed");
    assert_eq!(failed["payments"][0]["status"], "failed");
    assert_eq!(failed["payments"][0]["failure_reason"], "card declined");
}

#[test]
fn a_cancelled_unit_takes_its_worth_back() {
    let document = shown(&["OrderPlaced", "LinesCancelled"]);
    assert_eq!(document["lines"][0]["cancelled_quantity"], 1);
    assert_eq!(document["amounts"]["cancelled_total"], 1546);
    assert_eq!(document["amounts"]["due"], 3805 - 1546);
}

#[test]
fn a_line_that_was_removed_and_a_discount_are_gone() {
    let events = [
        "OrderDrafted",
        "LineAdded",
        "DiscountApplied",
        "DiscountRemoved",
    ];
    let before = shown(&events);
    assert_eq!(before["discounts"], serde_json::json!([]));
    assert_eq!(before["lines"][0]["quantity"], 4);
    let after = shown(&[&events[..], &["LineRemoved"]].concat());
    assert_eq!(after["lines"], serde_json::json!([]));
}

#[test]
fn there_is_nothing_to_show_before_the_first_event() {
    let fold = OrderFold::default();
    assert!(fold.document().is_none());
    assert_eq!(
        (fold.version(), fold.position(), fold.last_event_id()),
        (0, 0, None)
    );
}

#[test]
fn a_fold_knows_where_it_is() {
    let fold = folded(&["OrderPlaced", "OrderConfirmed"]);
    assert_eq!((fold.version(), fold.position()), (2, 102));
    assert_eq!(fold.last_event_id(), Some(Uuid::from_u128(2)));
    assert_eq!(fold.order_number(), Some("2026-000101"));
    assert_eq!(fold.confirmed_at(), fold.updated_at());
    assert_eq!(fold.placed_at(), fold.created_at());
}

#[test]
fn a_placed_draft_has_its_number_and_time_from_its_placing() {
    let fold = folded(&["OrderDrafted", "OrderPlaced"]);
    assert_eq!(fold.order_number(), Some("2026-000102"));
    assert_eq!(fold.placed_at(), fold.updated_at());
    assert!(fold.created_at() < fold.placed_at());
}

#[test]
fn a_released_hold_takes_its_own_mark_along() {
    let mut fold = folded(&["OrderPlaced", "HoldPlaced"]);
    let OrderEvent::HoldPlaced(mut second) = golden("HoldPlaced") else {
        unreachable!()
    };
    second.hold_id = domain::HoldId::parse("h-2").unwrap();
    fold.apply(&recorded(3, OrderEvent::HoldPlaced(second)));
    fold.apply(&recorded(4, golden("HoldReleased")));
    let holds = fold.document().unwrap().holds;
    assert_eq!(holds.len(), 1);
    assert_eq!(
        (holds[0].hold_id.as_str(), holds[0].placed_by),
        ("h-2", "user-3")
    );
}

#[test]
fn shipping_changes_the_quantities_the_status_and_the_shipments() {
    let document = |events: &[&str]| {
        let fold = folded(events);
        serde_json::to_value(fold.document().unwrap()).unwrap()
    };
    let before = document(&["OrderPlaced", "OrderConfirmed"]);
    let after = document(&["OrderPlaced", "OrderConfirmed", "ShipmentCreated"]);
    let changes = crate::audit::changes(Some(&before), &after);
    let paths: Vec<_> = changes.iter().map(|change| change.path.as_str()).collect();
    assert_eq!(
        paths,
        [
            "/fulfillment_status",
            "/lines/0/shipped_quantity",
            "/shipments/0"
        ]
    );
    assert_eq!((changes[1].from, changes[1].to), (&0.into(), &2.into()));
    assert!(changes[2].from.is_null());
    assert_eq!(changes[2].to["shipment_id"], "s-1");
}
