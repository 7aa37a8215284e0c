//! Requests that say something twice, too much or nothing; and what is not there, has expired or has
//! ended.

use serde_json::{Value, json};

use super::{judged, line, revise, with};
use crate::api::{address, order};

#[tokio::test]
async fn the_same_twice_too_much_at_once_and_nothing_at_all() {
    let units = |line: &str| json!({"line_id": line, "quantity": 1});
    let twice = json!([units("1"), units("1")]);
    let cancel = |line: &str| json!({"op": "cancel_units", "line_id": line, "quantity": 1});
    let changes = |changes: Value| json!({"changes": changes, "reason": "x"});
    let many: Vec<_> = (0..501).map(|n| cancel(&n.to_string())).collect();
    let added = json!({"op": "add_line", "line": line()});
    let impossible = with(
        line(),
        "discounts",
        json!([{"code": "A", "type": "fixed", "amount": 2}]),
    );
    let impossible_change = json!({"op": "add_line", "line": impossible});
    let came = json!({"line_id": "1", "quantity": 1, "condition": "sellable", "restock": true});
    let tags: Vec<_> = (0..51).map(|n| n.to_string()).collect();
    let tagged = with(
        with(order("new"), "tags", json!(tags)),
        "draft",
        json!(true),
    );
    judged(vec![
        ("o/ship", json!({"lines": twice}), 422, "/lines/1/line_id"),
        (
            "o/cancel-lines",
            json!({"lines": twice, "reason": "x"}),
            422,
            "/lines/1/line_id",
        ),
        (
            "o/request-return",
            json!({"lines": twice}),
            422,
            "/lines/1/line_id",
        ),
        (
            "o/receive-return",
            json!({"return_id": "r", "lines": [came, came]}),
            422,
            "/lines/1/line_id",
        ),
        (
            "o/revise",
            changes(json!([cancel("1"), cancel("1")])),
            422,
            "/changes/1/line_id",
        ),
        (
            "o/revise",
            changes(json!([added, cancel("2")])),
            422,
            "/changes/1/line_id",
        ),
        ("o/revise", changes(json!(many)), 422, "/changes"),
        ("o/revise", changes(json!([])), 422, "/changes"),
        (
            "o/revise",
            changes(json!([impossible_change])),
            422,
            "/changes/0/line/discounts/0",
        ),
        ("d/add-line", impossible, 422, "/discounts/0"),
        ("o/ship", json!({"lines": []}), 422, "/lines"),
        (
            "o/cancel-lines",
            json!({"lines": [], "reason": "x"}),
            422,
            "/lines",
        ),
        ("o/request-return", json!({"lines": []}), 422, "/lines"),
        ("", tagged, 422, "/tags"),
        (
            "o/change-shipping-address",
            json!({"address": with(address(), "country", json!("XX"))}),
            422,
            "/address/country",
        ),
    ])
    .await;
}

#[tokio::test]
async fn what_is_not_there_has_expired_or_has_ended() {
    let unknown = json!([{"line_id": "9", "quantity": 1}]);
    let cancel = json!({"op": "cancel_units", "line_id": "9", "quantity": 1});
    let settle = json!({"refund_id": "f", "outcome": "failed"});
    judged(vec![
        ("o/ship", json!({"lines": unknown}), 409, "unknown-line"),
        (
            "o/cancel-lines",
            json!({"lines": unknown, "reason": "x"}),
            409,
            "unknown-line",
        ),
        (
            "o/request-return",
            json!({"lines": unknown}),
            409,
            "unknown-line",
        ),
        ("o/revise", revise(&cancel), 409, "unknown-line"),
        (
            "d/remove-line",
            json!({"line_id": "9"}),
            409,
            "unknown-line",
        ),
        (
            "o/capture-payment",
            json!({"payment_id": "old", "amount": 1}),
            409,
            "authorization-expired",
        ),
        ("o/settle-refund", settle, 409, "part-settled"),
    ])
    .await;
}
