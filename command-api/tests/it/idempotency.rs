//! A key names one effect of one actor, whatever happens.

use serde_json::{Value, json};

use crate::api::{Answer, Api, answer, line, new_key, order, token};

/// Asserts that `again` tells what `first` told.
#[track_caller]
fn is_replay(first: &Answer, again: &Answer) {
    assert_eq!(again.status, first.status, "{again:?}");
    assert_eq!(again.body, first.body);
    for header in [
        "etag",
        "log-position",
        "location",
        "preference-applied",
        "content-type",
    ] {
        assert_eq!(again.header(header), first.header(header), "{header}");
    }
    assert_eq!(first.header("idempotent-replayed"), None);
    assert_eq!(again.header("idempotent-replayed"), Some("true"));
}

#[tokio::test]
async fn a_repeated_request_gets_its_first_answer_whatever_happened_since() {
    let (api, log) = Api::with_log().await;
    let place = || api.keyed("/v1/orders", "k-1", &order("o-1"));
    let placed = answer(place()).await;
    let note = || api.keyed("/v1/orders/o-1/add-note", "k-2", &json!({"text": "first"}));
    let noted = answer(note()).await;
    api.done("/v1/orders/o-1/cancel", &json!({"reason": "changed mind"}))
        .await;

    is_replay(&placed, &answer(place()).await);
    is_replay(&noted, &answer(note()).await);
    // Whatever it prefers now.
    is_replay(
        &noted,
        &answer(note().header("prefer", "return=representation")).await,
    );
    assert_eq!((log.events().await, log.keys().await), (3, 3));
    api.stop().await;
}

#[tokio::test]
async fn an_answer_that_held_the_order_holds_it_again_as_it_was() {
    let (api, log) = Api::with_log().await;
    let place = || api.keyed("/v1/orders", "k-1", &order("o-1"));
    let placed = answer(place().header("prefer", "return=representation")).await;
    assert_eq!(placed.body["order"]["status"], "placed");
    api.done("/v1/orders/o-1/cancel", &json!({"reason": "changed mind"}))
        .await;
    is_replay(&placed, &answer(place()).await);
    assert_eq!(log.events().await, 2);
    api.stop().await;
}

#[tokio::test]
async fn a_request_whose_ids_were_made_here_keeps_them() {
    let (api, log) = Api::with_log().await;
    let mut body = order("");
    body["order_id"] = Value::Null;
    body["lines"][0]["line_id"] = Value::Null;
    let placed = answer(api.keyed("/v1/orders", "k", &body)).await;
    is_replay(&placed, &answer(api.keyed("/v1/orders", "k", &body)).await);

    let path = format!(
        "/v1/orders/{}/hold",
        placed.body["order_id"].as_str().unwrap()
    );
    let request = || api.keyed(&path, "h", &json!({"reason": "fraud_check"}));
    let held = answer(request().header("prefer", "return=representation")).await;
    is_replay(&held, &answer(request()).await);
    assert_eq!(log.events().await, 2);
    api.stop().await;
}

#[tokio::test]
async fn another_process_knows_the_key_too() {
    let (api, log) = Api::with_log().await;
    let placed = answer(api.keyed("/v1/orders", "k-1", &order("o-1"))).await;
    let confirmed = answer(api.keyed("/v1/orders/o-1/confirm", "k-2", &json!({}))).await;
    api.stop().await;

    let next = Api::start(log.vars()).await;
    is_replay(
        &placed,
        &answer(next.keyed("/v1/orders", "k-1", &order("o-1"))).await,
    );
    is_replay(
        &confirmed,
        &answer(next.keyed("/v1/orders/o-1/confirm", "k-2", &json!({}))).await,
    );
    assert_eq!(log.events().await, 2);
    next.stop().await;
}

#[tokio::test]
async fn a_request_is_the_same_if_its_json_value_is() {
    let (api, log) = Api::with_log().await;
    let send = |text: &'static str| {
        api.request(reqwest::Method::POST, "/v1/orders")
            .header("idempotency-key", "k")
            .header("content-type", "application/json")
            .body(text)
    };
    let placed = answer(send(
        r#"{"draft":true,"currency":"EUR","customer":{"customer_id":"c"},"tags":["a","b"]}"#,
    ))
    .await;
    assert_eq!(placed.status, 201);
    let again = answer(send(
        r#" {"tags" : ["a", "b"], "customer": {"customer_id": "\u0063"}, "currency": "EUR", "draft": true}"#,
    ))
    .await;
    is_replay(&placed, &again);
    for other in [
        r#"{"draft":true,"currency":"EUR","customer":{"customer_id":"c"},"tags":["b","a"]}"#,
        r#"{"draft":true,"currency":"EUR","customer":{"customer_id":"c"},"tags":["a","b"],"note":null}"#,
        r#"{"draft":true,"currency":"USD","customer":{"customer_id":"c"},"tags":["a","b"]}"#,
    ] {
        answer(send(other)).await.is_problem(422, "key-reused");
    }
    assert_eq!(log.events().await, 1);
    api.stop().await;
}

#[tokio::test]
async fn a_key_is_not_used_for_another_command_or_order() {
    let (api, log) = Api::with_log().await;
    api.place("o-1").await;
    api.place("o-2").await;
    let hold = json!({"hold_id": "h"});
    answer(api.keyed("/v1/orders/o-1/confirm", "k", &json!({}))).await;
    answer(api.keyed("/v1/orders/o-2/confirm", "k", &json!({})))
        .await
        .is_problem(422, "key-reused");
    answer(api.keyed("/v1/orders/o-1/place", "k", &json!({})))
        .await
        .is_problem(422, "key-reused");
    answer(api.keyed("/v1/orders/o-1/release-hold", "k", &hold))
        .await
        .is_problem(422, "key-reused");
    answer(api.keyed("/v1/orders", "k", &order("o-3")))
        .await
        .is_problem(422, "key-reused");
    assert_eq!((log.events().await, log.keys().await), (3, 3));
    api.stop().await;
}

#[tokio::test]
async fn actors_have_keys_of_their_own() {
    let (mut api, log) = Api::with_log().await;
    answer(api.keyed("/v1/orders", "k", &order("o-1"))).await;
    api.token = token("bob", "orders:write").await;
    let placed = answer(api.keyed("/v1/orders", "k", &order("o-2"))).await;
    assert_eq!(
        (placed.status.as_u16(), placed.header("idempotent-replayed")),
        (201, None)
    );
    answer(api.keyed("/v1/orders", "k", &order("o-1")))
        .await
        .is_problem(422, "key-reused");
    assert_eq!(log.keys().await, 2);
    api.stop().await;
}

#[tokio::test]
async fn a_refusal_is_not_recorded_and_the_retry_is_judged_anew() {
    let (api, log) = Api::with_log().await;
    api.place("o-1").await;
    api.done(
        "/v1/orders/o-1/hold",
        &json!({"hold_id": "h", "reason": "x"}),
    )
    .await;
    let confirm = || api.keyed("/v1/orders/o-1/confirm", "k", &json!({}));
    answer(confirm()).await.is_problem(409, "on-hold");
    answer(confirm()).await.is_problem(409, "on-hold");
    assert_eq!(log.keys().await, 2);
    api.done("/v1/orders/o-1/release-hold", &json!({"hold_id": "h"}))
        .await;
    let confirmed = answer(confirm()).await;
    assert_eq!(
        (
            confirmed.status.as_u16(),
            confirmed.header("idempotent-replayed")
        ),
        (200, None)
    );
    api.stop().await;
}

#[tokio::test]
async fn uploads_and_single_requests_share_their_keys() {
    let (api, log) = Api::with_log().await;
    let mut draft = order("o-2");
    draft["draft"] = json!(true);
    let placed = answer(api.keyed("/v1/orders", "k-1", &order("o-1"))).await;
    let drafted = answer(api.keyed("/v1/orders", "k-2", &draft)).await;
    let confirmed = answer(
        api.request(reqwest::Method::POST, "/v1/orders/o-1/confirm")
            .header("idempotency-key", "k-3"),
    )
    .await;

    let keyed = |key: &str, mut line: Value| {
        line["idempotency_key"] = json!(key);
        line
    };
    let lines = [
        keyed("k-1", line("place", None, &order("o-1"))),
        keyed("k-2", line("draft", None, &order("o-2"))),
        keyed("k-3", line("confirm", Some("o-1"), &Value::Null)),
        keyed("k-3", line("confirm", Some("o-1"), &json!({}))),
        keyed("k-3", line("confirm", Some("o-2"), &json!({}))),
    ];
    let answers = api.bulk(&lines).await;
    for (index, first) in [
        (0, &placed),
        (1, &drafted),
        (2, &confirmed),
        (3, &confirmed),
    ] {
        let expected = json!({
            "index": index, "status": first.status.as_u16(), "replayed": true, "body": first.body,
        });
        assert_eq!(answers[index], expected);
    }
    assert_eq!(answers[4]["status"], 422);
    assert_eq!((log.events().await, log.keys().await), (3, 3));
    api.stop().await;
}

#[tokio::test]
async fn a_key_that_is_being_executed_is_in_use() {
    let (api, log) = Api::with_log().await;
    let held = log.hold().await;
    let first = tokio::spawn(answer(api.keyed("/v1/orders", "k", &order("o-1"))));
    log.somebody_waits_for_the_lock().await;
    let second = answer(api.keyed("/v1/orders", "k", &order("o-1"))).await;
    second.is_problem(409, "key-in-use");
    assert_eq!(second.body.get("order_status"), None);
    assert_eq!(second.body.get("version"), None);

    held.release().await;
    let first = first.await.unwrap();
    assert_eq!(first.status, 201);
    is_replay(
        &first,
        &answer(api.keyed("/v1/orders", "k", &order("o-1"))).await,
    );
    assert_eq!(log.events().await, 1);
    api.stop().await;
}

#[tokio::test]
async fn one_key_at_two_replicas_has_one_effect() {
    let (one, log) = Api::with_log().await;
    let two = Api::start(log.vars()).await;
    let held = log.hold().await;
    let mut body = order("");
    body["order_id"] = Value::Null;
    let key = new_key();
    let first = tokio::spawn(answer(one.keyed("/v1/orders", &key, &body)));
    let second = tokio::spawn(answer(two.keyed("/v1/orders", &key, &body)));
    log.waiting_for_the_lock(2).await;
    held.release().await;
    let (first, second) = (first.await.unwrap(), second.await.unwrap());
    match first.header("idempotent-replayed") {
        None => is_replay(&first, &second),
        Some(_) => is_replay(&second, &first),
    }
    assert_eq!((log.events().await, log.keys().await), (1, 1));
    one.stop().await;
    two.stop().await;
}
