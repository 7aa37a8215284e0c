//! A small HTTP/1.1 client: kept-alive connections, each used by one caller, whole answers read.

use anyhow::{Context as _, Result, anyhow};
use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper::header::HOST;
use hyper::http::request::Builder;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::sync::Mutex;

pub(super) struct Client {
    authority: String,
    connections: Vec<Mutex<SendRequest<Full<Bytes>>>>,
}

impl Client {
    /// Opens so many connections to `http://<authority>`.
    pub(super) async fn connect(url: &str, connections: usize) -> Result<Self> {
        let authority = url
            .strip_prefix("http://")
            .context("only http:// is spoken")?;
        let mut opened = Vec::new();
        for _ in 0..connections {
            opened.push(Mutex::new(open(authority).await?));
        }
        Ok(Self {
            authority: authority.to_owned(),
            connections: opened,
        })
    }

    /// Sends a request on a caller's connection; an answer of another status is an error.
    pub(super) async fn send(
        &self,
        caller: usize,
        request: Builder,
        body: Bytes,
        expected: StatusCode,
    ) -> Result<Response<Bytes>> {
        let response = self.ask(caller, request, body).await?;
        if response.status() == expected {
            return Ok(response);
        }
        let said = String::from_utf8_lossy(response.body()).into_owned();
        Err(anyhow!(
            "{} instead of {expected}: {said}",
            response.status()
        ))
    }

    /// Sends a request on a caller's connection.
    pub(super) async fn ask(
        &self,
        caller: usize,
        request: Builder,
        body: Bytes,
    ) -> Result<Response<Bytes>> {
        let (parts, body) = self.begin(caller, request, body).await?.into_parts();
        let body = body.collect().await?.to_bytes();
        Ok(Response::from_parts(parts, body))
    }

    /// Reads an answer as it comes and keeps nothing of it; says how many lines it had.
    pub(super) async fn count_lines(&self, request: Builder) -> Result<u64> {
        let response = self.begin(0, request, Bytes::new()).await?;
        if response.status() != StatusCode::OK {
            return Err(anyhow!("{} instead of a stream", response.status()));
        }
        let mut body = response.into_body();
        let mut lines = 0;
        while let Some(frame) = body.frame().await {
            if let Some(part) = frame?.data_ref() {
                lines += part
                    .iter()
                    .map(|byte| u64::from(*byte == b'\n'))
                    .sum::<u64>();
            }
        }
        Ok(lines)
    }

    async fn begin(
        &self,
        caller: usize,
        request: Builder,
        body: Bytes,
    ) -> Result<Response<Incoming>> {
        let request: Request<Full<Bytes>> = request
            .header(HOST, &self.authority)
            .body(Full::new(body))?;
        let mut connection = self.connections[caller].lock().await;
        if connection.is_closed() {
            // It was idle for longer than the server likes.
            *connection = open(&self.authority).await?;
        }
        connection.ready().await?;
        Ok(connection.send_request(request).await?)
    }
}

async fn open(authority: &str) -> Result<SendRequest<Full<Bytes>>> {
    let stream = TcpStream::connect(authority).await?;
    stream.set_nodelay(true)?;
    let (sender, connection) = handshake(TokioIo::new(stream)).await?;
    // How it ends, the next request on it tells.
    tokio::spawn(connection);
    Ok(sender)
}
