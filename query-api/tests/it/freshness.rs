//! Reading one's own write.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use read_model::View;

use crate::stage::{Order, PATIENCE, Stage, checkpoint, id_in};

const PATHS: [&str; 4] = [
    "/v1/orders",
    "/v1/orders/o-1",
    "/v1/orders/by-number/2026-000005",
    "/v1/orders/o-1/timeline",
];

#[tokio::test]
async fn what_is_there_is_answered_at_once() {
    let stage = Stage::new().await;
    stage.apply(&Order::placed("o-1", 5)).await;
    stage.caught_up(5).await;
    for path in PATHS {
        let headers = [("min-position", "5"), ("prefer", "wait=0")];
        let answer = stage.get_with(path, &headers).await;
        assert_eq!(answer.status, 200, "{path}: {}", answer.text);
        assert_eq!(answer.position(), 5, "{path}");
    }
}

#[tokio::test]
async fn what_comes_while_waiting_is_answered() {
    let stage = Stage::new().await;
    let first = stage.get("/v1/orders").await;
    assert_eq!(first.position(), 0);
    for path in PATHS {
        let headers = [("min-position", "5"), ("prefer", "wait=0")];
        let body = stage.get_with(path, &headers).await;
        body.problem(503, "view-behind");
    }
    let headers = [("min-position", "5"), ("prefer", "wait=20")];
    let [list, one, number, timeline] = PATHS.map(|path| stage.get_with(path, &headers));
    let writing = async {
        // Something that is not enough comes first.
        stage.apply(&Order::placed("before", 4)).await;
        stage.apply(&Order::placed("o-1", 5)).await;
        stage.caught_up(5).await;
    };
    let (list, one, number, timeline, ()) = tokio::join!(list, one, number, timeline, writing);
    for answer in [&list, &one, &number, &timeline] {
        assert_eq!(answer.status, 200, "{}", answer.text);
        assert!(answer.position() >= 5);
    }
    assert!(list.ids().contains(&"o-1".to_owned()));
    assert_eq!(one.text, Order::placed("o-1", 5).document());
    assert_eq!(number.text, one.text);
    assert!(timeline.text.contains("\"sequence\": 1"));
}

#[tokio::test]
async fn what_does_not_come_in_time_is_told_and_never_stale() {
    let stage = Stage::new().await;
    stage.apply(&Order::placed("o-1", 5)).await;
    stage.caught_up(5).await;
    for path in PATHS {
        let began = Instant::now();
        let headers = [("min-position", "6"), ("prefer", "wait=1")];
        let answer = stage.get_with(path, &headers).await;
        let body = answer.problem(503, "view-behind");
        assert_eq!(body["position"], 5, "{path}");
        assert_eq!(answer.header("retry-after"), "1");
        assert!(began.elapsed() >= Duration::from_secs(1), "{path}");
        assert!(began.elapsed() < PATIENCE, "{path}");
    }
    // Not even what the caller has already is confirmed.
    let headers = [
        ("min-position", "6"),
        ("prefer", "wait=0"),
        ("if-none-match", "*"),
    ];
    let answer = stage.get_with("/v1/orders/o-1", &headers).await;
    answer.problem(503, "view-behind");
}

#[tokio::test]
async fn an_unknown_order_is_only_denied_when_the_view_is_there() {
    let stage = Stage::new().await;
    stage.apply(&Order::placed("o-1", 5)).await;
    stage.caught_up(5).await;
    for path in [
        "/v1/orders/unknown",
        "/v1/orders/by-number/2026-999999",
        "/v1/orders/unknown/timeline",
    ] {
        let headers = [("min-position", "6"), ("prefer", "wait=0")];
        let answer = stage.get_with(path, &headers).await;
        answer.problem(503, "view-behind");
        let answer = stage.get_with(path, &[("min-position", "5")]).await;
        answer.problem(404, "not-found");
        assert_eq!(answer.position(), 5);
    }
}

#[tokio::test]
async fn partitions_without_events_do_not_hold_the_view_back() {
    let stage = Stage::new().await;
    let (one, other) = (id_in(3), id_in(7));
    stage.apply(&Order::placed(&one, 10)).await;
    // Without a frontier nobody knows that the others have nothing.
    assert_eq!(stage.get("/v1/orders").await.position(), 0);
    stage.frontier(10, &HashMap::from([(3, 10)])).await;
    assert_eq!(stage.get("/v1/orders").await.position(), 10);
    // The log goes on in a partition that the view has not followed.
    stage.frontier(12, &HashMap::from([(3, 10), (7, 12)])).await;
    assert_eq!(stage.get("/v1/orders").await.position(), 10);
    stage.apply(&Order::placed(&other, 12)).await;
    assert_eq!(stage.get("/v1/orders").await.position(), 12);
    // A frontier of another number of partitions says nothing.
    sqlx::query(
        "insert into frontier (position, last) values (99, array_fill(0::bigint, array[8]))",
    )
    .execute(&stage.pool)
    .await
    .unwrap();
    assert_eq!(stage.get("/v1/orders").await.position(), 12);
}

#[tokio::test]
async fn one_order_needs_only_its_own_partition() {
    let stage = Stage::new().await;
    let (one, behind) = (id_in(3), id_in(7));
    stage.apply(&Order::placed(&one, 10)).await;
    stage.frontier(20, &HashMap::from([(3, 10), (7, 20)])).await;
    let path = format!("/v1/orders/{one}");
    // Its partition has nothing more up to 20, whatever the others still miss.
    let headers = [("min-position", "20"), ("prefer", "wait=0")];
    let answer = stage.get_with(&path, &headers).await;
    assert_eq!((answer.status.as_u16(), answer.position()), (200, 20));
    let number = "/v1/orders/by-number/2026-000010";
    assert_eq!(stage.get_with(number, &headers).await.position(), 20);
    let path = format!("/v1/orders/{behind}");
    let answer = stage.get_with(&path, &headers).await;
    assert_eq!(answer.problem(503, "view-behind")["position"], 0);
    let answer = stage.get_with("/v1/orders", &headers).await;
    assert_eq!(answer.problem(503, "view-behind")["position"], 0);
}

#[tokio::test]
async fn every_view_has_its_own_position() {
    let stage = Stage::new().await;
    let id = id_in(3);
    let order = Order::placed(&id, 1);
    let mut transaction = stage.pool.begin().await.unwrap();
    order.write(&mut transaction, 1).await;
    checkpoint(&mut transaction, View::Orders, 1, 3, 1).await;
    transaction.commit().await.unwrap();
    let headers = [("min-position", "1"), ("prefer", "wait=0")];
    let one = stage.get_with(&format!("/v1/orders/{id}"), &headers).await;
    assert_eq!(one.status, 200);
    let timeline = format!("/v1/orders/{id}/timeline");
    stage
        .get_with(&timeline, &headers)
        .await
        .problem(503, "view-behind");
}

/// Rows and checkpoints move while many read: position and document must always be of one moment.
#[tokio::test]
async fn a_position_never_promises_more_than_the_document_shows() {
    const WRITES: i64 = 150;
    let stage = Stage::new().await;
    stage.apply(&Order::placed("o-1", 1)).await;
    let writing = async {
        for version in 2..=WRITES {
            let order = Order {
                version,
                ..Order::placed("o-1", version)
            };
            stage.apply(&order).await;
        }
    };
    let reading = async |offset: i64| {
        for wanted in (1 + offset..=WRITES).step_by(4) {
            let minimum = wanted.to_string();
            let headers = [("min-position", minimum.as_str()), ("prefer", "wait=20")];
            let answer = stage.get_with("/v1/orders/o-1", &headers).await;
            assert_eq!(answer.status, 200, "{}", answer.text);
            let shown = answer.json()["position"].as_i64().unwrap();
            assert!(answer.position() >= wanted);
            assert_eq!(answer.position(), shown);
            assert_eq!(answer.header("etag"), format!("\"{shown}\""));
        }
    };
    tokio::join!(writing, reading(0), reading(1), reading(2), reading(3));
}

#[tokio::test]
async fn a_malformed_position_is_refused() {
    let stage = Stage::new().await;
    for value in ["-1", "x", "1.5", "99999999999999999999"] {
        let answer = stage
            .get_with("/v1/orders", &[("min-position", value)])
            .await;
        answer.problem(400, "malformed");
    }
}
