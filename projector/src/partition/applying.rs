//! The checkpoint rule, and the one transaction that writes views and checkpoints.

use event_store::{Cursor, ORDER, ReadError, StoredEvent};
use event_stream::Received;
use tokio::time::Instant;

use super::{Partition, PartitionError, REPLICA_LAG, metric};
use crate::folding::OrderEventAt;
use crate::projections::{self, Gathering};
use crate::views::{self, Target};

/// Pause before a replica of the log is asked again.
const LAG_PAUSE: std::time::Duration = std::time::Duration::from_millis(10);

impl Partition {
    /// Takes in messages, in their order: skips, applies, or reads the log up to them.
    pub(super) async fn take(&mut self, received: Vec<Received>) -> Result<(), PartitionError> {
        let mut batch: Vec<StoredEvent> = Vec::with_capacity(received.len());
        for Received { message, .. } in received {
            if message.incarnation > self.log.incarnation {
                return Err(PartitionError::Turned);
            }
            if message.incarnation < self.log.incarnation {
                continue;
            }
            let reached = batch
                .last()
                .map_or(self.checkpoint(), |event| event.position);
            if message.position <= reached {
                metrics::counter!(metric::REDELIVERED).increment(1);
                continue;
            }
            match message.event {
                Some(event) if message.previous == reached && self.is_even() => batch.push(event),
                event => {
                    let why = if event.is_none() { "large" } else { "gap" };
                    metrics::counter!(metric::HEALED, "why" => why).increment(1);
                    self.apply(std::mem::take(&mut batch)).await?;
                    self.read_log_to(message.position).await?;
                }
            }
        }
        self.apply(batch).await
    }

    /// Reads all that the log has beyond the checkpoint, and says how many events that were.
    pub(crate) async fn read_log(&mut self) -> Result<usize, PartitionError> {
        let mut found = 0;
        loop {
            let page = self.read_page().await?;
            found += page.len();
            if page.is_empty() {
                return Ok(found);
            }
            self.apply(page).await?;
        }
    }

    /// Reads the log up to `position` at least.
    async fn read_log_to(&mut self, position: i64) -> Result<(), PartitionError> {
        // A replica may let this partition wait, but not the others.
        self.turn = None;
        let asked = Instant::now();
        while self.checkpoint() < position {
            let page = self.read_page().await?;
            if page.is_empty() {
                if asked.elapsed() > REPLICA_LAG {
                    return Err(PartitionError::LogBehind { position });
                }
                tokio::time::sleep(LAG_PAUSE).await;
            }
            self.apply(page).await?;
        }
        Ok(())
    }

    /// The next events of the log for the views that are furthest behind, none of them beyond where another view is.
    async fn read_page(&mut self) -> Result<Vec<StoredEvent>, PartitionError> {
        let Some(after) = self
            .targets
            .iter()
            .map(|target| target.checkpoint)
            .min_by_key(|at| at.position)
        else {
            return Ok(Vec::new());
        };
        let reading = self
            .sources
            .store
            .read_partition(self.place, after, self.page.limit());
        let mut page = match reading.await {
            Err(ReadError::AnotherHistory { .. }) => return Err(self.turned().await?),
            read => read?,
        };
        self.page.learn(&page);
        let next = self
            .targets
            .iter()
            .map(|target| target.checkpoint.position)
            .filter(|at| *at > after.position)
            .min();
        if let Some(next) = next {
            page.retain(|event| event.position <= next);
        }
        metrics::counter!(metric::READ_FROM_LOG).increment(page.len() as u64);
        Ok(page)
    }

    /// Folds events, which follow the lowest checkpoint, and writes what comes of them.
    ///
    /// What stands before an event that cannot be read is written all the same.
    async fn apply(&mut self, events: Vec<StoredEvent>) -> Result<(), PartitionError> {
        let mut readable = Vec::with_capacity(events.len());
        let mut end = None;
        let mut unreadable = None;
        for event in events {
            // What is no order is none of these views' business.
            if event.aggregate_type == ORDER {
                match event.decode() {
                    Ok(recorded) => readable.push(OrderEventAt {
                        // Of what is shown, which is the event as this program reads it.
                        event_version: recorded.event.event_version().to_owned(),
                        recorded,
                    }),
                    Err(error) => {
                        unreadable = Some(error);
                        break;
                    }
                }
            }
            end = Some(Cursor::at(event.position, event.event_id));
        }
        if let Some(end) = end {
            self.write(&readable, end).await?;
        }
        unreadable.map_or(Ok(()), |error| Err(error.into()))
    }

    /// One transaction: first the checkpoints, from exactly where they were, then the rows.
    async fn write(&mut self, events: &[OrderEventAt], end: Cursor) -> Result<(), PartitionError> {
        let _turn = self.next_turn().await;
        let began = Instant::now();
        let lowest = self.checkpoint();
        let (behind, mut gatherings): (Vec<&Target>, Vec<Box<dyn Gathering>>) = self
            .targets
            .iter()
            .filter(|target| target.checkpoint.position == lowest)
            .map(|target| (target, projections::gathering(target.view)))
            .unzip();
        self.folding
            .fold(&self.sources.store, lowest, events, &mut gatherings)
            .await?;

        let mut transaction = self.sources.views.begin().await?;
        if !views::advance(&mut transaction, self.place.index, &behind, end).await? {
            transaction.rollback().await?;
            metrics::counter!(metric::DOUBLED).increment(1);
            return Err(PartitionError::Doubled);
        }
        for (target, gathering) in behind.iter().zip(&gatherings) {
            gathering.write(&mut transaction, self.part(target)).await?;
        }
        transaction.commit().await?;

        for target in &mut self.targets {
            if target.checkpoint.position == lowest {
                target.checkpoint = end;
            }
        }
        metrics::counter!(metric::EVENTS).increment(events.len() as u64);
        metrics::histogram!(metric::BATCH_EVENTS)
            .record(u32::try_from(events.len()).unwrap_or(u32::MAX));
        metrics::histogram!(metric::BATCH_SECONDS).record(began.elapsed());
        Ok(())
    }

    /// How far the view is that is furthest behind.
    fn checkpoint(&self) -> i64 {
        self.targets
            .iter()
            .map(|target| target.checkpoint.position)
            .min()
            .unwrap_or(0)
    }

    /// Whether all views are equally far, as they always are but for one that is new.
    fn is_even(&self) -> bool {
        let lowest = self.checkpoint();
        self.targets
            .iter()
            .all(|target| target.checkpoint.position == lowest)
    }
}
