//! Several callers at once on one order, at one replica and at two.

use futures::future::join_all;
use serde_json::json;

use crate::api::{Answer, Api, answer};

/// How many answers have each status.
fn count(answers: &[Answer], status: u16) -> usize {
    answers
        .iter()
        .filter(|answer| answer.status == status)
        .count()
}

#[tokio::test]
async fn the_last_cent_is_captured_once() {
    let (one, log) = Api::with_log().await;
    let two = Api::start(log.vars()).await;
    one.place("o-1").await;
    let payment = json!({"payment_id": "p", "amount": 100});
    one.done("/v1/orders/o-1/authorize-payment", &payment).await;
    let cent = json!({"payment_id": "p", "amount": 100});
    let requests = [&one, &two, &one, &two]
        .map(|api| answer(api.post("/v1/orders/o-1/capture-payment", &cent)));
    let answers = join_all(requests).await;
    assert_eq!(count(&answers, 200), 1, "{answers:?}");
    for refused in answers.iter().filter(|answer| answer.status != 200) {
        refused.is_problem(409, "amount-exceeds-authorized");
        assert_eq!(refused.body["version"], 3);
    }
    assert_eq!(log.events().await, 3);
    one.stop().await;
    two.stop().await;
}

#[tokio::test]
async fn the_last_unit_ships_once() {
    let (one, log) = Api::with_log().await;
    let two = Api::start(log.vars()).await;
    one.place("o-1").await;
    one.done("/v1/orders/o-1/confirm", &json!({})).await;
    let lines = |quantity: i64| json!({"lines": [{"line_id": "1", "quantity": quantity}]});
    one.done("/v1/orders/o-1/ship", &lines(9)).await;
    let requests = [&one, &two].map(|api| answer(api.post("/v1/orders/o-1/ship", &lines(1))));
    let answers = join_all(requests).await;
    assert_eq!(
        (count(&answers, 200), count(&answers, 409)),
        (1, 1),
        "{answers:?}"
    );
    let refused = answers.iter().find(|answer| answer.status == 409).unwrap();
    refused.is_problem(409, "quantity-exceeds-open");
    assert_eq!(log.events().await, 4);
    one.stop().await;
    two.stop().await;
}

#[tokio::test]
async fn many_commands_on_one_order_all_go_through() {
    let (one, log) = Api::with_log().await;
    let two = Api::start(log.vars()).await;
    one.place("o-1").await;
    let note = json!({"text": "x"});
    let requests = (0..150).map(|n| {
        let api = if n % 2 == 0 { &one } else { &two };
        answer(api.post("/v1/orders/o-1/add-note", &note))
    });
    let answers = join_all(requests).await;
    assert_eq!(count(&answers, 200), 150, "{answers:?}");
    let mut versions: Vec<_> = answers
        .iter()
        .map(|a| a.body["version"].as_i64().unwrap())
        .collect();
    versions.sort_unstable();
    assert_eq!(versions, (2..=151).collect::<Vec<_>>());
    assert_eq!(log.events().await, 151);
    one.stop().await;
    two.stop().await;
}

#[tokio::test]
async fn of_two_who_name_the_same_version_one_is_told_that_it_is_stale() {
    let (one, log) = Api::with_log().await;
    let two = Api::start(log.vars()).await;
    one.place("o-1").await;
    let note = json!({"text": "x"});
    let requests = [&one, &two].map(|api| {
        answer(
            api.post("/v1/orders/o-1/add-note", &note)
                .header("if-match", "\"1\""),
        )
    });
    let answers = join_all(requests).await;
    assert_eq!(
        (count(&answers, 200), count(&answers, 412)),
        (1, 1),
        "{answers:?}"
    );
    let stale = answers.iter().find(|answer| answer.status == 412).unwrap();
    assert_eq!(stale.body["current_version"], 2);
    assert_eq!(log.events().await, 2);
    one.stop().await;
    two.stop().await;
}

#[tokio::test]
async fn one_new_order_id_is_given_to_one_of_many() {
    let (one, log) = Api::with_log().await;
    let two = Api::start(log.vars()).await;
    let order = crate::api::order("o-1");
    let requests = [&one, &two, &one, &two].map(|api| answer(api.post("/v1/orders", &order)));
    let answers = join_all(requests).await;
    assert_eq!(count(&answers, 201), 1, "{answers:?}");
    for refused in answers.iter().filter(|answer| answer.status != 201) {
        refused.is_problem(409, "id-taken");
        assert_eq!(refused.body["version"], 1);
    }
    assert_eq!((log.events().await, log.keys().await), (1, 1));
    one.stop().await;
    two.stop().await;
}
