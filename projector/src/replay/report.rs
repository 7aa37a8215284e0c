//! How far an operation is, told in its row.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use read_model::operations::Phase;
use service_kit::problem::chain;
use sqlx::{PgExecutor, PgPool};
use tokio::time::Instant;
use uuid::Uuid;

/// How often the row is written.
const EVERY: Duration = Duration::from_millis(500);

/// Over how many of these the rate is taken.
const WINDOW: usize = 10;

/// Counts what is done.
#[derive(Debug)]
pub(super) struct Report {
    operation_id: Uuid,
    done: AtomicI64,
    total: AtomicI64,
}

impl Report {
    pub(super) fn new(operation_id: Uuid) -> Self {
        Self {
            operation_id,
            done: AtomicI64::new(0),
            total: AtomicI64::new(0),
        }
    }

    /// So many events are to be done, of which some are.
    pub(super) fn expect(&self, total: i64, done: i64) {
        self.total.store(total, Ordering::Relaxed);
        self.done.store(done, Ordering::Relaxed);
    }

    /// So many more events are done.
    pub(super) fn did(&self, events: usize) {
        let events = i64::try_from(events).unwrap_or(i64::MAX);
        self.done.fetch_add(events, Ordering::Relaxed);
    }

    /// The operation is in this phase now.
    pub(super) async fn enter(
        &self,
        executor: impl PgExecutor<'_>,
        phase: Phase,
    ) -> Result<(), sqlx::Error> {
        sqlx::query(
            "update operation
            set phase = $2,
                started_at = coalesce(started_at, clock_timestamp())
            where operation_id = $1
            and finished_at is null",
        )
        .bind(self.operation_id)
        .bind(phase.as_str())
        .execute(executor)
        .await?;
        Ok(())
    }

    /// The operation has come to its end.
    pub(super) async fn end(
        &self,
        executor: impl PgExecutor<'_>,
        error: Option<&str>,
    ) -> Result<(), sqlx::Error> {
        let phase = if error.is_none() {
            Phase::Done
        } else {
            Phase::Failed
        };
        sqlx::query(
            "update operation
            set phase = $2,
                error = $3,
                done = case when $3 is null then greatest($4, $5) else $4 end,
                total = greatest($4, $5),
                finished_at = clock_timestamp()
            where operation_id = $1
            and finished_at is null",
        )
        .bind(self.operation_id)
        .bind(phase.as_str())
        .bind(error)
        .bind(self.done.load(Ordering::Relaxed))
        .bind(self.total.load(Ordering::Relaxed))
        .execute(executor)
        .await?;
        Ok(())
    }

    /// Writes into the row how far it is, again and again.
    pub(super) async fn keep(&self, control: &PgPool) -> Infallible {
        let mut past: VecDeque<(Instant, i64)> = VecDeque::with_capacity(WINDOW + 1);
        loop {
            let (now, done) = (Instant::now(), self.done.load(Ordering::Relaxed));
            past.push_back((now, done));
            if past.len() > WINDOW {
                past.pop_front();
            }
            if let Err(error) = self.write(control, rate(&past)).await {
                tracing::debug!(error = chain(&error), "progress could not be told");
            }
            tokio::time::sleep(EVERY).await;
        }
    }

    async fn write(&self, control: &PgPool, rate: Option<f64>) -> Result<(), sqlx::Error> {
        let (done, total) = (&self.done, &self.total);
        sqlx::query(
            "update operation
            set done = $2,
                total = greatest($2, $3),
                events_per_second = coalesce($4, events_per_second)
            where operation_id = $1
            and finished_at is null",
        )
        .bind(self.operation_id)
        .bind(done.load(Ordering::Relaxed))
        .bind(total.load(Ordering::Relaxed))
        .bind(rate)
        .execute(control)
        .await?;
        Ok(())
    }
}

/// Events a second from the first to the last of these; none if nothing was done or no time has passed.
fn rate(past: &VecDeque<(Instant, i64)>) -> Option<f64> {
    let (first, last) = (past.front()?, past.back()?);
    let seconds = (last.0 - first.0).as_secs_f64();
    let events = u32::try_from(last.1 - first.1)
        .ok()
        .filter(|events| *events > 0)?;
    (seconds > 0.0).then(|| f64::from(events) / seconds)
}
