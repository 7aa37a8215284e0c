//! The stream's set-up.

use std::time::Duration;

use event_stream::{StreamError, ensure_stream};
use uuid::Uuid;

use crate::setup::Setup;

#[tokio::test]
async fn the_stream_is_made_limited_and_follows_changed_limits() {
    let mut setup = Setup::new().await;
    let stream = ensure_stream(&setup.jetstream, &setup.settings, setup.log)
        .await
        .unwrap();
    let config = &stream.cached_info().config;
    assert_eq!(config.subjects, ["orders.v1.>"]);
    assert_eq!(config.max_bytes, 1 << 30);
    assert_eq!(config.max_age, Duration::from_secs(604_800));

    setup.settings.max_age = Duration::from_secs(3_600);
    let stream = ensure_stream(&setup.jetstream, &setup.settings, setup.log)
        .await
        .unwrap();
    assert_eq!(
        stream.cached_info().config.max_age,
        Duration::from_secs(3_600)
    );
}

#[tokio::test]
async fn a_stream_that_the_broker_cannot_make_ours_is_refused() {
    let setup = Setup::new().await;
    let memory = async_nats::jetstream::stream::Config {
        name: setup.settings.name.clone(),
        subjects: vec!["orders.v1.>".to_owned()],
        storage: async_nats::jetstream::stream::StorageType::Memory,
        ..Default::default()
    };
    setup.jetstream.create_stream(memory).await.unwrap();
    let error = ensure_stream(&setup.jetstream, &setup.settings, setup.log)
        .await
        .unwrap_err();
    assert!(matches!(error, StreamError::NotChanged(_)), "{error}");
}

#[tokio::test]
async fn a_stream_of_another_log_is_refused_and_left_alone() {
    let setup = Setup::new().await;
    setup.append("o-", 2, 2).await;
    let relay = setup.relay();
    setup.relayed().await;
    relay.stop().await;

    let ours = Uuid::now_v7();
    let error = ensure_stream(&setup.jetstream, &setup.settings, ours)
        .await
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        format!(
            "the stream ORDERS holds events of another log ({}, ours is {ours}): \
             choose another stream name or broker, or remove that stream",
            setup.log
        )
    );
}
