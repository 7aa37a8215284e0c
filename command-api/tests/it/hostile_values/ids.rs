//! Ids, SKUs, codes and tags beyond their limits, wherever one is named.

use serde_json::{Value, json};

use super::{judged, line, revise, with};
use crate::api::order;

/// What is no id: too long, empty, with a comma, a space at an end or a control character, no text.
fn no_ids() -> [Value; 6] {
    [
        json!("x".repeat(256)),
        json!(""),
        json!("a,b"),
        json!(" a"),
        json!("a\u{7}"),
        json!(1),
    ]
}

/// Each body holds one of these where the pointer says.
async fn refused_where_they_are(bodies: fn(&Value) -> Vec<(&'static str, Value, &'static str)>) {
    let wrong = no_ids();
    let cases = wrong.iter().flat_map(bodies);
    judged(
        cases
            .map(|(command, body, pointer)| (command, body, 422, pointer))
            .collect(),
    )
    .await;
}

#[tokio::test]
async fn of_orders_and_drafts() {
    refused_where_they_are(|id| {
        let new = order("new");
        let change = json!({"line_id": id, "quantity": 1});
        let discount = json!({"code": id, "type": "fixed", "amount": 1});
        vec![
            ("", with(new.clone(), "order_id", id.clone()), "/order_id"),
            (
                "",
                with(new.clone(), "customer", json!({"customer_id": id})),
                "/customer/customer_id",
            ),
            ("", with(new, "tags", json!([id])), "/tags/0"),
            (
                "d/add-line",
                with(line(), "line_id", id.clone()),
                "/line_id",
            ),
            ("d/add-line", with(line(), "sku", id.clone()), "/sku"),
            (
                "d/add-line",
                with(line(), "discounts", json!([discount])),
                "/discounts/0/code",
            ),
            ("d/change-line-quantity", change, "/line_id"),
            ("d/remove-line", json!({"line_id": id}), "/line_id"),
            ("d/apply-discount", discount, "/code"),
            ("d/remove-discount", json!({"code": id}), "/code"),
            ("d/tag", json!({"tag": id}), "/tag"),
            ("d/untag", json!({"tag": id}), "/tag"),
        ]
    })
    .await;
    let tag = json!({"tag": "x".repeat(51)});
    judged(vec![
        ("o/tag", tag.clone(), 422, "/tag"),
        ("o/untag", tag, 422, "/tag"),
    ])
    .await;
}

#[tokio::test]
async fn of_goods() {
    refused_where_they_are(|id| {
        let named = json!([{"line_id": id, "quantity": 1}]);
        let known = json!([{"line_id": "1", "quantity": 1}]);
        let came =
            json!([{"line_id": id, "quantity": 1, "condition": "damaged", "restock": false}]);
        let added = json!({"op": "add_line", "line": with(line(), "line_id", id.clone())});
        let cancelled = json!({"op": "cancel_units", "line_id": id, "quantity": 1});
        vec![
            ("o/revise", revise(&added), "/changes/0/line/line_id"),
            ("o/revise", revise(&cancelled), "/changes/0/line_id"),
            ("o/ship", json!({"lines": named}), "/lines/0/line_id"),
            (
                "o/ship",
                json!({"shipment_id": id, "lines": known}),
                "/shipment_id",
            ),
            ("o/deliver", json!({"shipment_id": id}), "/shipment_id"),
            (
                "o/cancel-lines",
                json!({"lines": named, "reason": "x"}),
                "/lines/0/line_id",
            ),
            (
                "o/request-return",
                json!({"lines": named}),
                "/lines/0/line_id",
            ),
            (
                "o/request-return",
                json!({"return_id": id, "lines": known}),
                "/return_id",
            ),
            ("o/approve-return", json!({"return_id": id}), "/return_id"),
            (
                "o/decline-return",
                json!({"return_id": id, "reason": "x"}),
                "/return_id",
            ),
            (
                "o/receive-return",
                json!({"return_id": id, "lines": []}),
                "/return_id",
            ),
            (
                "o/receive-return",
                json!({"return_id": "r", "lines": came}),
                "/lines/0/line_id",
            ),
        ]
    })
    .await;
}

#[tokio::test]
async fn of_holds_and_money() {
    refused_where_they_are(|id| {
        let payment = json!({"payment_id": id, "amount": 1});
        let reasoned = |name: &str| json!({name: id, "reason": "x"});
        let refund = |name: &str| json!({name: id, "amount": 1, "reason": "x"});
        let settle = json!({"refund_id": "f", "outcome": "failed"});
        vec![
            ("o/hold", reasoned("hold_id"), "/hold_id"),
            ("o/release-hold", json!({"hold_id": id}), "/hold_id"),
            ("o/authorize-payment", payment.clone(), "/payment_id"),
            ("o/capture-payment", payment, "/payment_id"),
            ("o/void-payment", reasoned("payment_id"), "/payment_id"),
            (
                "o/record-payment-failure",
                reasoned("payment_id"),
                "/payment_id",
            ),
            ("o/refund", refund("refund_id"), "/refund_id"),
            ("o/refund", refund("payment_id"), "/payment_id"),
            ("o/refund", refund("return_id"), "/return_id"),
            (
                "o/settle-refund",
                with(settle.clone(), "refund_id", id.clone()),
                "/refund_id",
            ),
            (
                "o/settle-refund",
                with(settle, "payment_id", id.clone()),
                "/payment_id",
            ),
        ]
    })
    .await;
}
