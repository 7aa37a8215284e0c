//! Idempotency keys live for a time.

use reqwest::Method;
use serde_json::json;
use test_kit::eventually;

use crate::api::{Api, DEADLINE, Log, answer, order};

async fn make_old(log: &Log, events: &str) {
    sqlx::raw_sql(&format!(
        "alter table event disable trigger event_is_immutable;
        update event set recorded_at = recorded_at - interval '8 days' where {events};
        alter table event enable always trigger event_is_immutable"
    ))
    .execute(&log.pool)
    .await
    .unwrap();
}

#[tokio::test]
async fn an_old_key_is_a_replay_until_it_is_forgotten_and_younger_ones_stay() {
    let log = Log::new().await;
    let keeps = Api::start(log.vars().with("IDEMPOTENCY_KEY_HOURS", "8760")).await;
    let place = |api: &Api, n: u32| {
        let (key, order) = (format!("k-{n}"), order(&format!("o-{n}")));
        answer(api.keyed("/v1/orders", &key, &order))
    };
    for n in 0..3 {
        assert_eq!(place(&keeps, n).await.status, 201);
    }
    make_old(&log, "position <= 2").await;
    let replay = place(&keeps, 0).await;
    assert_eq!(replay.header("idempotent-replayed"), Some("true"));
    keeps.stop().await;

    let api = Api::start(log.vars()).await;
    eventually("two keys fewer", DEADLINE, async || {
        (log.keys().await == 1).then_some(())
    })
    .await;
    place(&api, 0).await.is_problem(409, "id-taken");
    let young = place(&api, 2).await;
    assert_eq!(young.header("idempotent-replayed"), Some("true"));
    assert_eq!((log.events().await, log.keys().await), (3, 1));
    let metrics = api.request(Method::GET, "/metrics").send().await.unwrap();
    let metrics = metrics.text().await.unwrap();
    assert!(
        metrics.contains("idempotency_keys_deleted_total"),
        "{metrics}"
    );
    let note = json!({"text": "x"});
    api.done("/v1/orders/o-0/add-note", &note).await;
    api.stop().await;
}
