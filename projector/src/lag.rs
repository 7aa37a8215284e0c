//! How far each view is behind the log, partition by partition, for whoever watches.
//!
//! What is told is what the databases say, whoever owns the partitions: every projector tells the same, and one that
//! stands still does not take its share of the truth with it.

use std::convert::Infallible;
use std::time::Duration;

use event_store::{Backlog, PartitionOf, StoreError};
use service_kit::problem::chain;
use sqlx::Row as _;
use tokio_util::sync::CancellationToken;

use crate::partition::Sources;

/// How often it is measured.
const EVERY: Duration = Duration::from_secs(1);

/// Why it could not be measured.
#[derive(Debug, thiserror::Error)]
enum LagError {
    #[error(transparent)]
    Log(#[from] StoreError),
    #[error("the views' database failed")]
    Views(#[from] sqlx::Error),
}

/// Measures until `shutdown`.
pub(crate) async fn watch(sources: Sources, shutdown: CancellationToken) {
    let watching = async {
        loop {
            tokio::time::sleep(EVERY).await;
            if let Err(error) = measure(&sources).await {
                // Whatever is away is told by who cannot work without it.
                tracing::debug!(error = chain(&error), "the lag could not be measured");
            }
        }
    };
    let _: Option<Infallible> = shutdown.run_until_cancelled(watching).await;
}

async fn measure(sources: &Sources) -> Result<(), LagError> {
    let rows = sqlx::query(
        "select c.projection, c.partition::integer, c.position
        from projection p
        join checkpoint c on c.projection = p.name and c.generation = p.live_generation",
    )
    .fetch_all(&sources.control)
    .await?;
    let count = sources.stream.partitions;
    // Later than the checkpoints: what was written in between counts as lag for a moment, never the other way round.
    let head = sources.store.head(count).await?;
    for row in rows {
        let view: String = row.try_get(0)?;
        let partition: i32 = row.try_get(1)?;
        let position: i64 = row.try_get(2)?;
        let Ok(index) = u16::try_from(partition) else {
            continue;
        };
        let last = head.partitions.get(usize::from(index)).copied();
        let backlog = if last.is_none_or(|last| last <= position) {
            Backlog::NONE
        } else {
            let place = PartitionOf { index, count };
            sources.store.partition_backlog(place, position).await?
        };
        tell(view, index, position, backlog);
    }
    Ok(())
}

fn tell(view: String, partition: u16, position: i64, backlog: Backlog) {
    let labels = [("view", view), ("partition", partition.to_string())];
    #[expect(
        clippy::cast_precision_loss,
        reason = "a metric is a float; positions stay below 2^53"
    )]
    let (position, events) = (position as f64, backlog.events as f64);
    metrics::gauge!("projector_checkpoint", &labels).set(position);
    metrics::gauge!("projector_lag_events", &labels).set(events);
    metrics::gauge!("projector_lag_seconds", &labels).set(backlog.seconds);
}
