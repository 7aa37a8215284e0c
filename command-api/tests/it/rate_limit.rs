//! A limit on how many requests an actor may send.

use serde_json::json;

use crate::api::{Answer, Api, Log, answer, line, order, token};

async fn limited(limit: &str) -> (Api, Log) {
    let log = Log::new().await;
    let vars = log.vars().with("RATE_LIMIT", limit);
    (Api::start(vars).await, log)
}

#[track_caller]
fn is_rate_limited(answer: &Answer) {
    assert_eq!(
        (answer.status.as_u16(), answer.problem()),
        (429, "rate-limited"),
        "{answer:?}"
    );
    assert!(answer.header("retry-after").is_some());
    assert!(answer.header("ratelimit").is_some());
}

#[tokio::test]
async fn an_actor_has_so_many_requests_and_an_upload_is_one() {
    let (mut api, log) = limited("2/h").await;
    let placed = answer(api.post("/v1/orders", &order("o-1"))).await;
    assert_eq!(placed.status, 201);
    let policy = placed.header("ratelimit-policy");
    assert_eq!(policy, Some(r#""default";q=2;w=3600"#));
    assert_eq!(placed.header("ratelimit"), Some(r#""default";r=1;t=1800"#));

    let confirm = line("confirm", Some("o-1"), &json!({}));
    let note = line("add-note", Some("o-1"), &json!({"text": "one of many"}));
    let lines = api.bulk(&[confirm, note.clone(), note]).await;
    assert!(lines.iter().all(|line| line["status"] == 200), "{lines:?}");

    let before = log.events().await;
    is_rate_limited(&answer(api.post("/v1/orders", &order("o-2"))).await);
    let upload = api.request(reqwest::Method::POST, "/v1/bulk");
    let upload = upload.header("content-type", "application/x-ndjson");
    is_rate_limited(&answer(upload).await);
    assert_eq!(log.events().await, before);

    api.token = token("bob", crate::api::ALL).await;
    api.place("o-2").await;
}

#[tokio::test]
async fn it_is_looked_at_after_the_token_and_before_its_scopes() {
    let (mut api, _log) = limited("1/h").await;
    api.token = token("alice", "orders:read").await;
    let order = order("o-1");
    let forbidden = answer(api.post("/v1/orders", &order)).await;
    forbidden.is_problem(403, "forbidden");
    assert!(forbidden.header("ratelimit").is_some());
    is_rate_limited(&answer(api.post("/v1/orders", &order)).await);
    api.token = "nobody".to_owned();
    let stranger = answer(api.post("/v1/orders", &order)).await;
    stranger.is_problem(401, "unauthenticated");
    assert_eq!(stranger.header("ratelimit"), None);
}
