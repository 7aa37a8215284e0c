//! Where two things are wrong at once, the one that the contract names first is told: 404 (path), 405,
//! 401, 403, 413, 415, 400, 422 `invalid-request`, then the key, 404 (order), 412, 409.

use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

use crate::api::{Api, SECRET, answer, new_key, order, token};
use crate::tokens::{claims_with, hs256};

/// A large body that is not said to be JSON, nor is any.
fn large(request: RequestBuilder) -> RequestBuilder {
    request
        .header("content-type", "text/plain")
        .body("x".repeat((1 << 20) + 1))
}

#[tokio::test]
async fn path_and_method_come_before_the_token() {
    let (api, _log) = Api::with_log().await;
    let anonymous = |method, path: &str| api.http.request(method, format!("{}{path}", api.url));
    answer(anonymous(Method::POST, "/v1/nothing"))
        .await
        .is_problem(404, "not-found");
    answer(anonymous(Method::GET, "/v1/nothing"))
        .await
        .is_problem(404, "not-found");
    answer(anonymous(Method::GET, "/v1/orders"))
        .await
        .is_problem(405, "method-not-allowed");
    api.stop().await;
}

#[tokio::test]
async fn whether_a_token_is_good_comes_before_what_it_allows() {
    let (mut api, _log) = Api::with_log().await;
    let post = |api: &Api| api.post("/v1/orders", &order("o-1"));
    let reading = claims_with("scope", json!("orders:read"));
    api.token = hs256(&reading, b"another secret of at least 32 bytes");
    answer(post(&api)).await.is_problem(401, "unauthenticated");
    api.token = hs256(&reading, SECRET.as_bytes());
    answer(post(&api)).await.is_problem(403, "forbidden");
    api.stop().await;
}

#[tokio::test]
async fn the_token_comes_before_the_body_and_size_before_type_before_form() {
    let (mut api, _log) = Api::with_log().await;
    let nobody = api.http.post(format!("{}/v1/orders", api.url));
    answer(large(nobody))
        .await
        .is_problem(401, "unauthenticated");
    let post = |api: &Api| api.request(Method::POST, "/v1/orders?x=1");
    answer(large(post(&api))).await.is_problem(413, "too-large");
    let untyped = post(&api).header("content-type", "text/plain").body("{");
    answer(untyped).await.is_problem(415, "not-json");
    let unformed = post(&api)
        .header("content-type", "application/json")
        .body("{\"x\": 1}");
    answer(unformed).await.is_problem(400, "bad-parameter");
    api.token = token("reader", "orders:read payments:write").await;
    answer(large(post(&api))).await.is_problem(403, "forbidden");
    api.stop().await;
}

#[tokio::test]
async fn form_comes_before_sense_and_sense_before_the_key() {
    let (api, log) = Api::with_log().await;
    let nonsense = json!({"x": 1});
    let keyless = api.request(Method::POST, "/v1/orders").json(&nonsense);
    answer(keyless).await.is_problem(400, "key-missing");
    let conditional = api
        .post("/v1/orders", &nonsense)
        .header("if-match", "\"1\"");
    answer(conditional).await.is_problem(400, "malformed");

    // A key that was used is not even looked at.
    answer(api.keyed("/v1/orders", "k", &order("o-1"))).await;
    let reused = answer(api.keyed("/v1/orders", "k", &nonsense)).await;
    reused.is_problem(422, "invalid-request");
    let mut breaking = order("o-1");
    breaking["expected_total"] = json!(1);
    let reused = answer(api.keyed("/v1/orders", "k", &breaking)).await;
    reused.is_problem(422, "invalid-request");
    assert_eq!(reused.pointers(), ["/expected_total"]);
    assert_eq!(log.events().await, 1);
    api.stop().await;
}

#[tokio::test]
async fn the_key_comes_before_the_order_and_the_order_before_its_version_and_its_state() {
    let (api, log) = Api::with_log().await;
    answer(api.keyed("/v1/orders", "k", &order("o-1"))).await;
    let mut other = order("o-1");
    other["tags"] = json!(["another"]);
    let taken = |key: &str| api.keyed("/v1/orders", key, &other);
    answer(taken("k")).await.is_problem(422, "key-reused");
    answer(taken(&new_key())).await.is_problem(409, "id-taken");
    let with = |path: &str, key: &str, body: &Value| {
        api.keyed(path, key, body).header("if-match", "\"7\"")
    };
    let unknown = "/v1/orders/unknown/deliver";
    let deliver = json!({"shipment_id": "s"});
    answer(with(unknown, "k", &deliver))
        .await
        .is_problem(422, "key-reused");
    answer(with(unknown, &new_key(), &deliver))
        .await
        .is_problem(404, "not-found");
    let known = "/v1/orders/o-1/deliver";
    let stale = answer(with(known, &new_key(), &deliver)).await;
    stale.is_problem(412, "version-mismatch");
    assert_eq!(stale.body["current_version"], 1);
    answer(api.post(known, &deliver))
        .await
        .is_problem(409, "not-in-this-state");
    // And the request's own sense before all of them.
    answer(with(unknown, "k", &json!({})))
        .await
        .is_problem(422, "invalid-request");
    assert_eq!(log.events().await, 1);
    api.stop().await;
}

#[tokio::test]
async fn a_key_that_is_in_use_comes_after_sense_and_before_the_order() {
    let (api, log) = Api::with_log().await;
    let held = log.hold().await;
    let first = tokio::spawn(answer(api.keyed("/v1/orders", "k", &order("o-1"))));
    log.somebody_waits_for_the_lock().await;
    let unknown = "/v1/orders/unknown/deliver";
    answer(api.keyed(unknown, "k", &json!({})))
        .await
        .is_problem(422, "invalid-request");
    let deliver = json!({"shipment_id": "s"});
    answer(api.keyed(unknown, "k", &deliver))
        .await
        .is_problem(409, "key-in-use");
    held.release().await;
    assert_eq!(first.await.unwrap().status, 201);
    api.stop().await;
}

#[tokio::test]
async fn a_replay_comes_before_the_version_and_the_state() {
    let (api, log) = Api::with_log().await;
    api.place("o-1").await;
    let confirm = |key: &str| api.keyed("/v1/orders/o-1/confirm", key, &json!({}));
    let stale = |key: &str| confirm(key).header("if-match", "\"1\"");
    let confirmed = answer(stale("k")).await;
    assert_eq!(confirmed.status, 200, "{confirmed:?}");
    for again in [stale("k"), confirm("k")] {
        let again = answer(again).await;
        assert_eq!(again.status, 200, "{again:?}");
        assert_eq!(again.header("idempotent-replayed"), Some("true"));
    }
    answer(stale(&new_key()))
        .await
        .is_problem(412, "version-mismatch");
    answer(confirm(&new_key()))
        .await
        .is_problem(409, "not-in-this-state");
    assert_eq!(log.events().await, 2);
    api.stop().await;
}
