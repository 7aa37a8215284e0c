//! One order, by its id and by its number.

use reqwest::Method;

use crate::stage::{Order, Stage};

/// JSON that any decoding and encoding would change.
const ODD: &str =
    "{ \"order_id\" : \"o-1\",\n\t\"b\":1.50, \"a\" : 10e1 ,\"text\":\"\\u00e4\\/ ä\", \"a\":[ ] }";

#[tokio::test]
async fn the_stored_bytes_go_out_everywhere() {
    let stage = Stage::new().await;
    let order = Order {
        document: Some(ODD.to_owned()),
        ..Order::placed("o-1", 1)
    };
    stage.apply(&order).await;
    for path in ["/v1/orders/o-1", "/v1/orders/by-number/2026-000001"] {
        let answer = stage.get(path).await;
        assert_eq!(answer.status, 200);
        assert_eq!(answer.text, ODD);
        assert_eq!(answer.header("content-type"), "application/json");
        assert_eq!(answer.header("cache-control"), "private, no-cache");
    }
    let list = stage.get("/v1/orders").await;
    assert_eq!(
        list.text,
        format!("{{\"items\":[{ODD}],\"next_cursor\":null}}")
    );
    let timeline = stage.get("/v1/orders/o-1/timeline").await;
    let entry = order.entry();
    assert_eq!(
        timeline.text,
        format!("{{\"items\":[{entry}],\"next_cursor\":null}}")
    );
}

#[tokio::test]
async fn the_version_is_the_entity_tag() {
    let stage = Stage::new().await;
    let order = Order {
        version: 3,
        ..Order::placed("o-1", 7)
    };
    stage.apply(&order).await;
    for path in ["/v1/orders/o-1", "/v1/orders/by-number/2026-000007"] {
        let full = stage.get(path).await;
        assert_eq!(full.header("etag"), "\"3\"");
        assert_eq!(full.position(), 7);
        for known in ["\"3\"", "W/\"3\"", "\"1\", \"3\"", "*"] {
            let answer = stage.get_with(path, &[("if-none-match", known)]).await;
            assert_eq!(answer.status, 304, "{known}");
            assert_eq!(answer.text, "");
            assert_eq!(answer.header("etag"), "\"3\"");
            assert_eq!(answer.position(), 7);
        }
        for other in ["\"2\"", "3", "\"33\""] {
            let answer = stage.get_with(path, &[("if-none-match", other)]).await;
            assert_eq!(answer.status, 200, "{other}");
        }
    }
}

#[tokio::test]
async fn head_answers_like_get_without_the_body() {
    let stage = Stage::new().await;
    stage.apply(&Order::placed("o-1", 1)).await;
    let get = stage.get("/v1/orders/o-1").await;
    let head = stage.ask(Method::HEAD, "/v1/orders/o-1", &[]).await;
    assert_eq!(head.status, 200);
    assert_eq!(head.text, "");
    for name in ["etag", "log-position", "content-type", "content-length"] {
        assert_eq!(head.header(name), get.header(name), "{name}");
    }
}

#[tokio::test]
async fn what_does_not_exist_is_not_found() {
    let stage = Stage::new().await;
    stage.apply(&Order::placed("o-1", 1)).await;
    stage.caught_up(5).await;
    for path in [
        "/v1/orders/o-2",
        "/v1/orders/o-2/timeline",
        "/v1/orders/by-number/2026-000002",
    ] {
        let answer = stage.get(path).await;
        let body = answer.problem(404, "not-found");
        assert_eq!(body["instance"], path);
        assert_eq!(answer.position(), 5, "{path}");
    }
    let long = format!("/v1/orders/{}", "x".repeat(256));
    for path in [
        "/v1/orders/o%201",
        "/v1/orders/o-1%00",
        "/v1/orders/%ff",
        "/v1/orders/by-number",
        "/v1/orders/by-number/o-1",
        "/v1/orders/by-number/%00",
        "/v1/orders/%ff/timeline",
        &long,
    ] {
        stage.get(path).await.problem(404, "not-found");
    }
}

#[tokio::test]
async fn a_switch_of_generations_is_followed_at_once() {
    let stage = Stage::new().await;
    let old = Order::placed("o-1", 1);
    stage.apply(&old).await;
    assert_eq!(stage.get("/v1/orders/o-1").await.text, old.document());

    let new = Order {
        document: Some("{\"rebuilt\":true}".to_owned()),
        ..old
    };
    let mut transaction = stage.pool.begin().await.unwrap();
    let view = read_model::View::Orders;
    let (partitions, keeper) = (crate::stage::PARTITIONS, read_model::Keeper::Owners);
    read_model::create_generation(&mut transaction, view, 2, partitions, keeper)
        .await
        .unwrap();
    sqlx::query("create table order_history_2 (like order_history_1)")
        .execute(&mut *transaction)
        .await
        .unwrap();
    new.write(&mut transaction, 2).await;
    let partition = read_model::partition_of(&new.id, crate::stage::PARTITIONS);
    crate::stage::checkpoint(&mut transaction, view, 2, partition, 1).await;
    sqlx::query("update projection set live_generation = 2 where name = 'orders'")
        .execute(&mut *transaction)
        .await
        .unwrap();
    transaction.commit().await.unwrap();
    assert_eq!(stage.get("/v1/orders/o-1").await.text, "{\"rebuilt\":true}");

    let mut transaction = stage.pool.begin().await.unwrap();
    read_model::drop_generation(&mut transaction, view, 1)
        .await
        .unwrap();
    transaction.commit().await.unwrap();
    assert_eq!(stage.get("/v1/orders/o-1").await.text, "{\"rebuilt\":true}");
}
