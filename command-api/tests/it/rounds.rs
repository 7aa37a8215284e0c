//! Two callers at two replicas want the same last unit or cent, a thousand times each: exactly one
//! gets it, the other is told the rule, and the facts add up.

use futures::StreamExt as _;
use serde_json::{Value, json};

use crate::api::{Api, address, answer, line};

/// How often each pair meets, each time on an order of its own.
const ROUNDS: usize = 1_000;

/// How many pairs are under way at a time.
const AT_ONCE: usize = 16;

/// Orders per upload that prepares them: an upload has at most 10,000 lines.
const PER_UPLOAD: usize = 500;

fn order_id(round: usize) -> String {
    format!("o-{round}")
}

/// One unit for one cent.
fn smallest_order(order_id: &str) -> Value {
    json!({
        "order_id": order_id, "currency": "EUR", "customer": {"customer_id": "c-1"},
        "lines": [{"line_id": "1", "sku": "S", "name": "N", "quantity": 1, "unit_price": 1}],
        "shipping_address": address(),
    })
}

/// Lets two callers send `command` on each of the orders, prepared by `before`.
async fn meet(
    before: &[(&str, Value)],
    (command, body): (&str, Value),
    (event, rule): (&str, &str),
) {
    let (one, log) = Api::with_log().await;
    let two = Api::start(log.vars()).await;
    let rounds: Vec<usize> = (0..ROUNDS).collect();
    for rounds in rounds.chunks(PER_UPLOAD) {
        let prepared = rounds.iter().flat_map(|round| {
            let id = order_id(*round);
            let place = line("place", None, &smallest_order(&id));
            let steps = before
                .iter()
                .map(move |(name, data)| line(name, Some(&id), data));
            std::iter::once(place).chain(steps)
        });
        for answer in one.bulk(&prepared.collect::<Vec<_>>()).await {
            assert!(
                answer["status"].as_i64().is_some_and(|status| status < 300),
                "{answer}"
            );
        }
    }
    let version = 2 + before.len();
    futures::stream::iter(rounds)
        .for_each_concurrent(AT_ONCE, async |round| {
            let path = format!("/v1/orders/{}/{command}", order_id(round));
            let (left, right) = futures::future::join(
                answer(one.post(&path, &body)),
                answer(two.post(&path, &body)),
            )
            .await;
            let (won, lost) = if left.status == 200 {
                (left, right)
            } else {
                (right, left)
            };
            assert_eq!(won.status, 200, "nobody won: {won:?} {lost:?}");
            assert_eq!(won.body["version"], version);
            lost.is_problem(409, rule);
            assert_eq!(lost.body["version"], version);
        })
        .await;
    let count = "select count(*), count(distinct aggregate_id) from event where event_type = $1";
    let facts: (i64, i64) = sqlx::query_as(count)
        .bind(event)
        .fetch_one(&log.pool)
        .await
        .unwrap();
    let rounds = i64::try_from(ROUNDS).unwrap();
    assert_eq!(facts, (rounds, rounds));
    assert_eq!(log.events().await, rounds * i64::try_from(version).unwrap());
    one.stop().await;
    two.stop().await;
}

fn cent() -> Value {
    json!({"payment_id": "p", "amount": 1})
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_last_unit_ships_once_each_time() {
    let last = json!({"lines": [{"line_id": "1", "quantity": 1}]});
    let told = ("ShipmentCreated", "quantity-exceeds-open");
    meet(&[("confirm", Value::Null)], ("ship", last), told).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_last_cent_is_captured_once_each_time() {
    let told = ("PaymentCaptured", "amount-exceeds-authorized");
    meet(
        &[("authorize-payment", cent())],
        ("capture-payment", cent()),
        told,
    )
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_last_cent_is_refunded_once_each_time() {
    let before = [("authorize-payment", cent()), ("capture-payment", cent())];
    let last = json!({"amount": 1, "reason": "goodwill"});
    let told = ("RefundGranted", "amount-exceeds-captured");
    meet(&before, ("refund", last), told).await;
}
