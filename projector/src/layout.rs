//! Which generations the owners of partitions keep, and for which partitions somebody asked that parked orders be tried
//! again: looked at all the time, so that every owner learns of a change within a moment.

use std::collections::BTreeSet;
use std::convert::Infallible;
use std::time::Duration;

use service_kit::problem::chain;
use sqlx::{PgPool, Row as _};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::checkpoints;
use crate::views;

/// How often it is looked at.
const EVERY: Duration = Duration::from_millis(200);

/// What owners must know of.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Layout {
    /// View and number of each generation that is kept.
    generations: Vec<(String, i32)>,
    /// Partitions with parked orders that are to be tried again.
    retries: BTreeSet<i16>,
}

impl Layout {
    /// Whether parked orders of this partition are to be tried again.
    pub(crate) fn has_retries(&self, partition: u16) -> bool {
        self.retries.contains(&checkpoints::small(partition))
    }
}

/// Looks until `shutdown`.
pub(crate) async fn watch(
    control: PgPool,
    layout: watch::Sender<Layout>,
    shutdown: CancellationToken,
) {
    let watching = async {
        loop {
            match look(&control).await {
                Ok(now) => {
                    layout.send_if_modified(|known| {
                        let changed = *known != now;
                        *known = now;
                        changed
                    });
                }
                // Whatever is away is told by who cannot work without it.
                Err(error) => {
                    tracing::debug!(error = chain(&error), "the layout could not be read");
                }
            }
            tokio::time::sleep(EVERY).await;
        }
    };
    let _: Option<Infallible> = shutdown.run_until_cancelled(watching).await;
}

async fn look(control: &PgPool) -> Result<Layout, sqlx::Error> {
    let (names, versions) = views::known_shapes();
    let row = sqlx::query(
        "with kept as (
            select g.projection, g.generation
            from unnest($1::text[], $2::integer[]) as known (projection, shape_version)
            join generation g using (projection, shape_version)
            where g.followed
            and g.fault is null
        )
        select
            array(select projection from kept order by projection, generation) as views,
            array(select generation from kept order by projection, generation) as generations,
            array(select distinct partition from parked join kept using (projection, generation) where retry) as retries",
    )
    .bind(names)
    .bind(versions)
    .fetch_one(control)
    .await?;
    let views: Vec<String> = row.try_get("views")?;
    let generations: Vec<i32> = row.try_get("generations")?;
    let retries: Vec<i16> = row.try_get("retries")?;
    Ok(Layout {
        generations: views.into_iter().zip(generations).collect(),
        retries: retries.into_iter().collect(),
    })
}
