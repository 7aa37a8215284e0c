//! An upload that is sent piece by piece, and its answers as they come.

use futures::SinkExt as _;
use futures::channel::mpsc;
use futures::stream::{BoxStream, StreamExt as _};
use reqwest::Method;
use serde_json::Value;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;

use crate::api::Api;

/// The sending side of an upload; dropped, the upload is at its end.
pub(crate) struct Sending {
    pieces: mpsc::Sender<Result<String, std::io::Error>>,
}

/// The answers to an upload.
pub(crate) struct Answers {
    pieces: BoxStream<'static, reqwest::Result<Vec<u8>>>,
    text: Vec<u8>,
}

/// Opens an upload.
pub(crate) async fn open(api: &Api) -> (Sending, Answers) {
    let (pieces, body) = mpsc::channel(0);
    let request = api
        .request(Method::POST, "/v1/bulk")
        .header("content-type", "application/x-ndjson")
        .body(reqwest::Body::wrap_stream(body));
    let response = request.send().await.unwrap();
    assert_eq!(response.status(), 200);
    let pieces_of_answer = response
        .bytes_stream()
        .map(|piece| piece.map(|bytes| bytes.to_vec()));
    (
        Sending { pieces },
        Answers {
            pieces: pieces_of_answer.boxed(),
            text: Vec::new(),
        },
    )
}

/// Sends this much of an upload, at once, and no more.
pub(crate) async fn part(api: &Api, text: &str) -> TcpStream {
    let mut connection = TcpStream::connect(api.url.strip_prefix("http://").unwrap())
        .await
        .unwrap();
    let head = format!(
        "POST /v1/bulk HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {}\r\n\
         content-type: application/x-ndjson\r\ntransfer-encoding: chunked\r\n\r\n{:x}\r\n{text}\r\n",
        api.token,
        text.len()
    );
    connection.write_all(head.as_bytes()).await.unwrap();
    connection
}

impl Sending {
    /// Sends a line.
    pub(crate) async fn line(&mut self, line: &Value) {
        self.text(format!("{line}\n")).await;
    }

    /// Sends what need not be a line.
    pub(crate) async fn text(&mut self, text: String) {
        self.pieces.send(Ok(text)).await.unwrap();
    }

    /// Breaks the upload off.
    pub(crate) async fn break_off(mut self) {
        let _ = self.pieces.send(Err(std::io::Error::other("gone"))).await;
    }
}

impl Answers {
    /// The next answer; nothing at the end.
    pub(crate) async fn next(&mut self) -> Option<Value> {
        loop {
            if let Some(end) = self.text.iter().position(|byte| *byte == b'\n') {
                let line: Vec<u8> = self.text.drain(..=end).collect();
                return Some(serde_json::from_slice(&line).unwrap());
            }
            match self.pieces.next().await {
                Some(Ok(piece)) => self.text.extend(piece),
                Some(Err(_)) | None => return None,
            }
        }
    }
}
