//! Where an order is against a command for two reasons, the one that the contract names first is told:
//! state, unknown ids, taken ids, then the command's row in domain.md from left to right, limits last.

use serde_json::{Value, json};

use crate::api::{Api, address, answer, line, order};

/// Carries out what leads to a situation, in one upload.
async fn prepared(order: Value, steps: &[(&str, Value)]) -> (Api, crate::api::Log) {
    let (api, log) = Api::with_log().await;
    let first = if order["draft"] == true {
        "draft"
    } else {
        "place"
    };
    let mut order = order;
    order.as_object_mut().unwrap().remove("draft");
    let mut lines = vec![line(first, None, &order)];
    lines.extend(
        steps
            .iter()
            .map(|(name, data)| line(name, Some("o-1"), data)),
    );
    for answer in api.bulk(&lines).await {
        assert!(
            answer["status"].as_i64().is_some_and(|status| status < 300),
            "{answer}"
        );
    }
    (api, log)
}

/// Each command is refused by this rule, and nothing is stored.
async fn refused(order: Value, steps: &[(&str, Value)], cases: &[(&str, Value, &str)]) {
    let (api, log) = prepared(order, steps).await;
    let before = log.events().await;
    for (command, body, rule) in cases {
        let told = answer(api.post(&format!("/v1/orders/o-1/{command}"), body)).await;
        assert_eq!(
            (told.status.as_u16(), told.problem()),
            (409, *rule),
            "{command} {body}: {told:?}"
        );
        assert_eq!(told.body["version"], before);
    }
    assert_eq!(log.events().await, before);
    api.stop().await;
}

fn draft(mut order: Value) -> Value {
    order["draft"] = json!(true);
    order
}

fn units(line_id: &str, quantity: i64) -> Value {
    json!([{"line_id": line_id, "quantity": quantity}])
}

fn payment(payment_id: &str, amount: i64) -> Value {
    json!({"payment_id": payment_id, "amount": amount})
}

fn hold(hold_id: &str) -> (&'static str, Value) {
    ("hold", json!({"hold_id": hold_id, "reason": "fraud_check"}))
}

#[tokio::test]
async fn the_state_comes_first() {
    let cases = [
        (
            "ship",
            json!({"lines": units("unknown", 1)}),
            "not-in-this-state",
        ),
        (
            "deliver",
            json!({"shipment_id": "unknown"}),
            "not-in-this-state",
        ),
        (
            "remove-line",
            json!({"line_id": "unknown"}),
            "not-in-this-state",
        ),
        (
            "approve-return",
            json!({"return_id": "unknown"}),
            "not-in-this-state",
        ),
        ("confirm", Value::Null, "on-hold"),
    ];
    let cases = cases.map(|(name, body, rule)| {
        let body = if body.is_null() { json!({}) } else { body };
        (name, body, rule)
    });
    refused(order("o-1"), &[hold("h")], &cases).await;
}

#[tokio::test]
async fn unknown_ids_come_before_taken_ones_and_those_before_the_row() {
    let steps = [
        ("confirm", Value::Null),
        ("ship", json!({"shipment_id": "s", "lines": units("1", 5)})),
        ("deliver", json!({"shipment_id": "s"})),
        (
            "request-return",
            json!({"return_id": "r", "lines": units("1", 1)}),
        ),
        ("authorize-payment", payment("p", 100)),
        ("capture-payment", payment("p", 100)),
        (
            "refund",
            json!({"refund_id": "f", "amount": 1, "reason": "x"}),
        ),
        hold("h"),
    ];
    let ship =
        |id: &str, line: &str, quantity| json!({"shipment_id": id, "lines": units(line, quantity)});
    let back = |line: &str, quantity| json!({"return_id": "r", "lines": units(line, quantity)});
    let refund = |id: &str, more: Value| {
        let mut body = json!({"refund_id": id, "amount": 100, "reason": "x"});
        body.as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        body
    };
    let add = |line: &str, other: &str| {
        let line =
            json!({"line_id": line, "sku": "S", "name": "N", "quantity": 1, "unit_price": 1});
        let cancel = json!({"op": "cancel_units", "line_id": other, "quantity": 1});
        json!({"changes": [{"op": "add_line", "line": line}, cancel], "reason": "x"})
    };
    let received = |line: &str| {
        let line =
            json!({"line_id": line, "quantity": 1, "condition": "sellable", "restock": true});
        json!({"return_id": "r", "lines": [line]})
    };
    let cases = [
        ("ship", ship("s", "unknown", 1), "unknown-line"),
        ("ship", ship("s", "1", 100), "id-taken"),
        ("ship", ship("new", "1", 100), "on-hold"),
        ("request-return", back("unknown", 1), "unknown-line"),
        ("request-return", back("1", 100), "id-taken"),
        ("receive-return", received("unknown"), "unknown-line"),
        ("receive-return", received("1"), "return-not-approved"),
        (
            "refund",
            refund("f", json!({"payment_id": "unknown"})),
            "unknown-payment",
        ),
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
        (
            "settle-refund",
            json!({"refund_id": "f", "payment_id": "unknown", "outcome": "failed"}),
            "unknown-payment",
        ),
        (
            "revise",
            {
                let mut both = add("1", "unknown");
                both["changes"][0]["line"]["line_id"] = json!("1");
                both
            },
            "unknown-line",
        ),
        (
            "capture-payment",
            payment("p", 1),
            "amount-exceeds-authorized",
        ),
        (
            "change-shipping-address",
            json!({"address": address()}),
            "something-shipped",
        ),
    ];
    refused(order("o-1"), &steps, &cases).await;
}

#[tokio::test]
async fn a_row_is_told_from_left_to_right() {
    let steps = [
        (
            "authorize-payment",
            json!({"payment_id": "p", "amount": 100, "expires_at": "2020-01-01T00:00:00Z"}),
        ),
        ("authorize-payment", payment("void", 100)),
        ("void-payment", json!({"payment_id": "void", "reason": "x"})),
        hold("h"),
    ];
    let cases = [
        (
            "capture-payment",
            payment("void", 101),
            "amount-exceeds-authorized",
        ),
        ("capture-payment", payment("void", 100), "payment-voided"),
        (
            "capture-payment",
            payment("p", 101),
            "amount-exceeds-authorized",
        ),
        (
            "capture-payment",
            payment("p", 100),
            "authorization-expired",
        ),
    ];
    refused(order("o-1"), &steps, &cases).await;

    let mut empty = draft(order("o-1"));
    empty["lines"] = json!([]);
    empty["shipping_address"] = Value::Null;
    let place = ("place", json!({"expected_total": 1}));
    refused(empty.clone(), &[], &[(place.0, place.1.clone(), "no-line")]).await;
    empty["lines"] = order("o-1")["lines"].clone();
    refused(
        empty,
        &[],
        &[(place.0, place.1.clone(), "no-shipping-address")],
    )
    .await;
    refused(
        draft(order("o-1")),
        &[],
        &[(place.0, place.1, "total-differs")],
    )
    .await;
}

#[tokio::test]
async fn limits_come_last() {
    let line = |id: usize| json!({"line_id": id.to_string(), "sku": "S", "name": "N", "quantity": 1, "unit_price": 1});
    let mut full = draft(order("o-1"));
    full["lines"] = (0..500).map(line).collect();
    let percentage =
        |code: usize| json!({"code": format!("C{code}"), "type": "percentage", "value": "1"});
    full["discounts"] = (0..20).map(percentage).collect();
    full["tags"] = (0..50).map(|tag| json!(tag.to_string())).collect();
    let cases = [
        ("add-line", line(7), "id-taken"),
        ("add-line", line(500), "too-many-lines"),
        ("apply-discount", percentage(7), "code-used"),
        ("apply-discount", percentage(20), "too-many-discounts"),
        ("tag", json!({"tag": "7"}), "tag-present"),
        ("tag", json!({"tag": "50"}), "too-many-tags"),
    ];
    refused(full, &[], &cases).await;

    let names: Vec<_> = (0..20).map(|n| format!("h-{n}")).collect();
    let holds: Vec<_> = names.iter().map(|name| hold(name)).collect();
    let cases = [hold("h-7"), hold("h-20")];
    let [taken, more] = cases;
    let cases = [
        (taken.0, taken.1, "id-taken"),
        (more.0, more.1, "too-many-holds"),
    ];
    refused(order("o-1"), &holds, &cases).await;
}
