//! What is exactly at a limit is taken; one more is refused, and pointed at where a field is at fault.

use serde_json::{Value, json};

use super::{LARGEST, with};
use crate::api::{Api, answer, order};

/// 255 letters.
fn longest(letter: &str) -> String {
    letter.repeat(255)
}

/// An order in which everything is as large as it may be: amounts and ids.
fn largest() -> Value {
    let id = longest("o");
    let line = json!({
        "line_id": longest("l"), "sku": longest("s"), "name": longest("n"), "quantity": 1,
        "unit_price": LARGEST,
        "tax_rate": "10.000000",
        "discounts": [{"code": longest("c"), "type": "percentage", "value": "100"}],
    });
    with(
        with(order(&id), "lines", json!([line])),
        "note",
        json!("n".repeat(4_000)),
    )
}

#[tokio::test]
async fn of_amounts_rates_and_texts() {
    let (api, _log) = Api::with_log().await;
    let body = largest();
    let placed = api.done("/v1/orders?dry_run=true", &body).await;
    let amounts = &placed["amounts"];
    assert_eq!(
        (&amounts["subtotal"], &amounts["total"]),
        (&json!(LARGEST), &json!(0))
    );
    api.done("/v1/orders", &body).await;

    let mut whole = with(order("whole"), "tax", json!({"mode": "inclusive"}));
    whole["lines"][0] = json!({
        "sku": "S", "name": "N", "quantity": 1, "unit_price": LARGEST, "tax_rate": "0.000001",
    });
    whole["discounts"] = json!([{"code": "A", "type": "fixed", "amount": LARGEST}]);
    api.done("/v1/orders", &whole).await;
    let payment = json!({"payment_id": longest("p"), "amount": LARGEST});
    api.done("/v1/orders/whole/authorize-payment", &payment)
        .await;
    api.done("/v1/orders/whole/capture-payment", &payment).await;
    let more = answer(api.post("/v1/orders/whole/authorize-payment", &json!({"amount": 1}))).await;
    more.is_problem(409, "amount-too-large");
    assert_eq!(more.body["version"], 3);
    let refund = json!({"refund_id": longest("r"), "amount": LARGEST, "reason": longest("x")});
    api.done("/v1/orders/whole/refund", &refund).await;
    api.stop().await;
}

#[tokio::test]
async fn of_quantities() {
    let (api, _log) = Api::with_log().await;
    let mut body = order("o");
    body["lines"][0]["quantity"] = json!(1_000_000);
    body["lines"][0]["unit_price"] = json!(1);
    api.done("/v1/orders", &body).await;
    api.done("/v1/orders/o/confirm", &json!({})).await;
    let units = |quantity: i64| json!({"lines": [{"line_id": "1", "quantity": quantity}]});
    let beyond = answer(api.post("/v1/orders/o/ship", &units(1_000_001))).await;
    beyond.is_problem(422, "invalid-request");
    assert_eq!(beyond.pointers(), ["/lines/0/quantity"]);
    let shipped = api.done("/v1/orders/o/ship", &units(1_000_000)).await;
    assert_eq!(shipped["version"], 3);
    api.stop().await;
}

#[tokio::test]
async fn of_lines_discounts_and_tags() {
    let (api, log) = Api::with_log().await;
    let texts = |count: usize| (0..count).map(|n| json!(n.to_string())).collect::<Value>();
    let discounts = |count: usize| {
        let one = |n: usize| json!({"code": n.to_string(), "type": "fixed", "amount": 1});
        (0..count).map(one).collect::<Value>()
    };
    let lines = |count: usize| {
        let one = |n: usize| {
            let line_id = n.to_string();
            json!({"line_id": line_id, "sku": "S", "name": "N", "quantity": 1, "unit_price": 1})
        };
        (0..count).map(one).collect::<Value>()
    };
    let of = |tags, of_order, of_line, count| {
        let mut body = with(order(&format!("o-{tags}")), "tags", texts(tags));
        body["discounts"] = discounts(of_order);
        body["lines"] = lines(count);
        body["lines"][0]["unit_price"] = json!(1_000);
        body["lines"][0]["discounts"] = discounts(of_line);
        body
    };
    for (body, pointer) in [
        (of(51, 20, 20, 500), "/tags"),
        (of(50, 21, 20, 500), "/discounts"),
        (of(50, 20, 21, 500), "/lines/0/discounts"),
        (of(50, 20, 20, 501), "/lines"),
    ] {
        let refused = answer(api.post("/v1/orders", &body)).await;
        refused.is_problem(422, "invalid-request");
        assert_eq!(refused.pointers(), [pointer], "{refused:?}");
    }
    assert_eq!(log.events().await, 0);
    api.done("/v1/orders", &of(50, 20, 20, 500)).await;
    let more = answer(api.post("/v1/orders/o-50/tag", &json!({"tag": "more"}))).await;
    more.is_problem(409, "too-many-tags");
    assert_eq!(more.body["version"], 1);

    let cancel = |line: usize| {
        let line_id = line.to_string();
        json!({"op": "cancel_units", "line_id": line_id, "quantity": 1})
    };
    let revision = |changes: usize| {
        let changes: Vec<_> = (0..changes).map(cancel).collect();
        json!({"changes": changes, "reason": "x"})
    };
    let beyond = answer(api.post("/v1/orders/o-50/revise", &revision(501))).await;
    beyond.is_problem(422, "invalid-request");
    assert_eq!(beyond.pointers(), ["/changes"]);
    let revised = api.done("/v1/orders/o-50/revise", &revision(500)).await;
    assert_eq!(
        revised["order_status"], "cancelled",
        "its last unit is gone"
    );
    api.stop().await;
}

#[tokio::test]
async fn of_holds() {
    let (api, _log) = Api::with_log().await;
    api.place("o-1").await;
    let hold = json!({"reason": "fraud_check"});
    for _ in 0..20 {
        api.done("/v1/orders/o-1/hold", &hold).await;
    }
    let more = answer(api.post("/v1/orders/o-1/hold", &hold)).await;
    more.is_problem(409, "too-many-holds");
    assert_eq!(more.body["version"], 21);
    api.stop().await;
}
