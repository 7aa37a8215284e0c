//! The state comes before ids, unknown ids before taken ones, and those before the row.

use serde_json::{Value, json};

use super::{
    Case, LARGEST, add, cancel, hold, new_line, payment, refused, revise, set_shipping, shipping,
    too_many_and_unknown, units,
};
use crate::api::{address, order};

#[tokio::test]
async fn the_state_comes_first() {
    let too_large = json!({"code": "A", "type": "fixed", "amount": LARGEST});
    let bodies = [
        // Before what is unknown.
        ("ship", json!({"lines": units("unknown", 1)})),
        ("deliver", json!({"shipment_id": "unknown"})),
        ("remove-line", json!({"line_id": "unknown"})),
        ("approve-return", json!({"return_id": "unknown"})),
        // Before what is taken.
        ("add-line", new_line("1")),
        // Before the row.
        ("place", json!({"expected_total": 1})),
        ("apply-discount", too_large),
        // Before limits.
        ("set-shipping", shipping(LARGEST)),
    ];
    let cases: Vec<Case> = bodies
        .into_iter()
        .map(|(command, body)| (command, body, "not-in-this-state"))
        .collect();
    refused(order("o-1"), &[hold("h")], &cases).await;
}

/// Half of the order is delivered and one unit of it on its way back; 200 are paid by two payments,
/// and both refunds of it are settled; a hold is open.
fn steps() -> Vec<(&'static str, Value)> {
    let refund = |id: &str, amount: i64, more: Value| {
        let body = json!({"refund_id": id, "amount": amount, "reason": "x"});
        with(body, more)
    };
    let settled = |id: &str, payment: &str| {
        let body = json!({"refund_id": id, "payment_id": payment, "outcome": "succeeded"});
        ("settle-refund", body)
    };
    vec![
        ("confirm", Value::Null),
        ("ship", json!({"shipment_id": "s", "lines": units("1", 5)})),
        ("deliver", json!({"shipment_id": "s"})),
        (
            "request-return",
            json!({"return_id": "r", "lines": units("1", 1)}),
        ),
        ("authorize-payment", payment("p", 100)),
        ("capture-payment", payment("p", 100)),
        ("authorize-payment", payment("q", 100)),
        ("capture-payment", payment("q", 100)),
        ("refund", refund("f", 1, json!({"payment_id": "p"}))),
        settled("f", "p"),
        ("refund", refund("g", 100, json!({}))),
        settled("g", "p"),
        settled("g", "q"),
        hold("h"),
    ]
}

/// This body with these members more.
fn with(mut body: Value, more: Value) -> Value {
    if let (Some(members), Value::Object(more)) = (body.as_object_mut(), more) {
        members.extend(more);
    }
    body
}

#[tokio::test]
async fn of_goods_unknown_ids_come_before_taken_ones_and_those_before_the_row() {
    let ship = |id: &str, lines: Value| json!({"shipment_id": id, "lines": lines});
    let back = |id: &str, lines: Value| json!({"return_id": id, "lines": lines});
    let received = |line: &str, quantity: i64| {
        let line = json!({
            "line_id": line, "quantity": quantity, "condition": "sellable", "restock": true,
        });
        json!({"return_id": "r", "lines": [line]})
    };
    let cases = [
        ("ship", ship("s", too_many_and_unknown()), "unknown-line"),
        ("ship", ship("s", units("1", 100)), "id-taken"),
        ("ship", ship("new", units("1", 100)), "on-hold"),
        (
            "request-return",
            back("r", too_many_and_unknown()),
            "unknown-line",
        ),
        ("request-return", back("r", units("1", 100)), "id-taken"),
        (
            "request-return",
            back("new", units("1", 5)),
            "quantity-exceeds-open",
        ),
        ("receive-return", received("unknown", 1), "unknown-line"),
        ("receive-return", received("1", 100), "return-not-approved"),
        (
            "cancel-lines",
            json!({"lines": too_many_and_unknown(), "reason": "x"}),
            "unknown-line",
        ),
        (
            "revise",
            revise(&[add("1"), cancel("unknown", 1)]),
            "unknown-line",
        ),
        ("revise", revise(&[add("1"), set_shipping(1)]), "id-taken"),
        (
            "change-shipping-address",
            json!({"address": address()}),
            "something-shipped",
        ),
    ];
    refused(order("o-1"), &steps(), &cases).await;
}

#[tokio::test]
async fn of_money_unknown_ids_come_before_taken_ones_and_those_before_the_row() {
    let refund = |id: &str, more: Value| {
        let body = json!({"refund_id": id, "amount": 200, "reason": "x"});
        with(body, more)
    };
    let settle = |id: &str, more: Value| {
        let body = json!({"refund_id": id, "outcome": "failed"});
        with(body, more)
    };
    let unknown_payment = || json!({"payment_id": "unknown"});
    let cases = [
        ("authorize-payment", payment("p", LARGEST), "id-taken"),
        ("refund", refund("f", unknown_payment()), "unknown-payment"),
        (
            "refund",
            refund("f", json!({"return_id": "unknown"})),
            "unknown-return",
        ),
        ("refund", refund("f", json!({"return_id": "r"})), "id-taken"),
        (
            "refund",
            refund("new", json!({"return_id": "r"})),
            "amount-exceeds-captured",
        ),
        // A payment without part in the refund is unknown to it.
        (
            "settle-refund",
            settle("f", json!({"payment_id": "q"})),
            "unknown-payment",
        ),
        (
            "settle-refund",
            settle("f", unknown_payment()),
            "unknown-payment",
        ),
        ("settle-refund", settle("g", json!({})), "part-settled"),
        (
            "capture-payment",
            payment("p", 1),
            "amount-exceeds-authorized",
        ),
    ];
    refused(order("o-1"), &steps(), &cases).await;
}
