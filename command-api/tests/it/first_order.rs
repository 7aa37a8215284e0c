//! The life of an order, command by command.

use serde_json::{Value, json};

use crate::api::{Api, address, answer, new_key, order};

#[tokio::test]
async fn an_order_is_placed_as_the_contract_says() {
    let (api, log) = Api::with_log().await;
    let request = api
        .post("/v1/orders", &order("o-1"))
        .header("x-correlation-id", "c-7");
    let placed = answer(request).await;

    assert_eq!(placed.status, 201, "{placed:?}");
    assert_eq!(
        placed.header("location"),
        Some("http://query.example/v1/orders/o-1")
    );
    assert_eq!(placed.header("etag"), Some("\"1\""));
    assert_eq!(placed.header("log-position"), Some("1"));
    assert_eq!(placed.header("x-correlation-id"), Some("c-7"));
    assert_eq!(placed.header("content-type"), Some("application/json"));
    assert_eq!(placed.header("idempotent-replayed"), None);
    assert_eq!(placed.header("preference-applied"), None);

    let number = placed.body["order_number"].as_str().unwrap();
    assert!(number.ends_with("-000001"), "{number}");
    let event = &placed.body["events"][0];
    assert_eq!(
        uuid::Uuid::parse_str(event["event_id"].as_str().unwrap())
            .unwrap()
            .get_version_num(),
        7
    );
    let expected = json!({
        "order_id": "o-1", "order_number": number, "version": 1, "position": 1,
        "order_status": "placed",
        "events": [{
            "event_id": event["event_id"], "type": "OrderPlaced", "sequence": 1, "position": 1,
        }],
    });
    assert_eq!(placed.body, expected);
    assert_eq!(log.events().await, 1);
    api.stop().await;
}

#[tokio::test]
async fn an_order_goes_from_draft_to_completed() {
    let (api, log) = Api::with_log().await;
    let mut draft = order("o-1");
    draft["draft"] = json!(true);
    let drafted = api.done("/v1/orders", &draft).await;
    assert_eq!(drafted["order_status"], "draft");
    assert_eq!(drafted["order_number"], Value::Null);

    let to = |command: &str| format!("/v1/orders/o-1/{command}");
    let placed = api
        .done(&to("place"), &json!({"expected_total": 10_000}))
        .await;
    assert_eq!(placed["events"][0]["type"], "OrderPlaced");
    assert!(placed["order_number"].is_string());
    api.done(
        &to("hold"),
        &json!({"hold_id": "h", "reason": "fraud_check"}),
    )
    .await;
    api.done(&to("release-hold"), &json!({"hold_id": "h"}))
        .await;
    let confirm = api.request(reqwest::Method::POST, &to("confirm"));
    let confirmed = answer(confirm.header("idempotency-key", new_key())).await;
    assert_eq!(
        confirmed.status, 200,
        "confirm needs no body: {confirmed:?}"
    );
    let amount = json!({"payment_id": "p", "amount": 10_000});
    api.done(&to("authorize-payment"), &amount).await;
    api.done(&to("capture-payment"), &amount).await;
    let lines = json!([{"line_id": "1", "quantity": 10}]);
    api.done(&to("ship"), &json!({"shipment_id": "s", "lines": lines}))
        .await;
    api.done(&to("add-note"), &json!({"text": "gift"})).await;
    let delivered = api.done(&to("deliver"), &json!({"shipment_id": "s"})).await;

    assert_eq!(delivered["order_status"], "completed");
    let types: Vec<_> = delivered["events"]
        .as_array()
        .unwrap()
        .iter()
        .map(|e| &e["type"])
        .collect();
    assert_eq!(types, ["ShipmentDelivered", "OrderCompleted"]);
    assert_eq!(delivered["version"], 11);
    assert_eq!(delivered["order_number"], placed["order_number"]);
    assert_eq!(log.events().await, 11);
    api.stop().await;
}

#[tokio::test]
async fn an_order_without_an_id_gets_one_and_a_draft_may_be_nearly_empty() {
    let (api, _log) = Api::with_log().await;
    let draft = json!({"draft": true, "currency": "JPY", "customer": {"customer_id": "c"}});
    let drafted = api.done("/v1/orders", &draft).await;
    let id = drafted["order_id"].as_str().unwrap();
    assert_eq!(uuid::Uuid::parse_str(id).unwrap().get_version_num(), 7);
    let cancelled = answer(api.post(&format!("/v1/orders/{id}/place"), &json!({}))).await;
    cancelled.is_problem(409, "no-line");
    api.stop().await;
}

#[tokio::test]
async fn the_answer_holds_the_order_if_the_caller_prefers_so() {
    let (api, _log) = Api::with_log().await;
    let request = api
        .post("/v1/orders", &order("o-1"))
        .header("prefer", "return=representation");
    let placed = answer(request).await;
    assert_eq!(
        placed.header("preference-applied"),
        Some("return=representation")
    );
    let shown = &placed.body["order"];
    assert_eq!(shown["order_id"], "o-1");
    assert_eq!(shown["position"], placed.body["position"]);
    assert_eq!(shown["amounts"]["total"], 10_000);
    assert_eq!(shown["shipping_address"]["city"], address()["city"]);
    let minimal = api
        .post("/v1/orders", &order("o-2"))
        .header("prefer", "return=minimal");
    let minimal = answer(minimal).await;
    assert_eq!(minimal.header("preference-applied"), None);
    assert_eq!(minimal.body.get("order"), None);
    api.stop().await;
}

#[tokio::test]
async fn every_event_says_who_did_it_and_how_it_came() {
    let (api, log) = Api::with_log().await;
    let trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    api.place("o-1").await;
    let request = api
        .keyed(
            "/v1/orders/o-1/cancel",
            "k-1",
            &json!({"reason": "changed mind"}),
        )
        .header("x-correlation-id", "c-7")
        .header("traceparent", trace)
        .header("user-agent", "shop/1.0");
    let cancelled = answer(request).await;
    assert_eq!(cancelled.header("traceparent"), Some(trace));

    let metadata: String =
        sqlx::query_scalar("select metadata::text from event where position = 2")
            .fetch_one(&log.pool)
            .await
            .unwrap();
    let metadata: Value = serde_json::from_str(&metadata).unwrap();
    let expected = json!({
        "actor": "alice", "command": "cancel", "command_id": metadata["command_id"],
        "idempotency_key": "k-1", "correlation_id": "c-7", "causation_id": null,
        "traceparent": trace, "client": {"address": "127.0.0.1", "user_agent": "shop/1.0"},
        "reason": "changed mind",
    });
    assert_eq!(metadata, expected);
    api.stop().await;
}
