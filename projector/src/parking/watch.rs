//! How many orders are parked, and when that is too many: looked at all the time, by every projector.
//!
//! What is told is what the database says, whoever owns the partitions.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use service_kit::problem::chain;
use sqlx::{PgPool, Row as _};
use tokio_util::sync::CancellationToken;

use crate::board::Board;

/// How often it is looked at.
const EVERY: Duration = Duration::from_millis(500);

/// A generation in which more orders than this failed within a minute is faulted.
const TOO_MANY: i64 = 100;

/// Looks until `shutdown`.
pub(crate) async fn watch(control: PgPool, board: Arc<Board>, shutdown: CancellationToken) {
    let watching = async {
        loop {
            let looked = async {
                raise_faults(&control).await?;
                tell(&control, &board).await
            };
            if let Err(error) = looked.await {
                // Whatever is away is told by who cannot work without it.
                tracing::debug!(
                    error = chain(&error),
                    "the parked orders could not be counted"
                );
            }
            tokio::time::sleep(EVERY).await;
        }
    };
    let _: Option<Infallible> = shutdown.run_until_cancelled(watching).await;
}

/// Faults each generation in which too many orders failed within a minute. Those that are being tried again do not count.
async fn raise_faults(control: &PgPool) -> Result<(), sqlx::Error> {
    let rows = sqlx::query(
        "update generation g
        set fault = format(
            'more than %s orders failed within a minute, %s in all, the first at position %s: %s',
            $1, failed.orders, failed.first, failed.error
        )
        from (
            select projection, generation, count(*) as orders, min(position) as first,
                (array_agg(error order by position))[1] as error
            from parked
            where since > now() - interval '1 minute'
            and not retry
            group by projection, generation
            having count(*) > $1
        ) failed
        where g.projection = failed.projection
        and g.generation = failed.generation
        and g.followed
        and g.fault is null
        returning g.projection, g.generation, g.fault",
    )
    .bind(TOO_MANY)
    .fetch_all(control)
    .await?;
    for row in rows {
        let (view, generation): (&str, i32) = (row.try_get(0)?, row.try_get(1)?);
        let fault: &str = row.try_get(2)?;
        tracing::error!(view, generation, fault, "the view is faulted and stands");
    }
    Ok(())
}

async fn tell(control: &PgPool, board: &Board) -> Result<(), sqlx::Error> {
    let rows = sqlx::query(
        "select p.name, g.fault is not null, (
            select count(*)
            from parked
            where projection = g.projection
            and generation = g.generation
        )
        from projection p
        join generation g on g.projection = p.name and g.generation = p.live_generation
        order by p.name",
    )
    .fetch_all(control)
    .await?;
    let mut faulted = Vec::new();
    for row in rows {
        let (view, is_faulted): (String, bool) = (row.try_get(0)?, row.try_get(1)?);
        let parked: i64 = row.try_get(2)?;
        let labels = [("view", view.clone())];
        #[expect(
            clippy::cast_precision_loss,
            reason = "a metric is a float; nobody has 2^53 orders"
        )]
        metrics::gauge!("projector_parked_orders", &labels).set(parked as f64);
        metrics::gauge!("projector_faulted", &labels).set(f64::from(u8::from(is_faulted)));
        if is_faulted {
            faulted.push(view);
        }
    }
    board.faulted(faulted);
    Ok(())
}
