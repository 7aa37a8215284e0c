//! Building the view of orders anew from the log, beside the crate that our peers would do it with, on the same log.
//!
//! | cell | what is counted |
//! |---|---|
//! | `rebuild/ours` | events of the whole log, from the beginning of the rebuild until its generation is live |
//! | `rebuild/large` | the same on the log of `--rebuild-large` |
//! | `rebuild/cqrs-es` | events replayed by `QueryReplay` into a view of `PostgresViewRepository` |
//!
//! `ours` is a projector's process that has nothing else to do: all views are at the log's end before it starts. `cqrs-es` writes
//! a view once an event and would take hours for the whole log; it gets the log's first orders, as many as take some seconds,
//! in a table of their own, so that it need not sort the others.

mod cqrs_es;
mod projector;

use anyhow::Result;
use sqlx::PgPool;

use crate::cell::Cell;
use crate::lives::Lives;
use crate::{Arguments, database, progress};

/// Orders that the peer replays for each second that a cell is to take.
const PEER_ORDERS: f64 = 100.0;

/// Runs every cell once a round.
pub(crate) async fn measure(arguments: &Arguments) -> Result<Vec<Cell>> {
    let mut cells: Vec<Cell> = ["rebuild/ours", "rebuild/large", "rebuild/cqrs-es"]
        .into_iter()
        .filter(|name| arguments.wants(name))
        .filter(|name| *name != "rebuild/large" || arguments.rebuild_large.is_some())
        .map(|name| Cell::new(name, "events"))
        .collect();
    if cells.is_empty() {
        return Ok(cells);
    }
    let log = Log::write(arguments, "bench_rebuild", arguments.rebuild_events).await?;
    let large = match arguments.rebuild_large {
        Some(events) if cells.iter().any(|cell| cell.name == "rebuild/large") => {
            Some(Log::write(arguments, "bench_rebuild_large", events).await?)
        }
        _ => None,
    };
    for round in 0..arguments.rounds {
        for cell in &mut cells {
            database::settle(&arguments.postgres_url).await?;
            let sample = match (cell.name.as_str(), &large) {
                ("rebuild/cqrs-es", _) => cqrs_es::replay(arguments, &log).await?,
                ("rebuild/large", Some(large)) => projector::rebuild(arguments, large).await?,
                _ => projector::rebuild(arguments, &log).await?,
            };
            cell.take(round, sample);
        }
    }
    log.remove(arguments).await?;
    if let Some(large) = large {
        large.remove(arguments).await?;
    }
    Ok(cells)
}

/// A log of whole lives.
struct Log {
    name: &'static str,
    url: String,
    /// The database of its views, which hold nothing.
    views: String,
    pool: PgPool,
    events: i64,
    orders: i64,
}

impl Log {
    async fn write(arguments: &Arguments, name: &'static str, events: i64) -> Result<Self> {
        progress(&format!("filling a log of {events} events …"));
        let url = database::anew(&arguments.postgres_url, name).await?;
        let pool = database::pool(&url, 2).await?;
        event_store::migrate(&pool).await?;
        let views = format!("{name}_no_views");
        projector::make_views(arguments, &url, &views).await?;
        let lives = Lives::whole()?;
        let orders = (events / lives.events_an_order()).max(1);
        let events = lives.write(&pool, orders).await?;
        Ok(Self {
            name,
            url,
            views,
            pool,
            events,
            orders,
        })
    }

    async fn remove(self, arguments: &Arguments) -> Result<()> {
        self.pool.close().await;
        database::remove(&arguments.postgres_url, &self.views).await?;
        database::remove(&arguments.postgres_url, self.name).await
    }
}
