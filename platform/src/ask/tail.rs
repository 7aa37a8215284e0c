//! `orders tail`: events as they happen.

use std::time::Duration;

use anyhow::{Context, Result};
use futures::TryStreamExt as _;
use reqwest::Response;
use serde_json::Value;
use tokio::io::AsyncBufReadExt as _;
use tokio_util::io::StreamReader;

use super::Asking;
use super::client::{Client, good, sent};
use super::get;
use super::table::{plain, time};
use super::timeline::changed;
use crate::signals::Signals;
use crate::terminal;

/// Silence after which a stream is dead: heartbeats come every 15 s.
const SILENCE: Duration = Duration::from_secs(45);
/// Before a stream that broke is asked for again.
const PAUSE: Duration = Duration::from_secs(1);

/// Arguments of `orders tail`.
#[derive(Debug, clap::Args)]
pub(crate) struct Tail {
    /// Only events of the order with this id
    order: Option<String>,
    /// Begin behind this position instead of now; 0 shows all that ever happened
    #[arg(long, value_name = "POSITION")]
    after_position: Option<u64>,
    #[command(flatten)]
    asking: Asking,
}

impl Tail {
    /// Prints events until Ctrl-C.
    pub(crate) async fn run(self) -> Result<u8> {
        let mut signals = Signals::listen()?;
        let client = Client::find(&self.asking)?;
        tokio::select! {
            ended = self.follow(&client) => ended,
            _ = signals.next() => Ok(0),
        }
    }

    async fn follow(&self, client: &Client) -> Result<u8> {
        let mut last = self.after_position.map(|position| position.to_string());
        // What is wrong with the first answer will be wrong with the next; later the API may just be away.
        let mut answer = Some(good(self.ask(client, last.as_deref()).await?).await?);
        loop {
            let ended = match answer.take() {
                Some(answer) => {
                    if last.is_none() {
                        last = position_of(&answer);
                    }
                    self.print(answer, &mut last).await
                }
                None => Ok(()),
            };
            if let Err(error) = ended {
                terminal::note(&format!("the stream broke, it goes on: {error:#}"));
            }
            tokio::time::sleep(PAUSE).await;
            match self.ask(client, last.as_deref()).await {
                Ok(again) if again.status().is_server_error() => {}
                Ok(again) => answer = Some(good(again).await?),
                Err(error) => terminal::note(&format!("{error:#}")),
            }
        }
    }

    async fn ask(&self, client: &Client, last: Option<&str>) -> Result<Response> {
        let path = match &self.order {
            Some(order) => format!("{}/stream", get::path(order)),
            None => "/v1/stream".to_owned(),
        };
        let mut request = client.get(&path).header("Accept", "text/event-stream");
        if let Some(last) = last {
            request = request.header("Last-Event-ID", last);
        }
        sent(request).await
    }

    /// Prints events until the stream ends, and notes the last.
    async fn print(&self, answer: Response, last: &mut Option<String>) -> Result<()> {
        let bytes = answer.bytes_stream().map_err(std::io::Error::other);
        let mut lines = StreamReader::new(bytes).lines();
        let mut id = None;
        let mut data = String::new();
        loop {
            let next = tokio::time::timeout(SILENCE, lines.next_line()).await;
            let Some(line) = next.context("silence")?? else {
                return Ok(());
            };
            if let Some(value) = line.strip_prefix("id: ") {
                id = Some(value.to_owned());
            } else if let Some(value) = line.strip_prefix("data: ") {
                data.push_str(value);
            } else if line.is_empty() && !data.is_empty() {
                self.show(&data)?;
                data.clear();
                *last = id.take().or(last.take());
            }
        }
    }

    fn show(&self, data: &str) -> Result<()> {
        if self.asking.json {
            terminal::answer(data);
            return Ok(());
        }
        let entry: Value = serde_json::from_str(data).context("an event in an unknown form")?;
        let order = match &entry["order_number"] {
            Value::Null => plain(&entry["order_id"]),
            number => plain(number),
        };
        terminal::answer(&format!(
            "{:>8}  {}  {:<13} {:<22} {:<16} {}",
            plain(&entry["position"]),
            time(&entry["occurred_at"]),
            order,
            plain(&entry["type"]),
            plain(&entry["actor"]),
            changed(&entry)
        ));
        Ok(())
    }
}

/// Where a stream that begins now begins, so that what happens while it is broken is not lost.
fn position_of(answer: &Response) -> Option<String> {
    let position = answer.headers().get("Log-Position")?;
    position.to_str().ok().map(str::to_owned)
}
