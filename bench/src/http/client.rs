//! A small HTTP/1.1 client: kept-alive connections, each used by one caller, whole answers read.

use anyhow::{Context as _, Result, anyhow};
use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
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
        let request: Request<Full<Bytes>> = request
            .header(HOST, &self.authority)
            .body(Full::new(body))?;
        let mut connection = self.connections[caller].lock().await;
        if connection.is_closed() {
            // It was idle for longer than the server likes.
            *connection = open(&self.authority).await?;
        }
        connection.ready().await?;
        let (parts, body) = connection.send_request(request).await?.into_parts();
        let body = body.collect().await?.to_bytes();
        Ok(Response::from_parts(parts, body))
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
