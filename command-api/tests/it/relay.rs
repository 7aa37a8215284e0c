//! The relay that this service hosts.

use reqwest::Method;
use serde_json::json;
use test_kit::eventually;

use crate::api::{Api, DEADLINE, Log, answer};

#[tokio::test]
async fn what_is_in_the_log_goes_into_the_stream() {
    let log = Log::new().await;
    let nats = test_kit::nats().await;
    let api = Api::start(log.vars().with("NATS_URL", nats.url.as_str())).await;
    api.place("o-1").await;
    api.done("/v1/orders/o-1/confirm", &json!({})).await;

    let client = event_stream::connect(&nats.url, "test").await.unwrap();
    let stream = async_nats::jetstream::new(client);
    eventually("both events in the stream", DEADLINE, async || {
        let mut stream = stream.get_stream("ORDERS").await.ok()?;
        (stream.info().await.ok()?.state.messages == 2).then_some(())
    })
    .await;
    let ready = answer(api.request(Method::GET, "/health/ready")).await;
    assert_eq!(ready.status, 200);
    for check in ["nats", "relay"] {
        assert_eq!(ready.body["checks"][check], "ok", "{ready:?}");
    }
    api.stop().await;
}
