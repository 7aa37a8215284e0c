//! Connections: bounded at the beginning, orderly at the end.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::ConnectInfo;
use axum::routing::get;
use service_kit::serve::serve;
use test_kit::eventually;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, Semaphore};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::PATIENCE;

/// A served router whose `/slow` tells that it began and answers when it is let.
struct Served {
    address: SocketAddr,
    stop: CancellationToken,
    began: Arc<Notify>,
    go_on: Arc<Semaphore>,
    ended: JoinHandle<()>,
}

async fn served(grace: Duration) -> Served {
    let (began, go_on) = (Arc::new(Notify::new()), Arc::new(Semaphore::new(0)));
    let (tell, wait) = (began.clone(), go_on.clone());
    let router = Router::new()
        .route(
            "/slow",
            get(async move || {
                tell.notify_one();
                let _permit = wait.acquire().await;
                "done"
            }),
        )
        .route(
            "/who",
            get(async |ConnectInfo(client): ConnectInfo<SocketAddr>| client.ip().to_string()),
        );
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let stop = CancellationToken::new();
    let ended = tokio::spawn(serve(listener, router, stop.clone(), grace));
    Served {
        address,
        stop,
        began,
        go_on,
        ended,
    }
}

async fn sent(address: SocketAddr, path: &str) -> std::io::Result<TcpStream> {
    let mut connection = TcpStream::connect(address).await?;
    let request = format!("GET {path} HTTP/1.1\r\nhost: test\r\n\r\n");
    connection.write_all(request.as_bytes()).await?;
    Ok(connection)
}

/// All that comes until the connection is closed.
async fn rest(mut connection: TcpStream) -> String {
    let mut bytes = Vec::new();
    let read = tokio::time::timeout(PATIENCE, connection.read_to_end(&mut bytes));
    // A reset after the answer is an end as well.
    let _ = read.await.expect("the connection stays open");
    String::from_utf8(bytes).unwrap()
}

#[tokio::test]
async fn what_was_accepted_is_answered_and_the_rest_is_refused() {
    let served = served(PATIENCE).await;
    let idle = sent(served.address, "/who").await.unwrap();
    let slow = sent(served.address, "/slow").await.unwrap();
    served.began.notified().await;

    served.stop.cancel();
    let refused = eventually("a refusal", PATIENCE, async || {
        let text = rest(sent(served.address, "/who").await.ok()?).await;
        text.starts_with("HTTP/1.1 503").then_some(text)
    })
    .await;
    assert!(refused.contains("problems/unavailable"), "{refused}");
    assert!(refused.contains("retry-after: 1"), "{refused}");
    assert!(rest(idle).await.contains("127.0.0.1"));
    assert!(!served.ended.is_finished());

    served.go_on.add_permits(1);
    assert!(rest(slow).await.ends_with("done"));
    served.ended.await.unwrap();
    assert!(TcpStream::connect(served.address).await.is_err());
}

#[tokio::test]
async fn the_end_does_not_wait_for_ever() {
    let served = served(Duration::from_millis(50)).await;
    let slow = sent(served.address, "/slow").await.unwrap();
    served.began.notified().await;
    served.stop.cancel();
    tokio::time::timeout(PATIENCE, served.ended)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(rest(slow).await, "");
}

#[tokio::test(start_paused = true)]
async fn a_client_that_never_finishes_its_head_is_let_go() {
    let served = served(PATIENCE).await;
    let mut connection = TcpStream::connect(served.address).await.unwrap();
    connection
        .write_all(b"GET /who HTTP/1.1\r\nhost")
        .await
        .unwrap();
    let mut bytes = Vec::new();
    // The clock is paused and runs on whenever everybody waits: this takes no time.
    tokio::time::timeout(Duration::from_secs(60), connection.read_to_end(&mut bytes))
        .await
        .expect("the connection stays open")
        .unwrap();
}
