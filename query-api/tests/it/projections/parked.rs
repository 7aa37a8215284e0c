//! What readers see of an order that a view could not take in: never less than they were promised.

use read_model::View;

use super::park;
use crate::stage::{Answer, Order, PATIENCE, Stage, id_in};

const NUMBER: &str = "/v1/orders/by-number/2026-000005";

/// An order at 5, whose event at 8 was not taken in; the view goes on up to 9.
async fn stage_with_one(id: &str) -> Stage {
    let stage = Stage::new().await;
    stage.apply(&Order::placed(id, 5)).await;
    park(&stage, View::Orders, 1, id, 8).await;
    let other = Order::placed("another", 9);
    assert_ne!(other.id, id);
    stage.apply(&other).await;
    move_on(&stage, id, 9).await;
    stage
}

/// Moves on the checkpoint of this order's partition, as parking does not hold it back.
async fn move_on(stage: &Stage, id: &str, position: i64) {
    sqlx::query(
        "update checkpoint set position = $1, event_id = gen_random_uuid()
        where projection = 'orders' and partition = $2 and position < $1",
    )
    .bind(position)
    .bind(crate::stage::partition_of_id(id))
    .execute(&stage.pool)
    .await
    .unwrap();
    stage.caught_up(position).await;
}

async fn at_least(stage: &Stage, path: &str, minimum: &str) -> Answer {
    let headers = [("min-position", minimum), ("prefer", "wait=0")];
    stage.get_with(path, &headers).await
}

#[tokio::test]
async fn the_last_good_document_is_shown_and_promises_no_more_than_it_has() {
    let stage = stage_with_one("o-1").await;
    let good = Order::placed("o-1", 5).document();
    for path in ["/v1/orders/o-1", NUMBER] {
        let answer = stage.get(path).await;
        assert_eq!(
            (answer.status.as_u16(), answer.text.as_str()),
            (200, good.as_str())
        );
        assert_eq!(answer.position(), 7, "{path}");
        let answer = at_least(&stage, path, "7").await;
        assert_eq!(
            (answer.status.as_u16(), answer.text.as_str()),
            (200, good.as_str())
        );
        for beyond in ["8", "9", "12"] {
            let answer = at_least(&stage, path, beyond).await;
            let body = answer.problem(503, "view-behind");
            assert_eq!(body["position"], 7, "{path}");
            let detail = body["detail"].as_str().unwrap();
            assert!(detail.contains("at position 8"), "{detail}");
        }
        // Not even what the caller has already is confirmed.
        let headers = [
            ("min-position", "8"),
            ("prefer", "wait=0"),
            ("if-none-match", "\"1\""),
        ];
        stage
            .get_with(path, &headers)
            .await
            .problem(503, "view-behind");
    }
}

#[tokio::test]
async fn other_orders_lists_and_the_history_are_not_held_back() {
    let stage = stage_with_one("o-1").await;
    let other = at_least(&stage, "/v1/orders/another", "9").await;
    assert_eq!((other.status.as_u16(), other.position()), (200, 9));
    let other = at_least(&stage, "/v1/orders/by-number/2026-000009", "9").await;
    assert_eq!((other.status.as_u16(), other.position()), (200, 9));
    let list = at_least(&stage, "/v1/orders", "9").await;
    assert_eq!(list.ids(), ["another", "o-1"]);
    assert_eq!(list.position(), 9);
    assert!(list.text.contains(&Order::placed("o-1", 5).document()));
    // The history has not parked it: the order's partition is at 5 there.
    let timeline = at_least(&stage, "/v1/orders/o-1/timeline", "5").await;
    assert_eq!(timeline.status, 200, "{}", timeline.text);
    // Parked elsewhere, it is not parked here.
    park(&stage, View::Returns, 1, "another", 1).await;
    let other = at_least(&stage, "/v1/orders/another", "9").await;
    assert_eq!(other.position(), 9);
}

#[tokio::test]
async fn an_order_whose_first_event_is_parked_is_not_denied() {
    let stage = Stage::new().await;
    let id = id_in(3);
    stage.apply(&Order::placed("another", 9)).await;
    park(&stage, View::Orders, 1, &id, 8).await;
    move_on(&stage, &id, 9).await;
    let path = format!("/v1/orders/{id}");
    at_least(&stage, &path, "8")
        .await
        .problem(503, "view-behind");
    let answer = at_least(&stage, &path, "7").await;
    answer.problem(404, "not-found");
    assert_eq!(answer.position(), 7);

    // Any number that nobody has may be its number.
    let number = "/v1/orders/by-number/2026-000008";
    let answer = at_least(&stage, number, "8").await;
    assert_eq!(answer.problem(503, "view-behind")["position"], 7);
    let answer = at_least(&stage, number, "7").await;
    answer.problem(404, "not-found");
    assert_eq!(answer.position(), 7);
    // But not that of an order whose number is known.
    sqlx::query("update parked set order_id = 'another'")
        .execute(&stage.pool)
        .await
        .unwrap();
    at_least(&stage, number, "9")
        .await
        .problem(404, "not-found");
}

#[tokio::test]
async fn who_waits_gets_the_order_when_it_was_taken_in() {
    let stage = stage_with_one("o-1").await;
    let after = Order {
        version: 2,
        ..Order::placed("o-1", 8)
    };
    for path in ["/v1/orders/o-1", "/v1/orders/by-number/2026-000008"] {
        let headers = [("min-position", "8"), ("prefer", "wait=20")];
        let taken_in = async {
            // The question has been asked when it is counted among those who wait.
            test_kit::eventually("the question to be asked", PATIENCE, async || {
                let asked: bool = sqlx::query_scalar(
                    "select exists (
                        select from pg_stat_activity
                        where application_name = 'query-api' and datname = current_database()
                        and query like 'select p.live_generation%'
                    )",
                )
                .fetch_one(&stage.pool)
                .await
                .unwrap();
                asked.then_some(())
            })
            .await;
            let mut transaction = stage.pool.begin().await.unwrap();
            after.write_row(&mut transaction, 1).await;
            sqlx::query("delete from parked")
                .execute(&mut *transaction)
                .await
                .unwrap();
            transaction.commit().await.unwrap();
        };
        let (answer, ()) = tokio::join!(stage.get_with(path, &headers), taken_in);
        assert_eq!(
            (answer.status.as_u16(), answer.text.clone()),
            (200, after.document()),
            "{path}"
        );
        assert_eq!(answer.position(), 9);
        park(&stage, View::Orders, 1, "o-1", 8).await;
    }
}

#[tokio::test]
async fn what_is_parked_in_another_generation_is_not_parked_in_this_one() {
    let stage = stage_with_one("o-1").await;
    let mut transaction = stage.pool.begin().await.unwrap();
    let keeper = read_model::Keeper::Owners;
    read_model::create_generation(
        &mut transaction,
        View::Orders,
        2,
        crate::stage::PARTITIONS,
        keeper,
    )
    .await
    .unwrap();
    Order::placed("o-1", 8).write_row(&mut transaction, 2).await;
    sqlx::query(
        "update checkpoint set position = 9, event_id = gen_random_uuid()
        where projection = 'orders' and generation = 2",
    )
    .execute(&mut *transaction)
    .await
    .unwrap();
    sqlx::query("update projection set live_generation = 2 where name = 'orders'")
        .execute(&mut *transaction)
        .await
        .unwrap();
    transaction.commit().await.unwrap();
    for path in ["/v1/orders/o-1", "/v1/orders/by-number/2026-000008"] {
        let answer = at_least(&stage, path, "9").await;
        assert_eq!(
            (answer.status.as_u16(), answer.position()),
            (200, 9),
            "{}",
            answer.text
        );
    }
}
