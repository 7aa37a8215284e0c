//! Who may do what at the private broker.

use std::time::Duration;

use async_nats::ServerAddr;
use async_nats::jetstream::{self, consumer::pull};
use nix::sys::signal::Signal;
use serde_json::Value;

use crate::program::{Scratch, Up};

#[tokio::test]
async fn a_subscriber_reads_the_stream_and_can_neither_publish_events_nor_remove_them() {
    let scratch = Scratch::new();
    let up = Up::start(scratch.path(), &[]);
    let client = connect(up.text("nats_url")).await;
    let jetstream = jetstream::new(client.clone());
    let stream = stream(&jetstream).await;

    stream
        .create_consumer(pull::Config::default())
        .await
        .expect("anybody may consume");
    let before = messages(&jetstream).await;
    // Refused by the broker, which tells the connection and not the caller.
    client
        .publish("orders.v1.0.order.OrderPlaced", "forged".into())
        .await
        .expect("a message");
    client.flush().await.expect("the broker is there");
    let purged = tokio::time::timeout(Duration::from_secs(2), stream.purge()).await;
    assert!(!matches!(purged, Ok(Ok(_))), "purged");
    let deleted = jetstream.delete_stream("ORDERS");
    let deleted = tokio::time::timeout(Duration::from_secs(2), deleted).await;
    assert!(!matches!(deleted, Ok(Ok(_))), "deleted");
    assert_eq!(messages(&jetstream).await, before);
    assert!(up.end(Signal::SIGINT).success());
}

#[tokio::test]
async fn strangers_do_not_get_in() {
    let scratch = Scratch::new();
    let up = Up::start(scratch.path(), &[]);
    let address: ServerAddr = up.text("nats_url").parse().expect("a URL");
    let bare = format!("nats://127.0.0.1:{}", address.port());
    assert!(async_nats::connect(bare).await.is_err());
    assert!(up.end(Signal::SIGINT).success());
}

#[test]
fn what_is_printed_are_the_urls_of_the_contract() {
    let scratch = Scratch::new();
    let up = Up::start(scratch.path(), &[]);
    let Value::Object(members) = &up.ready else {
        panic!("no object: {}", up.ready)
    };
    let names: Vec<_> = members.keys().map(String::as_str).collect();
    let expected = [
        "command_url",
        "query_url",
        "token",
        "nats_url",
        "event_store_url",
        "read_model_url",
        "pids",
    ];
    assert_eq!(names, expected);
    assert!(up.end(Signal::SIGINT).success());
}

async fn connect(url: &str) -> async_nats::Client {
    let address: ServerAddr = url.parse().expect("a URL");
    let user = address.username().expect("a user").to_owned();
    let password = address.password().expect("a password").to_owned();
    let options = async_nats::ConnectOptions::with_user_and_password(user, password);
    options
        .connect(url)
        .await
        .expect("the broker lets a subscriber in")
}

/// The stream, which the relay makes as soon as it leads.
async fn stream(jetstream: &jetstream::Context) -> jetstream::stream::Stream {
    for _ in 0..1_000 {
        if let Ok(stream) = jetstream.get_stream("ORDERS").await {
            return stream;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("there is no stream");
}

async fn messages(jetstream: &jetstream::Context) -> u64 {
    stream(jetstream)
        .await
        .get_info()
        .await
        .expect("the stream's state")
        .state
        .messages
}
