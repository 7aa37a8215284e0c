//! The peer's process.

use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context as _, Result};
use bytes::Bytes;
use hyper::header::CONTENT_TYPE;
use hyper::{Request, StatusCode};
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};

use super::client::Client;
use super::order;
use crate::{Arguments, database};

/// How long it may take to start.
const PATIENCE: Duration = Duration::from_secs(30);

pub(super) struct Peer {
    pub(super) url: String,
    pub(super) process: Option<u32>,
    child: Child,
}

impl Peer {
    /// Starts the program `peer` that was built beside this one.
    pub(super) async fn start(arguments: &Arguments) -> Result<Self> {
        let url = database::anew(&arguments.postgres_url, "bench_peer").await?;
        Self::launch(&[("DATABASE_URL", &url)]).await
    }

    /// Starts it as a server of one table's documents and nothing else.
    pub(super) async fn of_documents(database: &str, table: &str) -> Result<Self> {
        Self::launch(&[("DATABASE_URL", database), ("DOCUMENTS", table)]).await
    }

    async fn launch(variables: &[(&str, &str)]) -> Result<Self> {
        let mut child = Command::new(std::env::current_exe()?.with_file_name("peer"))
            .envs(variables.iter().copied())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .context("the peer cannot be started")?;
        let output = child.stdout.take().context("the peer has no output")?;
        let mut lines = BufReader::new(output).lines();
        let url = tokio::time::timeout(PATIENCE, lines.next_line()).await??;
        Ok(Self {
            url: url.context("the peer ended at its start")?,
            process: child.id(),
            child,
        })
    }

    pub(super) async fn place(&self, client: &Client, caller: usize, id: &str) -> Result<()> {
        place(client, caller, id).await
    }

    pub(super) async fn stop(mut self) -> Result<()> {
        self.child.kill().await?;
        Ok(())
    }
}

pub(super) async fn place(client: &Client, caller: usize, id: &str) -> Result<()> {
    let request = Request::post("/orders").header(CONTENT_TYPE, "application/json");
    client
        .send(caller, request, order::body(id), StatusCode::CREATED)
        .await?;
    Ok(())
}

pub(super) async fn read(client: &Client, caller: usize, id: &str) -> Result<()> {
    let request = Request::get(format!("/orders/{id}"));
    client
        .send(caller, request, Bytes::new(), StatusCode::OK)
        .await?;
    Ok(())
}
