//! An orderly end.

use serde_json::json;
use test_kit::eventually;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::api::{Api, DEADLINE, Log, answer, line, order, upload};
use crate::bulk_uploads;

/// A request whose head was sent and is being worked on, and whose body was not.
async fn half_sent(api: &Api, body: &str) -> TcpStream {
    let mut connection = TcpStream::connect(api.url.strip_prefix("http://").unwrap())
        .await
        .unwrap();
    let head = format!(
        "POST /v1/orders HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {}\r\nidempotency-key: half\r\n\
         content-type: application/json\r\ncontent-length: {}\r\nexpect: 100-continue\r\n\r\n",
        api.token,
        body.len()
    );
    connection.write_all(head.as_bytes()).await.unwrap();
    let mut line = [0; 25];
    connection.read_exact(&mut line).await.unwrap();
    assert_eq!(&line, b"HTTP/1.1 100 Continue\r\n\r\n");
    connection
}

#[tokio::test]
async fn a_stopping_service_answers_what_it_accepted_and_refuses_the_rest() {
    let (api, log) = Api::with_log().await;
    let held = log.hold().await;
    let accepted = tokio::spawn(answer(api.post("/v1/orders", &order("o-1"))));
    log.somebody_waits_for_the_lock().await;
    let body = order("o-2").to_string();
    let mut half = half_sent(&api, &body).await;

    api.shutdown.cancel();
    let refused = eventually("newcomers to be refused", DEADLINE, async || {
        // With a connection of its own: those that are open are let go.
        let client = reqwest::Client::new();
        let request = client
            .post(format!("{}/v1/orders", api.url))
            .bearer_auth(&api.token);
        let late = answer(
            request
                .header("idempotency-key", "late")
                .json(&order("late")),
        )
        .await;
        (late.status == 503).then_some(late)
    })
    .await;
    refused.is_problem(503, "unavailable");
    held.release().await;
    half.write_all(body.as_bytes()).await.unwrap();
    let mut text = String::new();
    half.read_to_string(&mut text).await.unwrap();
    assert!(text.starts_with("HTTP/1.1 201 Created"), "{text}");
    assert_eq!(accepted.await.unwrap().status, 201);
    api.running.await.unwrap();
    assert_eq!(log.events().await, 2);
}

#[tokio::test]
async fn an_upload_at_the_end_is_told_line_by_line() {
    let (api, log) = Api::with_log().await;
    let (mut sending, mut answers) = bulk_uploads::open(&api).await;
    sending.line(&line("place", None, &order("o-1"))).await;
    assert_eq!(answers.next().await.unwrap()["status"], 201);
    api.shutdown.cancel();
    eventually("the service to be stopping", DEADLINE, async || {
        let ready = api
            .http
            .get(format!("{}/health/ready", api.url))
            .send()
            .await;
        ready.map_or(Some(()), |ready| (ready.status() == 503).then_some(()))
    })
    .await;
    sending.line(&line("place", None, &order("o-2"))).await;
    let refused = answers.next().await.unwrap();
    assert_eq!(
        (&refused["status"], &refused["index"]),
        (&json!(503), &json!(1))
    );
    assert!(refused["retry_after"].is_u64());
    drop(sending);
    assert_eq!(answers.next().await, None);
    api.running.await.unwrap();
    assert_eq!(log.events().await, 1);
}

/// Stops the service, and waits until nobody listens any more.
async fn stops_listening(api: &Api) {
    api.shutdown.cancel();
    let addr = api.url.strip_prefix("http://").unwrap();
    eventually("nobody to listen", DEADLINE, async || {
        TcpStream::connect(addr).await.err().map(|_| ())
    })
    .await;
}

#[tokio::test]
async fn what_was_read_of_an_upload_is_done_though_its_caller_is_gone() {
    let (api, log) = Api::with_log().await;
    let held = log.hold().await;
    let mut lines = vec![line("place", None, &order("o-1"))];
    // Each can only be done after the one before it.
    lines.extend((0..50).map(|_| line("add-note", Some("o-1"), &json!({"text": "x"}))));
    let leaving = bulk_uploads::part(&api, &upload(&lines)).await;
    log.somebody_waits_for_the_lock().await;
    // It goes without a farewell: the first answer finds nobody, and the connection ends there.
    leaving.set_zero_linger().unwrap();
    drop(leaving);
    api.shutdown.cancel();
    held.release().await;
    api.running.await.unwrap();
    assert_eq!(log.events().await, 51);
}

#[tokio::test]
async fn the_end_waits_for_what_the_log_was_given() {
    let (api, log) = Api::with_log().await;
    let held = log.hold().await;
    let gone = tokio::spawn(answer(api.post("/v1/orders", &order("o-1"))));
    log.somebody_waits_for_the_lock().await;
    gone.abort();
    stops_listening(&api).await;
    assert!(!api.running.is_finished());
    held.release().await;
    api.running.await.unwrap();
    assert_eq!(log.events().await, 1);
}

#[tokio::test]
async fn an_idle_service_stops_at_once() {
    let log = Log::new().await;
    let api = Api::start(log.vars()).await;
    let began = std::time::Instant::now();
    api.stop().await;
    assert!(began.elapsed() < std::time::Duration::from_secs(5));
}
