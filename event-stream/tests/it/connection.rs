//! Reaching the broker.

use event_stream::ConnectionState;
use test_kit::{eventually, nats_with};

use crate::setup::PATIENCE;

#[tokio::test]
async fn credentials_are_those_of_the_url() {
    let broker =
        nats_with(r#"authorization { users: [{ user: "re:lay", password: "p@ss/wörd" }] }"#).await;
    let host = broker.url.trim_start_matches("nats://");
    let url = format!("nats://re%3Alay:p%40ss%2Fw%C3%B6rd@{host}");
    let client = event_stream::connect(&url, "test").await.unwrap();
    eventually("a connection with credentials", PATIENCE, async || {
        (client.connection_state() == ConnectionState::Connected).then_some(())
    })
    .await;
    let stranger = event_stream::connect(&broker.url, "stranger")
        .await
        .unwrap();
    assert!(stranger.request("any", "".into()).await.is_err());
    assert_ne!(stranger.connection_state(), ConnectionState::Connected);
}

#[tokio::test]
async fn one_of_several_servers_is_enough() {
    let broker = test_kit::nats().await;
    let url = format!("nats://127.0.0.1:1, {}", broker.url);
    let client = event_stream::connect(&url, "test").await.unwrap();
    eventually("a connection to the second server", PATIENCE, async || {
        (client.connection_state() == ConnectionState::Connected).then_some(())
    })
    .await;
}

#[tokio::test]
async fn what_is_no_url_is_refused_at_once() {
    let refused = event_stream::connect("nats://here:port", "test")
        .await
        .unwrap_err();
    assert_eq!(
        refused.to_string(),
        "NATS_URL is not the URL of a NATS server"
    );
}
