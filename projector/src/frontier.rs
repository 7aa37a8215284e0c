//! How far the log is, written beside the views, so that a view's position can be told.
//!
//! The relay tells it with each batch; who hears nothing for a second asks the log.

use std::convert::Infallible;
use std::time::Duration;

use event_store::{LogIdentity, StoreError};
use event_stream::{Frontier, FrontierSubscription};
use service_kit::Kept;
use service_kit::problem::chain;
use sqlx::PgConnection;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::partition::Sources;

/// Who hears nothing for so long asks the log.
const IDLE: Duration = Duration::from_secs(1);

/// Rows are written at most this often; what is told in between is covered by the next.
const WRITE_EVERY: Duration = Duration::from_millis(2);

/// Rows that are kept.
const KEPT: i64 = 1_000;

/// Rows are thinned out after so many were added.
const TRIM_AFTER: u32 = 200;

/// Why the frontier could not be kept.
#[derive(Debug, thiserror::Error)]
enum FrontierError {
    #[error(transparent)]
    Log(#[from] StoreError),
    #[error("the views' database failed")]
    Views(#[from] sqlx::Error),
}

/// Writes the frontier until `shutdown`.
pub(crate) async fn keep(sources: Sources, shutdown: CancellationToken) {
    let keeping = async {
        loop {
            let Err(error) = follow(&sources).await;
            tracing::warn!(error = chain(&error), "the frontier could not be written");
            tokio::time::sleep(IDLE).await;
        }
    };
    let _: Option<Infallible> = shutdown.run_until_cancelled(keeping).await;
}

async fn follow(sources: &Sources) -> Result<Infallible, FrontierError> {
    // Without a subscription the log is asked each second.
    let mut told = FrontierSubscription::open(&sources.client, &sources.stream)
        .await
        .ok();
    let views = Kept::of(sources.control.clone());
    let mut written = 0;
    let mut added = 0;
    let mut log = sources.store.identity().await?;
    // Of this log: others, who share the broker, may tell of theirs all the time.
    let mut heard = Instant::now();
    loop {
        let frontier = match tokio::time::timeout_at(heard + IDLE, newest(&mut told)).await {
            Ok(frontier) if is_of(&frontier, log, sources) => frontier,
            Ok(frontier) => {
                if frontier.log == log.log_id && frontier.incarnation > log.incarnation {
                    log = sources.store.identity().await?;
                }
                continue;
            }
            Err(_) => {
                log = sources.store.identity().await?;
                // Whoever goes back to an earlier history empties the table.
                written = 0;
                ask(sources, log).await?
            }
        };
        heard = Instant::now();
        #[expect(
            clippy::cast_precision_loss,
            reason = "a metric is a float; positions stay below 2^53"
        )]
        metrics::gauge!("projector_log_position").set(frontier.position as f64);
        if frontier.position == written {
            continue;
        }
        let mut connection = views.take().await?;
        if write(&mut connection, &frontier).await? {
            written = frontier.position;
            added += 1;
        } else {
            // Some partition has still to be compared with the log: until then nobody can tell how far a view is.
            written = 0;
        }
        if added == TRIM_AFTER {
            trim(&mut connection).await?;
            added = 0;
        }
        connection.give_back();
        tokio::time::sleep(WRITE_EVERY).await;
    }
}

/// The newest frontier that was told.
async fn newest(told: &mut Option<FrontierSubscription>) -> Frontier {
    let Some(subscription) = told else {
        return std::future::pending().await;
    };
    let Some(mut frontier) = subscription.next().await else {
        return std::future::pending().await;
    };
    while let Some(newer) = subscription.waiting() {
        frontier = newer;
    }
    frontier
}

/// Whether it speaks of this log, in these partitions: another platform may share the broker.
fn is_of(frontier: &Frontier, log: LogIdentity, sources: &Sources) -> bool {
    frontier.log == log.log_id
        && frontier.incarnation == log.incarnation
        && frontier.last.len() == usize::from(sources.stream.partitions)
}

/// What the log says now, in one statement.
async fn ask(sources: &Sources, log: LogIdentity) -> Result<Frontier, StoreError> {
    let head = sources.store.head(sources.stream.partitions).await?;
    Ok(Frontier {
        log: log.log_id,
        incarnation: log.incarnation,
        position: head.position,
        last: head.partitions,
    })
}

/// Whether it may be written: all partitions follow this history of the log.
async fn write(views: &mut PgConnection, frontier: &Frontier) -> Result<bool, sqlx::Error> {
    let may = sqlx::query_scalar(
        "with compared as (
            select count(*) = $5 as all_are
            from followed
            where log_id = $3
            and incarnation = $4
        ),
        written as (
            insert into frontier (position, last)
            select $1, $2
            from compared
            where all_are
            on conflict (position) do update
            set last = excluded.last
        )
        select all_are from compared",
    )
    .bind(frontier.position)
    .bind(&frontier.last)
    .bind(frontier.log)
    .bind(frontier.incarnation)
    .bind(i64::try_from(frontier.last.len()).unwrap_or(i64::MAX))
    .fetch_one(views)
    .await?;
    Ok(may)
}

async fn trim(views: &mut PgConnection) -> Result<(), sqlx::Error> {
    sqlx::query(
        "delete from frontier
        where position < (select position from frontier order by position desc offset $1 limit 1)",
    )
    .bind(KEPT - 1)
    .execute(views)
    .await?;
    Ok(())
}
