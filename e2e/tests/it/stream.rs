//! The stream as any consumer can read it.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use async_nats::jetstream::consumer::{AckPolicy, pull};
use futures::StreamExt;
use tokio::time::Instant;

use crate::platform::Platform;

/// One message.
pub(crate) struct Read {
    pub(crate) subject: String,
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) payload: Vec<u8>,
}

impl Read {
    pub(crate) fn header(&self, name: &str) -> Result<&str> {
        let value = self.headers.get(name);
        value.map(String::as_str).with_context(|| name.to_owned())
    }
}

/// A client with the rights that the platform prints.
pub(crate) async fn client(platform: &Platform) -> Result<async_nats::Client> {
    let address: async_nats::ServerAddr = platform.text("nats_url").parse()?;
    let options = match (address.username(), address.password()) {
        (Some(user), Some(password)) => {
            async_nats::ConnectOptions::with_user_and_password(user.to_owned(), password.to_owned())
        }
        _ => async_nats::ConnectOptions::new(),
    };
    Ok(options.connect(address).await?)
}

/// All messages that the stream holds, in its order, once the one at `position` is among them.
pub(crate) async fn read_all(
    platform: &Platform,
    position: i64,
    patience: Duration,
) -> Result<Vec<Read>> {
    let client = client(platform).await?;
    let stream = async_nats::jetstream::new(client)
        .get_stream("ORDERS")
        .await?;
    let consumer = stream
        .create_consumer(pull::Config {
            ack_policy: AckPolicy::None,
            ..pull::Config::default()
        })
        .await?;
    let mut read: Vec<Read> = Vec::new();
    let deadline = Instant::now() + patience;
    while Instant::now() < deadline {
        let mut batch = consumer
            .batch()
            .max_messages(500)
            .expires(Duration::from_millis(500))
            .messages()
            .await?;
        while let Some(message) = batch.next().await {
            let message = message.map_err(anyhow::Error::from_boxed)?;
            let headers = message.headers.iter().flat_map(async_nats::HeaderMap::iter);
            read.push(Read {
                subject: message.subject.to_string(),
                headers: headers
                    .filter_map(|(name, values)| {
                        Some((name.to_string(), values.first()?.as_str().to_owned()))
                    })
                    .collect(),
                payload: message.payload.to_vec(),
            });
        }
        let wanted = format!("{position:020}");
        if read
            .iter()
            .any(|message| message.header("ce-sequence").is_ok_and(|at| at == wanted))
        {
            return Ok(read);
        }
    }
    bail!(
        "the stream holds {} messages, none of position {position}",
        read.len()
    )
}
