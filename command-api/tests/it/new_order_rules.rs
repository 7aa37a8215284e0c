//! What a new order's own body breaks is 422 with a pointer; the same broken by a draft that is to be
//! placed is the draft's state, and 409.

use serde_json::{Value, json};

use crate::api::{Api, answer, order};

fn fixed(code: &str, amount: i64) -> Value {
    json!({"code": code, "type": "fixed", "amount": amount})
}

#[tokio::test]
async fn a_new_order_that_breaks_a_rule_is_invalid_where_it_does() {
    let (api, log) = Api::with_log().await;
    let mut on_line = order("o-1");
    on_line["lines"][0]["discounts"] = json!([fixed("A", 9_000), fixed("B", 1_001)]);
    let mut on_order = order("o-1");
    on_order["discounts"] = json!([fixed("A", 10_001)]);
    let mut on_shipping = order("o-1");
    on_shipping["discounts"] =
        json!([{"code": "A", "type": "fixed", "amount": 1, "applies_to": "shipping"}]);
    let mut total = order("o-1");
    total["expected_total"] = json!(9_999);
    let mut large = order("o-1");
    large["lines"][0]["unit_price"] = json!(9_007_199_254_740_991_i64);
    for (body, pointer) in [
        (on_line, "/lines/0/discounts/1"),
        (on_order, "/discounts/0"),
        (on_shipping, "/discounts/0"),
        (total, "/expected_total"),
        (large, "/lines/0"),
    ] {
        for draft in [false, true] {
            let mut body = body.clone();
            body["draft"] = json!(draft);
            let refused = answer(api.post("/v1/orders", &body)).await;
            refused.is_problem(422, "invalid-request");
            assert_eq!(refused.pointers(), [pointer]);
        }
    }
    assert_eq!(log.events().await, 0);
    api.stop().await;
}

#[tokio::test]
async fn a_draft_that_cannot_be_placed_is_in_the_wrong_state() {
    let (api, log) = Api::with_log().await;
    let mut draft = order("o-1");
    draft["draft"] = json!(true);
    draft["shipping_address"] = Value::Null;
    api.done("/v1/orders", &draft).await;
    let refused = answer(api.post("/v1/orders/o-1/place", &json!({}))).await;
    refused.is_problem(409, "no-shipping-address");
    assert_eq!(refused.body["order_status"], "draft");
    assert_eq!(refused.body["version"], 1);
    let allowed = refused.body["allowed_commands"].as_array().unwrap();
    assert!(allowed.contains(&json!("discard")) && !allowed.contains(&json!("place")));

    draft = order("o-2");
    draft["draft"] = json!(true);
    api.done("/v1/orders", &draft).await;
    let expected = json!({"expected_total": 9_999});
    answer(api.post("/v1/orders/o-2/place", &expected))
        .await
        .is_problem(409, "total-differs");
    assert_eq!(log.events().await, 2);
    api.stop().await;
}

#[tokio::test]
async fn an_id_is_taken_once() {
    let (api, log) = Api::with_log().await;
    api.place("o-1").await;
    let refused = answer(api.post("/v1/orders", &order("o-1"))).await;
    refused.is_problem(409, "id-taken");
    assert_eq!(refused.body["order_status"], "placed");
    assert_eq!(refused.body["version"], 1);
    assert!(
        refused.body["allowed_commands"]
            .as_array()
            .unwrap()
            .contains(&json!("confirm"))
    );
    assert_eq!((log.events().await, log.keys().await), (1, 1));
    api.stop().await;
}

#[tokio::test]
async fn what_an_orders_state_forbids_is_told_with_the_state() {
    let (api, log) = Api::with_log().await;
    api.place("o-1").await;
    api.done(
        "/v1/orders/o-1/hold",
        &json!({"hold_id": "h", "reason": "fraud_check"}),
    )
    .await;
    for (command, body, name) in [
        ("confirm", json!({}), "on-hold"),
        ("place", json!({}), "not-in-this-state"),
        ("deliver", json!({"shipment_id": "s"}), "not-in-this-state"),
        ("release-hold", json!({"hold_id": "other"}), "unknown-hold"),
        ("hold", json!({"hold_id": "h", "reason": "x"}), "id-taken"),
        (
            "capture-payment",
            json!({"payment_id": "p", "amount": 1}),
            "unknown-payment",
        ),
    ] {
        let refused = answer(api.post(&format!("/v1/orders/o-1/{command}"), &body)).await;
        refused.is_problem(409, name);
        assert_eq!(refused.body["order_status"], "placed");
        assert_eq!(refused.body["version"], 2);
        assert!(refused.body["allowed_commands"].is_array());
    }
    assert_eq!((log.events().await, log.keys().await), (2, 2));
    api.stop().await;
}

#[tokio::test]
async fn an_authorization_expires_by_this_services_clock() {
    let (api, _log) = Api::with_log().await;
    api.place("o-1").await;
    let authorize =
        |id: &str, until: &str| json!({"payment_id": id, "amount": 100, "expires_at": until});
    let path = "/v1/orders/o-1/authorize-payment";
    api.done(path, &authorize("past", "2020-01-01T00:00:00Z"))
        .await;
    api.done(path, &authorize("future", "2999-01-01T00:00:00Z"))
        .await;
    let capture = |id: &str| json!({"payment_id": id, "amount": 100});
    let path = "/v1/orders/o-1/capture-payment";
    answer(api.post(path, &capture("past")))
        .await
        .is_problem(409, "authorization-expired");
    api.done(path, &capture("future")).await;
    api.stop().await;
}
