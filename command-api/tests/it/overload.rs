//! More than the log takes, and less time than it needs.

use reqwest::Method;
use serde_json::json;
use test_kit::eventually;

use crate::api::{Api, DEADLINE, Log, answer, order};

#[tokio::test]
async fn a_full_queue_refuses_and_what_it_took_is_done() {
    let log = Log::new().await;
    let api = Api::start(log.vars().with("APPEND_QUEUE", "1")).await;
    let held = log.hold().await;
    let post = |id: &str| answer(api.post("/v1/orders", &order(id)));
    let in_batch = tokio::spawn(post("o-1"));
    log.somebody_waits_for_the_lock().await;
    // One more has a place in the queue; of the others each is refused at once.
    let mut later: Vec<_> = (2..6)
        .map(|n| tokio::spawn(post(&format!("o-{n}"))))
        .collect();
    eventually("three refusals", DEADLINE, async || {
        (later.iter().filter(|answer| answer.is_finished()).count() == 3).then_some(())
    })
    .await;
    held.release().await;
    assert_eq!(in_batch.await.unwrap().status, 201);
    let mut answers = Vec::new();
    for answer in later.drain(..) {
        answers.push(answer.await.unwrap());
    }
    answers.sort_by_key(|answer| answer.status);
    assert_eq!(answers[0].status, 201);
    for refused in &answers[1..] {
        refused.is_problem(503, "overloaded");
    }
    assert_eq!(log.events().await, 2);
    api.stop().await;
}

#[tokio::test]
async fn a_deadline_before_the_log_had_it_is_overloaded_and_after_it_unknown() {
    let log = Log::new().await;
    let api = Api::start(log.vars().with("REQUEST_DEADLINE_MS", "1000")).await;
    let held = log.hold().await;
    let post = |key: &'static str| answer(api.keyed("/v1/orders", key, &order(key)));
    let in_batch = tokio::spawn(post("k-1"));
    log.somebody_waits_for_the_lock().await;
    post("k-2").await.is_problem(503, "overloaded");
    in_batch.await.unwrap().is_problem(503, "outcome-unknown");

    held.release().await;
    let again = answer(api.keyed("/v1/orders", "k-1", &order("k-1"))).await;
    assert_eq!(again.status, 201, "{again:?}");
    let first = answer(api.keyed("/v1/orders", "k-2", &order("k-2"))).await;
    assert_eq!(
        (first.status.as_u16(), first.header("idempotent-replayed")),
        (201, None)
    );
    assert_eq!((log.events().await, log.keys().await), (2, 2));
    api.stop().await;
}

#[tokio::test]
async fn a_body_that_does_not_come_in_time_is_given_up() {
    let log = Log::new().await;
    let api = Api::start(log.vars().with("REQUEST_DEADLINE_MS", "200")).await;
    let never = futures::stream::pending::<Result<Vec<u8>, std::io::Error>>();
    let slow = api
        .request(Method::POST, "/v1/orders")
        .header("idempotency-key", "k")
        .header("content-type", "application/json")
        .body(reqwest::Body::wrap_stream(never));
    answer(slow).await.is_problem(503, "overloaded");
    assert_eq!(log.events().await, 0);
    api.stop().await;
}

#[tokio::test]
async fn a_caller_who_goes_away_cancels_nothing() {
    let (api, log) = Api::with_log().await;
    let held = log.hold().await;
    let gone = tokio::spawn(answer(api.keyed("/v1/orders", "k", &order("o-1"))));
    log.somebody_waits_for_the_lock().await;
    gone.abort();
    held.release().await;
    eventually("the order", DEADLINE, async || {
        (log.events().await == 1).then_some(())
    })
    .await;
    let again = answer(api.keyed("/v1/orders", "k", &order("o-1"))).await;
    assert_eq!(again.header("idempotent-replayed"), Some("true"));
    assert_eq!(again.body["version"], json!(1));
    api.stop().await;
}
