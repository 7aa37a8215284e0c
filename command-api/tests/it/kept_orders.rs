//! Orders that a process keeps in memory: what others did meanwhile makes no answer untrue.

use serde_json::{Value, json};

use crate::api::{Answer, Api, Log, answer, new_key};

/// Two replicas that both know order `o-1` as it was placed: 10 units, confirmed.
async fn two_who_know_it() -> (Api, Api, Log) {
    let (one, log) = Api::with_log().await;
    let two = Api::start(log.vars()).await;
    one.place("o-1").await;
    one.done("/v1/orders/o-1/confirm", &json!({})).await;
    two.done("/v1/orders/o-1/tag", &json!({"tag": "known"}))
        .await;
    one.done("/v1/orders/o-1/tag", &json!({"tag": "known as well"}))
        .await;
    (one, two, log)
}

fn units(quantity: i64) -> Value {
    json!({"lines": [{"line_id": "1", "quantity": quantity}]})
}

#[tokio::test]
async fn a_command_on_a_kept_order_is_accepted_without_loading_it() {
    let (one, log) = Api::with_log().await;
    let two = Api::start(log.vars()).await;
    let keeps_none = Api::start(log.vars().with("ORDER_CACHE_ORDERS", "0")).await;
    one.place("o-1").await;
    keeps_none.place("o-2").await;
    // Every load looks for a snapshot, and no append does.
    let hide = "alter table snapshot rename to hidden";
    sqlx::query(hide).execute(&log.pool).await.unwrap();
    for note in 0..3 {
        one.done(
            "/v1/orders/o-1/add-note",
            &json!({"text": format!("{note}")}),
        )
        .await;
    }
    let note = json!({"text": "x"});
    for (api, path) in [(&two, "/v1/orders/o-1"), (&keeps_none, "/v1/orders/o-2")] {
        let refused = answer(api.post(&format!("{path}/add-note"), &note)).await;
        refused.is_problem(500, "internal");
    }
    assert_eq!(log.events().await, 5);
    for api in [one, two, keeps_none] {
        api.stop().await;
    }
}

#[tokio::test]
async fn what_an_old_order_would_refuse_is_accepted_if_the_log_allows_it() {
    let (one, two, _log) = two_who_know_it().await;
    let hold = json!({"hold_id": "h", "reason": "fraud_check"});
    one.done("/v1/orders/o-1/hold", &hold).await;
    two.done("/v1/orders/o-1/release-hold", &json!({"hold_id": "h"}))
        .await;
    let shipped = one.done("/v1/orders/o-1/ship", &units(1)).await;
    assert_eq!(shipped["version"], 7);
    one.stop().await;
    two.stop().await;
}

#[tokio::test]
async fn what_an_old_order_would_accept_is_refused_with_the_order_as_it_is() {
    let (one, two, log) = two_who_know_it().await;
    two.done("/v1/orders/o-1/ship", &units(10)).await;
    let refused = answer(one.post("/v1/orders/o-1/ship", &units(1))).await;
    refused.is_problem(409, "quantity-exceeds-open");
    assert_eq!(refused.body["version"], 5);
    // And both rules at once: the old order is refused for another reason than the log's.
    two.done(
        "/v1/orders/o-1/hold",
        &json!({"hold_id": "h", "reason": "x"}),
    )
    .await;
    let refused = answer(one.post("/v1/orders/o-1/ship", &units(1))).await;
    refused.is_problem(409, "on-hold");
    assert_eq!(refused.body["version"], 6);
    assert_eq!(log.events().await, 6);
    one.stop().await;
    two.stop().await;
}

#[tokio::test]
async fn versions_are_compared_with_the_log() {
    let (one, two, _log) = two_who_know_it().await;
    two.done("/v1/orders/o-1/add-note", &json!({"text": "x"}))
        .await;
    let note = |version: &str| {
        let body = json!({"text": "y"});
        answer(
            one.post("/v1/orders/o-1/add-note", &body)
                .header("if-match", version),
        )
    };
    let stale = note("\"4\"").await;
    stale.is_problem(412, "version-mismatch");
    assert_eq!(stale.body["current_version"], 5);
    two.done("/v1/orders/o-1/add-note", &json!({"text": "z"}))
        .await;
    let right = note("\"6\"").await;
    assert_eq!(
        (right.status.as_u16(), &right.body["version"]),
        (200, &json!(7))
    );
    one.stop().await;
    two.stop().await;
}

#[tokio::test]
async fn a_dry_run_is_of_the_order_as_the_log_has_it() {
    let (one, two, _log) = two_who_know_it().await;
    two.done("/v1/orders/o-1/ship", &units(4)).await;
    let run = |quantity| {
        let path = "/v1/orders/o-1/ship?dry_run=true";
        answer(one.post(path, &units(quantity)))
    };
    let shown = run(6).await;
    assert_eq!(
        (shown.status.as_u16(), &shown.body["version"]),
        (200, &json!(6))
    );
    let refused = run(7).await;
    refused.is_problem(409, "quantity-exceeds-open");
    assert_eq!(refused.body["version"], 5);
    one.stop().await;
    two.stop().await;
}

#[tokio::test]
async fn a_key_that_had_its_effect_elsewhere_is_a_replay_though_the_old_order_refuses() {
    let (one, two, log) = two_who_know_it().await;
    let hold = json!({"hold_id": "h", "reason": "fraud_check"});
    one.done("/v1/orders/o-1/hold", &hold).await;
    two.done("/v1/orders/o-1/release-hold", &json!({"hold_id": "h"}))
        .await;
    // `one` knows the order on hold, which would refuse this; `two` ships all, so that the log refuses it as well.
    let ship = |api: &Api, key: &str| api.keyed("/v1/orders/o-1/ship", key, &units(10));
    let key = new_key();
    let shipped = answer(ship(&two, &key)).await;
    assert_eq!(shipped.status, 200);
    let again = answer(ship(&one, &key)).await;
    assert_eq!(
        again.header("idempotent-replayed"),
        Some("true"),
        "{again:?}"
    );
    assert_eq!(again.body, shipped.body);
    let reused = answer(one.keyed("/v1/orders/o-1/ship", &key, &units(9))).await;
    reused.is_problem(422, "key-reused");
    assert_eq!(log.events().await, 7);
    one.stop().await;
    two.stop().await;
}

#[tokio::test]
async fn an_order_kept_from_a_history_that_was_lost_decides_nothing() {
    let (one, two, log) = two_who_know_it().await;
    one.done(
        "/v1/orders/o-1/hold",
        &json!({"hold_id": "h", "reason": "x"}),
    )
    .await;
    // What a failover to a standby that lagged does: the hold is lost, and another event has its place.
    sqlx::raw_sql(
        "alter table event disable trigger event_is_immutable;
        delete from idempotency_key where position = 5;
        delete from event where position = 5;
        alter table event enable always trigger event_is_immutable",
    )
    .execute(&log.pool)
    .await
    .unwrap();
    two.done("/v1/orders/o-1/ship", &units(10)).await;

    // Accepted on the order as it was kept (a hold is there to be released); refused by the log.
    let refused: Answer =
        answer(one.post("/v1/orders/o-1/release-hold", &json!({"hold_id": "h"}))).await;
    refused.is_problem(409, "unknown-hold");
    assert_eq!(refused.body["version"], 5);
    let delivered = one
        .done("/v1/orders/o-1/add-note", &json!({"text": "goes on"}))
        .await;
    assert_eq!(delivered["version"], 6);
    one.stop().await;
    two.stop().await;
}

#[tokio::test]
async fn however_little_is_kept_every_answer_is_the_same() {
    let log = Log::new().await;
    let mut versions = Vec::new();
    for (number, orders) in ["0", "1", "10000"].iter().enumerate() {
        let api = Api::start(log.vars().with("ORDER_CACHE_ORDERS", *orders)).await;
        let ids = [0, 1].map(|n| format!("o-{number}-{n}"));
        for id in &ids {
            api.place(id).await;
        }
        for _ in 0..3 {
            for id in &ids {
                let path = format!("/v1/orders/{id}/add-note");
                let noted = api.done(&path, &json!({"text": "x"})).await;
                versions.push(noted["version"].as_i64().unwrap());
            }
        }
        api.stop().await;
    }
    assert_eq!(versions, [2, 2, 3, 3, 4, 4].repeat(3));
}

#[tokio::test]
async fn what_is_kept_is_counted() {
    let (api, _log) = Api::with_log().await;
    api.place("o-1").await;
    api.done("/v1/orders/o-1/confirm", &json!({})).await;
    let metrics = api.request(reqwest::Method::GET, "/metrics").send().await;
    let metrics = metrics.unwrap().text().await.unwrap();
    for name in [
        "order_cache_lookups_total{outcome=\"hit\"}",
        "order_cache_orders ",
        "order_cache_bytes ",
    ] {
        assert!(metrics.contains(name), "{name}: {metrics}");
    }
    api.stop().await;
}
