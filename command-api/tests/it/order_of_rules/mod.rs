//! Where an order is against a command for two reasons, the one that the contract names first is told:
//! state, unknown ids, taken ids, then the command's row in domain.md from left to right, limits last.

mod limits;
mod rows;
mod states_and_ids;

use serde_json::{Value, json};

use crate::api::{Api, Log, answer, line};

/// 2^53 − 1, the largest amount.
const LARGEST: i64 = 9_007_199_254_740_991;

/// A command, its body, and the rule that refuses it.
type Case = (&'static str, Value, &'static str);

/// Carries out what leads to a situation, in one upload.
async fn prepared(order: Value, steps: &[(&str, Value)]) -> (Api, Log) {
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
async fn refused(order: Value, steps: &[(&str, Value)], cases: &[Case]) {
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

/// More units of line `1` than there are, and one of a line that is not there.
fn too_many_and_unknown() -> Value {
    json!([{"line_id": "1", "quantity": 100}, {"line_id": "unknown", "quantity": 1}])
}

fn payment(payment_id: &str, amount: i64) -> Value {
    json!({"payment_id": payment_id, "amount": amount})
}

fn hold(hold_id: &str) -> (&'static str, Value) {
    ("hold", json!({"hold_id": hold_id, "reason": "fraud_check"}))
}

fn new_line(line_id: &str) -> Value {
    json!({"line_id": line_id, "sku": "S", "name": "N", "quantity": 1, "unit_price": 1})
}

fn shipping(amount: i64) -> Value {
    json!({"method": "m", "amount": amount})
}

/// A fixed discount of 100 on shipping.
fn off_shipping() -> Value {
    json!({"code": "S", "type": "fixed", "amount": 100, "applies_to": "shipping"})
}

fn revise(changes: &[Value]) -> Value {
    json!({"changes": changes, "reason": "x"})
}

fn add(line_id: &str) -> Value {
    json!({"op": "add_line", "line": new_line(line_id)})
}

fn cancel(line_id: &str, quantity: i64) -> Value {
    json!({"op": "cancel_units", "line_id": line_id, "quantity": quantity})
}

fn set_shipping(amount: i64) -> Value {
    json!({"op": "set_shipping", "shipping": shipping(amount)})
}
