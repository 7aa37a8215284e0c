//! Events and messages that are not like the others.

use crate::setup::{Setup, ids};
use async_nats::HeaderMap;

#[tokio::test]
async fn foreign_messages_in_the_stream_are_stepped_over() {
    let mut setup = Setup::new().await;
    let projector = setup.projector();
    setup.traffic("o", 20, 1).await;
    setup.views_equal_the_log().await;
    let jetstream = async_nats::jetstream::new(setup.client.clone());
    for partition in 0..16 {
        let mut headers = HeaderMap::new();
        headers.insert("ce-source", "/order-platform/elsewhere");
        let subject = format!("orders.v1.{partition}.order.OrderPlaced");
        jetstream
            .publish_with_headers(subject, headers, "{".into())
            .await
            .unwrap()
            .await
            .unwrap();
    }
    setup.note(&ids("o", 20), "after").await;
    setup.views_equal_the_log().await;
    projector.stop().await;
}

/// The metric that counts events read from the log because a message told of them.
const LARGE: &str = r#"projector_healed_total{why="large"}"#;

#[tokio::test]
async fn an_event_too_large_for_the_broker_is_read_from_the_log() {
    let mut setup = Setup::new().await;
    let projector = setup.projector();
    setup.traffic("o", 3, 1).await;
    // What the domain refuses, the log may hold all the same: unknown members make it large.
    let text = "x".repeat(1_200_000);
    let payload =
        serde_json::json!({"text": "large", "visibility": "internal", "padding": text}).to_string();
    for id in ids("o", 3) {
        setup.append(&[(&id, "NoteAdded", payload.clone())]).await;
    }
    setup.note(&ids("o", 3), "after").await;
    setup.views_equal_the_log().await;
    let notes: Vec<i64> = sqlx::query_scalar("select version from orders_1")
        .fetch_all(&setup.views)
        .await
        .unwrap();
    assert_eq!(notes, [4, 4, 4]);

    // Because its message told of it, not because somebody looked into the log anyhow: that may happen now and then.
    for _ in 0..10 {
        let metrics = projector.get("/metrics").await.1;
        let told = metrics.lines().find_map(|line| line.strip_prefix(LARGE));
        if told.is_some_and(|count| count.trim() != "0") {
            break;
        }
        setup.append(&[("o-0", "NoteAdded", payload.clone())]).await;
        setup.views_equal_the_log().await;
    }
    let metrics = projector.get("/metrics").await.1;
    let told = metrics.lines().find_map(|line| line.strip_prefix(LARGE));
    assert!(told.is_some_and(|count| count.trim() != "0"), "{told:?}");
    projector.stop().await;
}

/// The golden payload of an event type.
fn golden(event_type: &str) -> String {
    let path = format!("{}/../domain/tests/golden", env!("CARGO_MANIFEST_DIR"));
    std::fs::read_to_string(format!("{path}/{event_type}.v1.json")).unwrap()
}

#[tokio::test]
async fn an_order_is_found_by_what_it_has_become() {
    let mut setup = Setup::new().await;
    let projector = setup.projector();
    let found = async |setup: &Setup, text: &str| -> bool {
        let query = read_model::words::prefixes(text).join(" & ");
        sqlx::query_scalar("select count(*) = 1 from order_terms_1 where words @@ $1::tsquery")
            .bind(query)
            .fetch_one(&setup.views)
            .await
            .unwrap()
    };
    setup
        .append(&[("o-1", "OrderPlaced", golden("OrderPlaced"))])
        .await;
    setup.views_equal_the_log().await;
    for text in ["ADA love", "example.org", "thing", "sku-1", "000001"] {
        assert!(found(&setup, text).await, "{text}");
    }
    assert!(!found(&setup, "another").await);
    let steps = [
        "NoteAdded",
        "OrderTagged",
        "OrderConfirmed",
        "OrderRevised",
        "HoldPlaced",
        "OrderUntagged",
    ];
    for event_type in steps {
        setup
            .append(&[("o-1", event_type, golden(event_type))])
            .await;
        setup.views_equal_the_log().await;
    }
    assert!(found(&setup, "Another sku-2").await);
    let terms: (Vec<String>, Vec<String>) = sqlx::query_as("select skus, tags from order_terms_1")
        .fetch_one(&setup.views)
        .await
        .unwrap();
    let owned = |texts: &[&str]| {
        texts
            .iter()
            .map(|text| (*text).to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(terms, (owned(&["SKU-1", "SKU-2"]), owned(&["vip"])));
    projector.stop().await;
}

#[tokio::test]
async fn events_of_other_aggregates_are_passed_by() {
    let mut setup = Setup::new().await;
    let projector = setup.projector();
    setup.traffic("o", 5, 1).await;
    for number in 0..20 {
        sqlx::query(
            "insert into event (aggregate_type, aggregate_id, sequence, event_type, event_version, payload, metadata)
            values ('basket', $1, 1, 'BasketFilled', '7', '{}', '{}')",
        )
        .bind(format!("b-{number}"))
        .execute(&setup.log)
        .await
        .unwrap();
    }
    setup.note(&ids("o", 5), "after").await;
    setup.views_equal_the_log().await;
    projector.stop().await;
}
