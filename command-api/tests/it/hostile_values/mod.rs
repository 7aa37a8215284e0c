//! Values at and beyond every limit, in every command that takes them: what is wrong by itself is 422
//! and pointed at, what the order is against is its rule, and the order stays as it was.

mod at_the_limit;
mod ids;
mod numbers;
mod requests;

use serde_json::{Value, json};

use crate::api::{Api, Log, answer, order};

/// 2^53 − 1, the largest amount.
const LARGEST: i64 = 9_007_199_254_740_991;

/// A draft `d`, and an order `o` that is confirmed, half delivered and paid.
async fn orders() -> (Api, Log) {
    let (api, log) = Api::with_log().await;
    let mut draft = order("d");
    draft["draft"] = json!(true);
    api.done("/v1/orders", &draft).await;
    api.place("o").await;
    let payment = json!({"payment_id": "p", "amount": 100});
    let expired = json!({"payment_id": "old", "amount": 100, "expires_at": "2020-01-01T00:00:00Z"});
    let refund = json!({"refund_id": "f", "amount": 10, "reason": "x"});
    let settled = json!({"refund_id": "f", "outcome": "succeeded"});
    let shipped = json!({"shipment_id": "s", "lines": [{"line_id": "1", "quantity": 5}]});
    for (command, body) in [
        ("confirm", json!({})),
        ("authorize-payment", payment.clone()),
        ("authorize-payment", expired),
        ("capture-payment", payment),
        ("refund", refund),
        ("settle-refund", settled),
        ("ship", shipped),
        ("deliver", json!({"shipment_id": "s"})),
    ] {
        api.done(&format!("/v1/orders/o/{command}"), &body).await;
    }
    (api, log)
}

/// Each command is answered with this status, and these pointers or this rule.
async fn judged(cases: Vec<(&str, Value, u16, &str)>) {
    let (api, log) = orders().await;
    let before = (log.events().await, log.keys().await);
    for (command, body, status, told) in cases {
        let refused = answer(api.post(&path(command), &body)).await;
        let text: String = body.to_string().chars().take(200).collect();
        assert_eq!(refused.status, status, "{command} {text}: {refused:?}");
        if status == 422 {
            assert_eq!(refused.pointers(), [told], "{command} {text}: {refused:?}");
        } else {
            refused.is_problem(status, told);
        }
        assert_eq!(
            (log.events().await, log.keys().await),
            before,
            "{command} {text}"
        );
    }
    api.stop().await;
}

/// The path of an order's command, or of a new order.
fn path(command: &str) -> String {
    format!("/v1/orders/{command}")
        .trim_end_matches('/')
        .to_owned()
}

fn with(mut body: Value, member: &str, value: Value) -> Value {
    body[member] = value;
    body
}

fn line() -> Value {
    json!({"line_id": "2", "sku": "S", "name": "N", "quantity": 1, "unit_price": 1})
}

fn revise(change: &Value) -> Value {
    json!({"changes": [change], "reason": "x"})
}
