//! What must be true after any fault, checked against the log itself.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use futures::StreamExt;
use sqlx::postgres::PgPool;

use crate::platform::Platform;

/// Generous: a fault may have to be noticed first.
const CATCH_UP: Duration = Duration::from_secs(60);

async fn log(platform: &Platform) -> Result<PgPool> {
    Ok(PgPool::connect(platform.text("event_store_url")).await?)
}

pub(crate) async fn events_in_log(platform: &Platform) -> Result<i64> {
    let pool = log(platform).await?;
    Ok(sqlx::query_scalar("select count(*) from event")
        .fetch_one(&pool)
        .await?)
}

/// Every order's document stands at the last event that the log has of it, and the history holds
/// each event once.
pub(crate) async fn views_equal_the_log(platform: &Platform) -> Result<()> {
    let log = log(platform).await?;
    let views = PgPool::connect(platform.text("read_model_url")).await?;
    let orders: BTreeMap<String, (i64, i64)> = sqlx::query_as(
        "select aggregate_id, max(sequence)::bigint, max(position) from event group by aggregate_id",
    )
    .fetch_all(&log)
    .await?
    .into_iter()
    .map(|(id, version, position)| (id, (version, position)))
    .collect();
    let events: Vec<i64> = sqlx::query_scalar("select position from event order by position")
        .fetch_all(&log)
        .await?;

    test_kit::eventually(
        "the views stand where the log stands",
        CATCH_UP,
        async || {
            let history: Vec<i64> =
                sqlx::query_scalar("select position from order_history_1 order by position")
                    .fetch_all(&views)
                    .await
                    .ok()?;
            (history == events).then_some(())
        },
    )
    .await;
    let shown: BTreeMap<String, (i64, i64)> = sqlx::query_as(
        "select document->>'order_id', (document->>'version')::bigint, (document->>'position')::bigint from orders_1",
    )
    .fetch_all(&views)
    .await?
    .into_iter()
    .map(|(id, version, position)| (id, (version, position)))
    .collect();
    ensure!(shown == orders, "the orders view differs from the log");
    Ok(())
}

/// Reads the whole stream as any consumer could, and follows `ce-prevposition` in each partition.
pub(crate) async fn stream_is_continuous(platform: &Platform, events: usize) -> Result<()> {
    let address: async_nats::ServerAddr = platform.text("nats_url").parse()?;
    let user = address.username().context("a user")?.to_owned();
    let password = address.password().context("a password")?.to_owned();
    let client = async_nats::ConnectOptions::with_user_and_password(user, password)
        .connect(address)
        .await?;
    let stream = async_nats::jetstream::new(client)
        .get_stream("ORDERS")
        .await?;
    let consumer = stream
        .create_consumer(async_nats::jetstream::consumer::pull::Config {
            ack_policy: async_nats::jetstream::consumer::AckPolicy::None,
            ..Default::default()
        })
        .await?;
    let mut last: BTreeMap<String, i64> = BTreeMap::new();
    let mut seen = 0;
    while seen < events {
        let mut batch = consumer.fetch().max_messages(500).messages().await?;
        let mut got = 0;
        while let Some(message) = batch.next().await {
            let message = message.map_err(anyhow::Error::from_boxed)?;
            let header = |name: &str| -> Result<i64> {
                let headers = message.headers.as_ref().context("headers")?;
                Ok(headers
                    .get(name)
                    .context(name.to_owned())?
                    .as_str()
                    .parse()?)
            };
            let partition = message
                .subject
                .split('.')
                .nth(2)
                .context("a partition")?
                .to_owned();
            let before = last.insert(partition, header("ce-sequence")?).unwrap_or(0);
            ensure!(
                header("ce-prevposition")? == before,
                "a gap in {}",
                message.subject
            );
            got += 1;
        }
        ensure!(got > 0, "the stream holds {seen} of {events} events");
        seen += got;
    }
    Ok(())
}
