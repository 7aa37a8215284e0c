//! What can ship, and what comes back.

use read_model::fulfillment_queue::{self, QueueRow};
use read_model::returns::{self, ReturnRow};
use read_model::{ReturnState, Timestamp, View, partition_of};
use serde_json::json;

use crate::stage::{PARTITIONS, Stage, checkpoint, minute};

fn queued(order_id: &str, confirmed_at: Timestamp) -> QueueRow {
    QueueRow {
        order_id: order_id.to_owned(),
        confirmed_at,
        entry: format!(r#"{{"order_id":"{order_id}","confirmed_at":"{confirmed_at}","lines":[]}}"#),
    }
}

fn returned(order_id: &str, return_id: &str, position: i64, status: ReturnState) -> ReturnRow {
    ReturnRow {
        order_id: order_id.to_owned(),
        return_id: return_id.to_owned(),
        status,
        requested_at: minute(position),
        position,
        document: format!(
            r#"{{"order_id":"{order_id}","return_id":"{return_id}","status":"{status}"}}"#
        ),
    }
}

impl Stage {
    async fn confirmed(&self, row: &QueueRow, at: i64) {
        let mut transaction = self.pool.begin().await.unwrap();
        let partition = partition_of(&row.order_id, PARTITIONS);
        checkpoint(&mut transaction, View::FulfillmentQueue, 1, partition, at).await;
        fulfillment_queue::write(&mut transaction, 1, &[row])
            .await
            .unwrap();
        transaction.commit().await.unwrap();
    }

    async fn requested(&self, row: &ReturnRow, at: i64) {
        let mut transaction = self.pool.begin().await.unwrap();
        let partition = partition_of(&row.order_id, PARTITIONS);
        checkpoint(&mut transaction, View::Returns, 1, partition, at).await;
        returns::write(&mut transaction, 1, &[row]).await.unwrap();
        transaction.commit().await.unwrap();
    }

    async fn return_ids(&self, path: &str) -> Vec<String> {
        let answer = self.get(path).await;
        assert_eq!(answer.status, 200, "{path}: {}", answer.text);
        let body = answer.json();
        let items = body["items"].as_array().unwrap().iter();
        items
            .map(|item| item["return_id"].as_str().unwrap().to_owned())
            .collect()
    }
}

#[tokio::test]
async fn the_oldest_confirmation_is_the_first_to_ship_and_tells_its_age() {
    let stage = Stage::new().await;
    let now: chrono::DateTime<chrono::Utc> = sqlx::query_scalar("select now()")
        .fetch_one(&stage.pool)
        .await
        .unwrap();
    let ago = |seconds: i64| Timestamp::from_datetime(now - chrono::TimeDelta::seconds(seconds));
    stage.confirmed(&queued("b", ago(60)), 1).await;
    stage.confirmed(&queued("a", ago(60)), 2).await;
    stage.confirmed(&queued("old", ago(90_000)), 3).await;
    // The log's clock may be ahead of the views'.
    stage.confirmed(&queued("future", ago(-3_600)), 4).await;
    let answer = stage.get("/v1/fulfillment/queue").await;
    assert_eq!(answer.ids(), ["old", "a", "b", "future"]);
    let items = answer.json()["items"].as_array().unwrap().clone();
    let ages: Vec<i64> = items
        .iter()
        .map(|item| item["age_seconds"].as_i64().unwrap())
        .collect();
    assert!((90_000..90_060).contains(&ages[0]), "{ages:?}");
    assert!(
        (60..120).contains(&ages[1]) && ages[1] == ages[2],
        "{ages:?}"
    );
    assert_eq!(ages[3], 0);
    assert_eq!(items[3]["lines"], json!([]));

    let mut connection = stage.pool.acquire().await.unwrap();
    fulfillment_queue::remove(&mut connection, 1, &["a", "old", "unknown"])
        .await
        .unwrap();
    assert_eq!(
        stage.get("/v1/fulfillment/queue").await.ids(),
        ["b", "future"]
    );
}

#[tokio::test]
async fn the_queue_is_paged_and_what_leaves_it_makes_nothing_skipped() {
    let stage = Stage::new().await;
    let mut connection = stage.pool.acquire().await.unwrap();
    for number in 0..20 {
        // Many were confirmed at the same time, so that pages end between ties.
        let row = queued(&format!("o-{number:02}"), minute(number / 4));
        fulfillment_queue::write(&mut connection, 1, &[&row])
            .await
            .unwrap();
    }
    let mut seen = Vec::new();
    let mut path = "/v1/fulfillment/queue?limit=3".to_owned();
    loop {
        let page = stage.get(&path).await;
        let ids = page.ids();
        // What was shown has shipped.
        let shipped: Vec<&str> = ids.iter().map(String::as_str).collect();
        fulfillment_queue::remove(&mut connection, 1, &shipped)
            .await
            .unwrap();
        seen.extend(ids);
        let Some(cursor) = page.next_cursor() else {
            break;
        };
        path = format!("/v1/fulfillment/queue?limit=3&cursor={cursor}");
    }
    let all: Vec<String> = (0..20).map(|number| format!("o-{number:02}")).collect();
    assert_eq!(seen, all);
}

#[tokio::test]
async fn the_newest_request_comes_first_and_statuses_can_be_chosen() {
    let stage = Stage::new().await;
    for (order, id, position, status) in [
        ("o-1", "r-1", 1, ReturnState::Requested),
        ("o-2", "r-2", 2, ReturnState::Approved),
        ("o-1", "r-3", 3, ReturnState::Received),
        ("o-3", "r-4", 4, ReturnState::Declined),
        ("o-4", "r-5", 5, ReturnState::Requested),
    ] {
        stage
            .requested(&returned(order, id, position, status), position)
            .await;
    }
    for (query, ids) in [
        ("", &["r-5", "r-4", "r-3", "r-2", "r-1"][..]),
        ("?status=requested", &["r-5", "r-1"]),
        ("?status=approved,requested", &["r-5", "r-2", "r-1"]),
        ("?status=requested,requested", &["r-5", "r-1"]),
        (
            "?status=requested,approved,declined,received",
            &["r-5", "r-4", "r-3", "r-2", "r-1"],
        ),
    ] {
        assert_eq!(
            stage.return_ids(&format!("/v1/returns{query}")).await,
            ids,
            "{query}"
        );
    }
    // A return that goes on keeps its place and changes its status.
    stage
        .requested(&returned("o-1", "r-1", 1, ReturnState::Approved), 6)
        .await;
    assert_eq!(
        stage.return_ids("/v1/returns?status=requested").await,
        ["r-5"]
    );
    assert_eq!(
        stage.return_ids("/v1/returns?status=approved").await,
        ["r-2", "r-1"]
    );
}

#[tokio::test]
async fn returns_are_paged_under_each_filter_and_ties_are_broken() {
    let stage = Stage::new().await;
    let mut connection = stage.pool.acquire().await.unwrap();
    let mut expected = Vec::new();
    for number in 0..24_i64 {
        let status = ReturnState::ALL[usize::try_from(number % 4).unwrap()];
        let mut row = returned(
            &format!("o-{}", number / 6),
            &format!("r-{number:02}"),
            number + 1,
            status,
        );
        row.requested_at = minute(number / 12);
        returns::write(&mut connection, 1, &[&row]).await.unwrap();
        expected.push((
            row.requested_at,
            row.order_id,
            row.position,
            row.return_id,
            status,
        ));
    }
    expected.sort();
    expected.reverse();
    for (filter, statuses) in [
        ("", ReturnState::ALL),
        ("&status=requested", &[ReturnState::Requested]),
        (
            "&status=received,requested,declined",
            &[
                ReturnState::Received,
                ReturnState::Requested,
                ReturnState::Declined,
            ],
        ),
    ] {
        let mut seen = Vec::new();
        let mut path = format!("/v1/returns?limit=5{filter}");
        loop {
            seen.extend(stage.return_ids(&path).await);
            let Some(cursor) = stage.get(&path).await.next_cursor() else {
                break;
            };
            path = format!("/v1/returns?limit=5{filter}&cursor={cursor}");
        }
        let wanted = expected.iter().filter(|row| statuses.contains(&row.4));
        let wanted: Vec<String> = wanted.map(|row| row.3.clone()).collect();
        assert_eq!(seen, wanted, "{filter}");
    }
}

#[tokio::test]
async fn a_cursor_is_only_good_for_its_own_list_and_filter() {
    let stage = Stage::new().await;
    let mut connection = stage.pool.acquire().await.unwrap();
    for number in 1..4 {
        let row = returned(
            "o-1",
            &format!("r-{number}"),
            number,
            ReturnState::Requested,
        );
        returns::write(&mut connection, 1, &[&row]).await.unwrap();
        let row = queued(&format!("o-{number}"), minute(number));
        fulfillment_queue::write(&mut connection, 1, &[&row])
            .await
            .unwrap();
    }
    let of = async |path: &str| stage.get(path).await.next_cursor().unwrap();
    let all = of("/v1/returns?limit=1").await;
    let some = of("/v1/returns?limit=1&status=requested").await;
    let queue = of("/v1/fulfillment/queue?limit=1").await;
    for path in [
        format!("/v1/returns?cursor={some}"),
        format!("/v1/returns?cursor={queue}"),
        format!("/v1/returns?status=requested&cursor={all}"),
        format!("/v1/returns?status=requested,approved&cursor={some}"),
        format!("/v1/fulfillment/queue?cursor={all}"),
        format!("/v1/products?cursor={queue}"),
        format!("/v1/orders?cursor={queue}"),
        format!("/v1/fulfillment/queue?cursor=A{}", &queue[1..]),
        "/v1/products?cursor=x".to_owned(),
    ] {
        stage.get(&path).await.problem(400, "bad-cursor");
    }
    // The same filter in other words is the same filter.
    let again = format!("/v1/returns?status=requested,requested&cursor={some}");
    assert_eq!(stage.return_ids(&again).await, ["r-2", "r-1"]);
}

#[tokio::test]
async fn every_wrong_parameter_of_these_lists_is_named() {
    let stage = Stage::new().await;
    for (path, name) in [
        ("/v1/returns?status=open", "status"),
        ("/v1/returns?status=", "status"),
        ("/v1/returns?status=requested,", "status"),
        ("/v1/returns?status=requested&status=approved", "status"),
        ("/v1/returns?limit=0", "limit"),
        ("/v1/returns?limit=201", "limit"),
        ("/v1/returns?order_id=o-1", "order_id"),
        ("/v1/fulfillment/queue?limit=0", "limit"),
        ("/v1/fulfillment/queue?limit=201", "limit"),
        ("/v1/fulfillment/queue?status=confirmed", "status"),
        ("/v1/products?limit=0", "limit"),
        ("/v1/products?limit=201", "limit"),
        ("/v1/products?sku=x", "sku"),
        ("/v1/products/SKU-1?currency=EUR", "currency"),
        ("/v1/customers/c-1?limit=1", "limit"),
    ] {
        let body = stage.get(path).await.problem(400, "bad-parameter");
        let detail = body["detail"].as_str().unwrap();
        assert!(
            detail.starts_with(&format!("`{name}` ")),
            "{path}: {detail}"
        );
    }
}
