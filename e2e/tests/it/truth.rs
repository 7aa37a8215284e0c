//! What must be true after any fault, checked against the log itself.

mod fold;
mod ledger;
mod sums;

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use futures::StreamExt;
use sqlx::postgres::PgPool;
use tokio::time::Instant;

use self::fold::Folded;
use crate::platform::Platform;

/// Generous: a fault may have to be noticed first.
const CATCH_UP: Duration = Duration::from_secs(180);

async fn log(platform: &Platform) -> Result<PgPool> {
    Ok(PgPool::connect(platform.text("event_store_url")).await?)
}

pub(crate) async fn events_in_log(platform: &Platform) -> Result<i64> {
    let pool = log(platform).await?;
    Ok(sqlx::query_scalar("select count(*) from event")
        .fetch_one(&pool)
        .await?)
}

/// Takes the log back to `position`, as a promoted standby that lagged is: what came after it is gone.
pub(crate) async fn lose_after(platform: &Platform, position: i64) -> Result<()> {
    let log = log(platform).await?;
    let mut transaction = log.begin().await?;
    for statement in [
        "alter table event disable trigger event_is_immutable".to_owned(),
        format!("delete from event where position > {position}"),
        "alter table event enable always trigger event_is_immutable".to_owned(),
        format!("delete from idempotency_key where position > {position}"),
        format!("delete from relay where position > {position}"),
    ] {
        sqlx::query(&statement).execute(&mut *transaction).await?;
    }
    transaction.commit().await?;
    Ok(())
}

/// The stream's last sequence.
pub(crate) async fn last_message(platform: &Platform) -> Result<u64> {
    let client = crate::stream::client(platform).await?;
    let stream = async_nats::jetstream::new(client)
        .get_stream("ORDERS")
        .await?;
    Ok(stream.cached_info().state.last_sequence)
}

/// Every row of every view is what a fresh fold of the log says, once the views have caught up.
pub(crate) async fn views_equal_the_log(platform: &Platform) -> Result<()> {
    let log = log(platform).await?;
    let views = PgPool::connect(platform.text("read_model_url")).await?;
    let folded = Folded::of_log(&log).await?;
    let deadline = Instant::now() + CATCH_UP;
    // Differences are looked at again until they are gone or have stayed for too long.
    while let Some(difference) = folded.difference(&views).await? {
        ensure!(
            Instant::now() < deadline,
            "the views differ from the log: {difference}\n{}",
            platform.log()
        );
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    Ok(())
}

/// Reads the whole stream as any consumer could, and follows `ce-prevposition` in each partition.
pub(crate) async fn stream_is_continuous(platform: &Platform, events: usize) -> Result<()> {
    let client = crate::stream::client(platform).await?;
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
