//! Snapshots of long orders: they shorten loading, and nothing depends on them.

use event_store::{EventStore, Shortcuts, StoreSettings};
use serde_json::json;
use test_kit::eventually;

use crate::api::{Api, DEADLINE, Log, answer};

/// Adds so many notes to `o-1`; its version then.
async fn note(api: &Api, times: usize) -> i64 {
    let mut version = 0;
    for n in 0..times {
        let noted = api
            .done("/v1/orders/o-1/add-note", &json!({"text": format!("{n}")}))
            .await;
        version = noted["version"].as_i64().unwrap();
    }
    version
}

/// Waits until the order's snapshot is one after this event.
async fn snapshot_at(log: &Log, sequence: i64) {
    eventually("the snapshot", DEADLINE, async || {
        let last: Option<i64> = sqlx::query_scalar("select last_sequence from snapshot")
            .fetch_optional(&log.pool)
            .await
            .unwrap();
        (last == Some(sequence)).then_some(())
    })
    .await;
}

async fn set(log: &Log, change: &str) {
    sqlx::query(&format!("update snapshot set {change}"))
        .execute(&log.pool)
        .await
        .unwrap();
}

#[tokio::test]
async fn a_long_order_is_loaded_from_its_snapshot() {
    let log = Log::new().await;
    let writer = Api::start(log.vars().with("SNAPSHOT_EVERY", "10")).await;
    writer.place("o-1").await;
    assert_eq!(note(&writer, 24).await, 25);
    snapshot_at(&log, 20).await;

    let store = EventStore::connect(&StoreSettings::new(&log.database.url))
        .await
        .unwrap();
    let shortcuts = Shortcuts {
        shape_version: Some(read_model::order::OrderFold::SHAPE_VERSION),
        held: None,
    };
    let loaded = store
        .load_from("order", "o-1", shortcuts, None)
        .await
        .unwrap();
    assert_eq!(loaded.events.len(), 5);

    // A process that knows nothing goes on from there, and shows all that the events before it have brought.
    let other = Api::start(log.vars()).await;
    let tag = other
        .post("/v1/orders/o-1/tag", &json!({"tag": "after"}))
        .header("prefer", "return=representation");
    let tagged = answer(tag).await;
    assert_eq!(tagged.body["version"], 26, "{tagged:?}");
    assert_eq!(tagged.body["order"]["notes"].as_array().unwrap().len(), 24);
    assert_eq!(tagged.body["order"]["notes"][0]["by"], "alice");
    writer.stop().await;
    other.stop().await;
}

#[tokio::test]
async fn a_snapshot_that_cannot_be_used_is_passed_by() {
    let log = Log::new().await;
    let writer = Api::start(log.vars().with("SNAPSHOT_EVERY", "10")).await;
    writer.place("o-1").await;
    note(&writer, 19).await;
    snapshot_at(&log, 20).await;
    writer.stop().await;
    let mut version = 20;
    for change in [
        // Not a state of an order at all, though it says the right version.
        "payload = '{}'",
        "payload = '[\"nonsense\"]'",
        // A state that would show an untrue order, if it were used.
        "shape_version = shape_version + 1",
        "shape_version = shape_version - 1, last_event_id = gen_random_uuid()",
    ] {
        set(&log, change).await;
        let api = Api::start(log.vars()).await;
        version += 1;
        let tag = format!("t-{version}");
        let tagged = api.done("/v1/orders/o-1/tag", &json!({"tag": tag})).await;
        assert_eq!(tagged["version"], version, "{change}");
        let twice = answer(api.post("/v1/orders/o-1/tag", &json!({"tag": tag}))).await;
        twice.is_problem(409, "tag-present");
        api.stop().await;
    }
}

#[tokio::test]
async fn no_answer_waits_for_a_snapshot() {
    let log = Log::new().await;
    let api = Api::start(log.vars().with("SNAPSHOT_EVERY", "2")).await;
    api.place("o-1").await;
    let mut lock = log.pool.begin().await.unwrap();
    sqlx::query("lock table snapshot in share mode")
        .execute(&mut *lock)
        .await
        .unwrap();
    // More than may wait to be written.
    assert_eq!(note(&api, 200).await, 201);
    let taken: i64 = sqlx::query_scalar("select count(*) from snapshot")
        .fetch_one(&mut *lock)
        .await
        .unwrap();
    assert_eq!(taken, 0);
    lock.rollback().await.unwrap();
    eventually("a snapshot after all", DEADLINE, async || {
        note(&api, 2).await;
        let last: Option<i64> = sqlx::query_scalar("select last_sequence from snapshot")
            .fetch_optional(&log.pool)
            .await
            .unwrap();
        last.filter(|last| *last > 201)
    })
    .await;
    api.stop().await;
}
