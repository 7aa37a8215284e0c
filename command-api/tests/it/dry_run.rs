//! `?dry_run=true`: the same checks, and nothing is stored.

use reqwest::Method;
use serde_json::{Value, json};

use crate::api::{Api, answer, order};

#[tokio::test]
async fn a_dry_run_tells_what_would_happen_and_stores_nothing() {
    let (api, log) = Api::with_log().await;
    let path = "/v1/orders?dry_run=true";
    // It looks at no key, so it needs none.
    let request = api.request(Method::POST, path).json(&order("o-1"));
    let run = answer(request.header("prefer", "return=representation")).await;
    assert_eq!(run.status, 200, "{run:?}");
    for header in ["location", "etag", "log-position", "preference-applied"] {
        assert_eq!(run.header(header), None, "{header}");
    }
    assert_eq!(run.body["dry_run"], true);
    assert_eq!(run.body["order_id"], "o-1");
    assert_eq!(
        (&run.body["position"], &run.body["order_number"]),
        (&Value::Null, &Value::Null)
    );
    assert_eq!(
        (&run.body["version"], &run.body["order_status"]),
        (&json!(1), &json!("placed"))
    );
    assert_eq!(run.body["amounts"]["total"], 10_000);
    let event = &run.body["events"][0];
    assert_eq!(
        (&event["type"], &event["sequence"]),
        (&json!("OrderPlaced"), &json!(1))
    );
    assert_eq!(event["data"]["order_id"], "o-1");
    assert_eq!(run.body.as_object().unwrap().len(), 8, "{run:?}");

    let keyed = answer(api.keyed(path, "k", &order("o-1"))).await;
    assert_eq!(keyed.status, 200);
    assert_eq!((log.events().await, log.keys().await), (0, 0));
    let placed = answer(api.keyed("/v1/orders", "k", &order("o-1"))).await;
    assert_eq!(
        (placed.status.as_u16(), placed.header("idempotent-replayed")),
        (201, None)
    );
    api.stop().await;
}

#[tokio::test]
async fn a_dry_run_is_refused_as_the_command_would_be() {
    let (api, log) = Api::with_log().await;
    let placed = api.place("o-1").await;
    let run = |path: &str, body: Value| {
        api.request(Method::POST, &format!("/v1/orders{path}?dry_run=true"))
            .json(&body)
    };
    answer(run("", json!({})))
        .await
        .is_problem(422, "invalid-request");
    answer(run("", order("o-1")))
        .await
        .is_problem(409, "id-taken");
    answer(run("/o-2/confirm", json!({})))
        .await
        .is_problem(404, "not-found");
    let stale = run("/o-1/confirm", json!({})).header("if-match", "\"2\"");
    answer(stale).await.is_problem(412, "version-mismatch");
    let deliver = run("/o-1/deliver", json!({"shipment_id": "s"}));
    answer(deliver).await.is_problem(409, "not-in-this-state");

    let confirm = answer(run("/o-1/confirm", json!({})).header("if-match", "\"1\"")).await;
    assert_eq!(confirm.status, 200);
    assert_eq!(confirm.body["order_number"], placed["order_number"]);
    assert_eq!(
        (&confirm.body["version"], &confirm.body["position"]),
        (&json!(2), &Value::Null)
    );
    assert_eq!(log.events().await, 1);
    api.stop().await;
}

#[tokio::test]
async fn an_upload_has_no_dry_run() {
    let (api, log) = Api::with_log().await;
    let upload = api
        .request(Method::POST, "/v1/bulk?dry_run=true")
        .header("content-type", "application/x-ndjson")
        .body("");
    answer(upload).await.is_problem(400, "bad-parameter");
    assert_eq!(log.events().await, 0);
    api.stop().await;
}
