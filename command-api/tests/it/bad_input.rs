//! What is wrong with a request alone: each gets the contract's problem, and nothing is stored.

use reqwest::Method;
use serde_json::{Value, json};

use crate::api::{Answer, Api, Log, answer, new_key, order};

/// A service in which one order is placed.
async fn with_order() -> (Api, Log) {
    let (api, log) = Api::with_log().await;
    api.place("o-1").await;
    (api, log)
}

/// Asserts that nothing but the first order was stored.
async fn nothing_stored(log: &Log) {
    assert_eq!(
        (log.events().await, log.keys().await),
        (1, 1),
        "a refusal stored something"
    );
}

/// Sends a body as it is.
async fn raw(api: &Api, path: &str, body: impl Into<reqwest::Body>) -> Answer {
    let request = api
        .request(Method::POST, path)
        .header("idempotency-key", new_key())
        .header("content-type", "application/json")
        .body(body);
    answer(request).await
}

#[tokio::test]
async fn a_body_that_is_not_json_is_malformed() {
    let (api, log) = with_order().await;
    let texts: [&[u8]; 8] = [
        b"{",
        b"",
        b"{}x",
        b"{'a': 1}",
        b"\xff",
        b"{\"note\": \"\xff\"}",
        b"{\"a\": 1, \"a\": 1}",
        b"{\"note\": \"\\ud800\"}",
    ];
    for text in texts {
        raw(&api, "/v1/orders", text)
            .await
            .is_problem(400, "malformed");
    }
    let deep = format!("{{\"a\":{}{}}}", "[".repeat(1_000), "]".repeat(1_000));
    raw(&api, "/v1/orders/o-1/confirm", deep)
        .await
        .is_problem(400, "malformed");
    nothing_stored(&log).await;
    api.stop().await;
}

#[tokio::test]
async fn a_wrong_body_is_invalid_where_it_is_wrong() {
    let (api, log) = with_order().await;
    let with = |member: &str, value: Value| {
        let mut body = order("o-2");
        body[member] = value;
        body
    };
    let with_line = |member: &str, value: Value| {
        let mut body = order("o-2");
        body["lines"][0][member] = value;
        body
    };
    let line = order("o-2")["lines"][0].clone();
    let many: Vec<Value> = (0..501)
        .map(|_| json!({"sku": "S", "name": "N", "quantity": 1, "unit_price": 1}))
        .collect();
    for (body, pointer) in [
        (with("colour", json!("red")), "/colour"),
        (with_line("colour", json!("red")), "/lines/0/colour"),
        (with_line("a/b~c", json!(null)), "/lines/0/a~1b~0c"),
        (with_line("unit_price", json!(10.5)), "/lines/0/unit_price"),
        (with_line("unit_price", json!(10.0)), "/lines/0/unit_price"),
        (with_line("unit_price", json!("10")), "/lines/0/unit_price"),
        (with_line("unit_price", json!(-1)), "/lines/0/unit_price"),
        (
            with_line("unit_price", json!(9_007_199_254_740_992_i64)),
            "/lines/0/unit_price",
        ),
        (with_line("quantity", json!(0)), "/lines/0/quantity"),
        (with_line("quantity", json!(1_000_001)), "/lines/0/quantity"),
        (
            with_line("tax_rate", json!("0.1234567")),
            "/lines/0/tax_rate",
        ),
        (with_line("tax_rate", json!(0.19)), "/lines/0/tax_rate"),
        (with_line("name", json!("a\u{0}b")), "/lines/0/name"),
        (with("currency", json!("XYZ")), "/currency"),
        (with("currency", json!(null)), "/currency"),
        (with("lines", json!([line, line])), "/lines/1/line_id"),
        (with("lines", json!(many)), "/lines"),
        (with("lines", json!([])), "/lines"),
        (
            with("customer", json!({"customer_id": "c", "email": "x\u{0}@y"})),
            "/customer/email",
        ),
        (with("note", json!("a\u{0}b")), "/note"),
        (with("order_id", json!("by-number")), "/order_id"),
        (with("draft", json!("yes")), "/draft"),
        (json!([]), ""),
    ] {
        let refused = answer(api.post("/v1/orders", &body)).await;
        refused.is_problem(422, "invalid-request");
        assert_eq!(refused.pointers(), [pointer], "{refused:?}");
    }
    nothing_stored(&log).await;
    api.stop().await;
}

#[tokio::test]
async fn everything_wrong_is_told_at_once() {
    let (api, log) = with_order().await;
    let body = json!({
        "currency": 1, "lines": [{"quantity": 1.5, "discounts": [{"code": "A"}]}], "x": 1,
    });
    let refused = answer(api.post("/v1/orders", &body)).await;
    refused.is_problem(422, "invalid-request");
    let expected = [
        "/shipping_address",
        "/currency",
        "/customer",
        "/lines/0/sku",
        "/lines/0/name",
        "/lines/0/quantity",
        "/lines/0/unit_price",
        "/lines/0/discounts/0/type",
        "/x",
    ];
    assert_eq!(refused.pointers(), expected);
    nothing_stored(&log).await;
    api.stop().await;
}

#[tokio::test]
async fn a_body_over_a_mebibyte_is_too_large_and_one_of_a_mebibyte_is_not() {
    let (api, log) = with_order().await;
    let of = |length: usize| {
        let empty = r#"{"text":""}"#;
        format!(r#"{{"text":"{}"}}"#, "x".repeat(length - empty.len()))
    };
    let path = "/v1/orders/o-1/add-note";
    raw(&api, path, of((1 << 20) + 1))
        .await
        .is_problem(413, "too-large");
    raw(&api, path, of(8 << 20))
        .await
        .is_problem(413, "too-large");
    // Without a length told in advance it is counted.
    let pieces = (0..20).map(|_| Ok::<_, std::io::Error>(vec![b' '; 1 << 16]));
    let chunked = reqwest::Body::wrap_stream(futures::stream::iter(pieces));
    raw(&api, path, chunked).await.is_problem(413, "too-large");
    // The limit is on bytes; that the note is too long comes later.
    raw(&api, path, of(1 << 20))
        .await
        .is_problem(422, "invalid-request");
    nothing_stored(&log).await;
    api.stop().await;
}

#[tokio::test]
async fn a_body_that_is_not_said_to_be_json_is_refused() {
    let (api, log) = with_order().await;
    for wrong in [
        "text/plain",
        "application/x-www-form-urlencoded",
        "application/json; charset=latin1",
    ] {
        let request = api
            .request(Method::POST, "/v1/orders")
            .header("idempotency-key", new_key())
            .header("content-type", wrong)
            .body(order("o-2").to_string());
        answer(request).await.is_problem(415, "not-json");
    }
    let untyped = api
        .request(Method::POST, "/v1/orders")
        .header("idempotency-key", new_key())
        .body(order("o-2").to_string());
    answer(untyped).await.is_problem(415, "not-json");
    let packed = api
        .post("/v1/orders", &order("o-2"))
        .header("content-encoding", "gzip");
    answer(packed).await.is_problem(415, "not-json");
    nothing_stored(&log).await;
    api.stop().await;
}

#[tokio::test]
async fn an_answer_that_the_caller_does_not_take_is_not_given() {
    let (api, log) = with_order().await;
    for wrong in ["text/html", "application/json;q=0, */*"] {
        let request = api
            .post("/v1/orders", &order("o-2"))
            .header("accept", wrong);
        answer(request).await.is_problem(406, "not-acceptable");
    }
    nothing_stored(&log).await;
    let browser = api
        .post("/v1/orders", &order("o-2"))
        .header("accept", "text/html, */*;q=0.1");
    assert_eq!(answer(browser).await.status, 201);
    api.stop().await;
}

#[tokio::test]
async fn a_key_is_needed_and_has_at_most_255_characters() {
    let (api, log) = with_order().await;
    let request = || api.request(Method::POST, "/v1/orders").json(&order("o-2"));
    answer(request()).await.is_problem(400, "key-missing");
    answer(request().header("idempotency-key", ""))
        .await
        .is_problem(400, "key-missing");
    let too_long = request().header("idempotency-key", "k".repeat(256));
    answer(too_long).await.is_problem(400, "key-missing");
    let twice = request()
        .header("idempotency-key", "a")
        .header("idempotency-key", "b");
    answer(twice).await.is_problem(400, "malformed");
    nothing_stored(&log).await;
    let longest = request().header("idempotency-key", "k".repeat(255));
    assert_eq!(answer(longest).await.status, 201);
    api.stop().await;
}

#[tokio::test]
async fn unknown_parameters_and_values_are_refused() {
    let (api, log) = with_order().await;
    for query in [
        "dryrun=true",
        "dry_run",
        "dry_run=1",
        "dry_run=true&dry_run=true",
        "dry_run=false&x=",
    ] {
        let refused = answer(api.post(&format!("/v1/orders?{query}"), &order("o-2"))).await;
        refused.is_problem(400, "bad-parameter");
    }
    nothing_stored(&log).await;
    let allowed = answer(api.post("/v1/orders?dry_run=false", &order("o-2"))).await;
    assert_eq!(allowed.status, 201);
    api.stop().await;
}

#[tokio::test]
async fn unknown_paths_and_methods_are_refused() {
    let (api, log) = with_order().await;
    for path in [
        "/",
        "/v1",
        "/v1/order",
        "/v1/orders/",
        "/v1/orders/o-1",
        "/v1/orders/o-1/fly",
        "/v1/orders/o-1/draft",
        "/v1/orders/o-1/confirm/",
        "/v1/orders//confirm",
        "/v1/orders/by-number/confirm",
        "/v1/orders/a%20b/confirm",
        "/v1/orders/%ff/confirm",
        "/v1/orders/o-1/complete",
    ] {
        answer(api.post(path, &json!({})))
            .await
            .is_problem(404, "not-found");
    }
    for (method, path) in [
        (Method::GET, "/v1/orders"),
        (Method::PUT, "/v1/orders"),
        (Method::GET, "/v1/bulk"),
        (Method::DELETE, "/v1/orders/o-1/confirm"),
        (Method::OPTIONS, "/v1/orders"),
    ] {
        let refused = answer(api.request(method, path)).await;
        refused.is_problem(405, "method-not-allowed");
        assert_eq!(refused.header("allow"), Some("POST"));
    }
    let head = answer(api.request(Method::HEAD, "/v1/orders")).await;
    assert_eq!(head.status, 405);
    nothing_stored(&log).await;
    api.stop().await;
}
