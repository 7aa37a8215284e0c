//! The database goes, and comes back.

use reqwest::Method;
use serde_json::json;
use test_kit::eventually;

use crate::api::{Api, DEADLINE, answer, order};

#[tokio::test]
async fn without_its_database_nothing_is_changed_and_then_all_goes_on() {
    let (api, log) = Api::with_log().await;
    api.place("o-1").await;
    let ready = async || answer(api.request(Method::GET, "/health/ready")).await;
    assert_eq!(ready().await.status, 200);

    log.take_away().await;
    let confirm = || answer(api.keyed("/v1/orders/o-1/confirm", "k-1", &json!({})));
    let place = || answer(api.keyed("/v1/orders", "k-2", &order("o-2")));
    // A connection that breaks under an append leaves its outcome open until the log answers again, and what comes
    // after it waits in the queue for that.
    for refused in [confirm().await, place().await] {
        assert_eq!(refused.status, 503);
        assert!(
            ["unavailable", "outcome-unknown", "overloaded"].contains(&refused.problem()),
            "{refused:?}"
        );
    }
    let unready = ready().await;
    assert_eq!(
        (unready.status.as_u16(), &unready.body["status"]),
        (503, &json!("not-ready"))
    );

    log.bring_back().await;
    eventually("the service to be ready", DEADLINE, async || {
        (ready().await.status == 200).then_some(())
    })
    .await;
    for _ in 0..2 {
        assert_eq!(confirm().await.status, 200);
    }
    let placed = eventually("the order", DEADLINE, async || {
        Some(place().await).filter(|placed| placed.status == 201)
    })
    .await;
    assert_eq!(placed.body["version"], 1);
    assert_eq!((log.events().await, log.keys().await), (3, 3));
    api.stop().await;
}

#[tokio::test]
async fn a_service_starts_before_its_database_and_without_its_broker() {
    let (api, log) = Api::with_log().await;
    api.stop().await;
    log.take_away().await;
    let api = Api::start(log.vars()).await;
    let refused = answer(api.post("/v1/orders", &order("o-1"))).await;
    refused.is_problem(503, "unavailable");

    log.bring_back().await;
    eventually("the first order", DEADLINE, async || {
        Some(answer(api.post("/v1/orders", &order("o-1"))).await).filter(|a| a.status == 201)
    })
    .await;
    let ready = answer(api.request(Method::GET, "/health/ready")).await;
    assert_eq!(
        (ready.status.as_u16(), &ready.body["status"]),
        (200, &json!("degraded"))
    );
    assert_eq!(ready.body["checks"]["nats"], "not connected");
    api.stop().await;
}
