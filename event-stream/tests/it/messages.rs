//! What a message looks like to anybody's consumer.

use test_kit::nats_with;

use crate::setup::Setup;

const METADATA: &str = r#"{"actor": "alice", "correlation_id": "c-\u00fc 1", "causation_id": "ca-1",
    "traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"}"#;

#[tokio::test]
async fn an_event_is_a_cloud_event_with_exactly_these_headers() {
    let setup = Setup::new().await;
    setup
        .append_one("o-1", "OrderPlaced", r#"{"a": 1}"#, METADATA)
        .await;
    let event = setup
        .append_one("o-1", "NoteAdded", r#"{"text":  "Grüße"}"#, METADATA)
        .await;
    let relay = setup.relay();
    setup.relayed().await;
    relay.stop().await;

    let message = setup.stored().await.pop().unwrap();
    // md5('o-1') begins with 171, and 171 × 16 / 256 is 10.
    assert_eq!(message.subject.as_str(), "orders.v1.10.order.NoteAdded");
    assert_eq!(
        message.payload, r#"{"text":  "Grüße"}"#,
        "the payload as it stands in the log"
    );
    let mut headers: Vec<(String, String)> = message
        .headers
        .iter()
        .flat_map(|(name, values)| {
            values
                .iter()
                .map(move |value| (name.to_string(), value.to_string()))
        })
        .collect();
    headers.sort();
    let time = event
        .recorded_at
        .format("%Y-%m-%dT%H:%M:%S%.6fZ")
        .to_string();
    let metadata = r"{%22actor%22:%20%22alice%22,%20%22correlation_id%22:%20%22c-\u00fc%201%22,%20%22causation_id%22:%20%22ca-1%22,%0A%20%20%20%20%22traceparent%22:%20%2200-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01%22}";
    let mut expected = vec![
        ("Nats-Expected-Last-Sequence", "1".to_owned()),
        ("ce-aggregatesequence", "2".to_owned()),
        ("ce-aggregatetype", "order".to_owned()),
        ("ce-causationid", "ca-1".to_owned()),
        ("ce-correlationid", "c-%C3%BC%201".to_owned()),
        ("ce-datacontenttype", "application/json".to_owned()),
        ("ce-id", event.event_id.to_string()),
        ("ce-incarnation", "1".to_owned()),
        ("ce-metadata", metadata.to_owned()),
        ("ce-partitionkey", "o-1".to_owned()),
        ("ce-prevposition", "00000000000000000001".to_owned()),
        ("ce-sequence", "00000000000000000002".to_owned()),
        ("ce-slot", "171".to_owned()),
        ("ce-source", format!("/order-platform/logs/{}", setup.log)),
        ("ce-specversion", "1.0".to_owned()),
        ("ce-subject", "o-1".to_owned()),
        ("ce-time", time),
        ("ce-type", "dev.order-platform.NoteAdded.v1".to_owned()),
        (
            "traceparent",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01".to_owned(),
        ),
    ];
    expected.sort_by_key(|(name, _)| *name);
    let headers: Vec<(&str, String)> = headers
        .iter()
        .map(|(name, value)| (name.as_str(), value.clone()))
        .collect();
    assert_eq!(headers, expected);
}

#[tokio::test]
async fn every_event_comes_back_as_it_stands_in_the_log() {
    let setup = Setup::new().await;
    setup
        .append_one("o-1", "OrderPlaced", r#"{"ä":"\"\\ %41"}"#, METADATA)
        .await;
    setup
        .append_one(
            "a.b *>%\u{7f}\n ü",
            "What ever.v2 > *",
            "[1,2]",
            r#"{"reason": "100 % \u0001"}"#,
        )
        .await;
    setup
        .append_one(&"long".repeat(500), &"T".repeat(600), "{}", "{}")
        .await;
    let relay = setup.relay();
    setup.relayed().await;
    relay.stop().await;
    setup.holds_the_whole_log().await;
}

#[tokio::test]
async fn what_the_broker_would_not_take_goes_out_without_data() {
    let setup = Setup::new().await;
    setup.append("o-", 1, 1).await;
    let text = "x".repeat(1_200_000);
    let big = setup
        .append_one("o-1", "NoteAdded", &format!(r#"{{"text":"{text}"}}"#), "{}")
        .await;
    let fits = "x".repeat((1 << 20) - (64 << 10) - 100);
    setup
        .append_one("o-1", "NoteAdded", &format!(r#"{{"text":"{fits}"}}"#), "{}")
        .await;
    let long = setup
        .append_one("o-1", &"T".repeat(100_000), "{}", METADATA)
        .await;
    setup.append("o-", 1, 1).await;
    let relay = setup.relay();
    setup.relayed().await;
    relay.stop().await;

    let stored = setup.stored().await;
    let without_data: Vec<usize> = (0..stored.len())
        .filter(|i| stored[*i].headers.get("ce-dataref").is_some())
        .collect();
    assert_eq!(without_data, [1, 3]);
    assert!(stored[1].payload.is_empty() && stored[3].payload.is_empty());
    let ours = setup.stored_ours().await;
    assert_eq!(
        (ours[1].position, ours[1].previous, ours[1].event_id),
        (2, 1, big.event_id)
    );
    assert_eq!(
        (ours[3].position, ours[3].previous, ours[3].event_id),
        (4, 3, long.event_id)
    );
    assert!(ours[1].event.is_none() && ours[2].event.is_some());
}

#[tokio::test]
async fn a_broker_of_tiny_messages_gets_them_all_without_data() {
    let setup = Setup::with(nats_with("max_payload: 4096").await).await;
    setup.append("o-", 3, 3).await;
    let relay = setup.relay();
    setup.relayed().await;
    relay.stop().await;
    assert_eq!(setup.stored_ours().await.len(), 9);
}
