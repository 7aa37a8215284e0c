//! The checkpoint rule, and the one transaction that writes views and checkpoints.

use std::collections::HashMap;

use event_store::{Cursor, ORDER, ReadError, StoredEvent};
use event_stream::Received;
use sqlx::{Postgres, Transaction};
use tokio::time::Instant;

use super::{Partition, PartitionError, REPLICA_LAG, metric};
use crate::caught::caught_while;
use crate::folding::{FoldError, Folding, Incoming, OrderEvents, Watcher};
use crate::parking::{Parked, refusal, rows, write_carefully};
use crate::views::{self, Target};

/// What a batch could not take in, by generation.
type NewlyParked = Vec<(Target, Vec<Parked>)>;

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
    async fn apply(&mut self, events: Vec<StoredEvent>) -> Result<(), PartitionError> {
        let Some(last) = events.last() else {
            return Ok(());
        };
        let end = Cursor::at(last.position, last.event_id);
        // What is no order is none of these views' business.
        let of_orders = events
            .into_iter()
            .filter(|event| event.aggregate_type == ORDER);
        self.write(of_orders.map(Incoming::read).collect(), end)
            .await
    }

    /// Takes in events as a whole, or if something in them cannot be taken in, all that can.
    async fn write(&mut self, events: Vec<Incoming>, end: Cursor) -> Result<(), PartitionError> {
        let began = Instant::now();
        let count = events.len();
        let lowest = self.checkpoint();
        let behind: Vec<Target> = self
            .targets
            .iter()
            .filter(|target| target.checkpoint.position == lowest)
            .copied()
            .collect();
        let parked = match self.write_at_once(&behind, &events, end).await {
            Err(PartitionError::Fold(FoldError::Refused(error))) => {
                tracing::debug!(partition = self.place.index, error, "a batch was refused");
                self.write_carefully(&behind, events, end).await?
            }
            written => written?,
        };
        for target in &mut self.targets {
            if target.checkpoint.position == lowest {
                target.checkpoint = end;
            }
        }
        for (target, orders) in parked {
            self.park(&target, &orders);
        }
        metrics::counter!(metric::EVENTS).increment(count as u64);
        metrics::histogram!(metric::BATCH_EVENTS).record(u32::try_from(count).unwrap_or(u32::MAX));
        metrics::histogram!(metric::BATCH_SECONDS).record(began.elapsed());
        Ok(())
    }

    /// One transaction: first the checkpoints, from exactly where they were, then the rows. An event that nobody can fold parks its
    /// order; what a view cannot show or write is refused, and nothing is written.
    async fn write_at_once(
        &mut self,
        behind: &[Target],
        events: &[Incoming],
        end: Cursor,
    ) -> Result<NewlyParked, PartitionError> {
        let mut watchers: Vec<Watcher<'_>> = behind
            .iter()
            .map(|target| Watcher::new(target.view, self.parked.of(target)))
            .collect();
        let after = self.checkpoint();
        self.folding
            .fold(&self.sources.store, after, events, &mut watchers)
            .await?;
        let held_back = watchers
            .iter_mut()
            .map(|watcher| std::mem::take(&mut watcher.held_back));
        let held_back = behind.iter().copied().zip(held_back).collect();

        let mut transaction = self.begin(behind, held_back, end).await?;
        let mut refused = None;
        for (target, watcher) in behind.iter().zip(&watchers) {
            let write = watcher.gathering.write(&mut transaction, self.part(target));
            refused = match caught_while(write).await {
                Ok(Ok(())) => continue,
                Ok(Err(error)) => Some(refusal(&error).ok_or(error)?),
                Err(panic) => Some(panic),
            };
            break;
        }
        if let Some(error) = refused {
            transaction.rollback().await?;
            return Err(FoldError::Refused(error).into());
        }
        let mut parked = NewlyParked::new();
        for (target, watcher) in behind.iter().zip(watchers) {
            let (view, part) = (target.view, self.part(target));
            rows::insert(
                &mut transaction,
                view,
                part,
                &watcher.parked,
                &HashMap::new(),
            )
            .await?;
            parked.push((*target, watcher.parked));
        }
        transaction
            .commit()
            .await
            .map_err(|error| match refusal(&error) {
                Some(error) => FoldError::Refused(error).into(),
                None => PartitionError::from(error),
            })?;
        Ok(parked)
    }

    /// The same, view by view and order by order as far as need be: what can be taken in is, and the rest is parked.
    async fn write_carefully(
        &mut self,
        behind: &[Target],
        events: Vec<Incoming>,
        end: Cursor,
    ) -> Result<NewlyParked, PartitionError> {
        // It holds what was not written.
        self.folding = Folding::default();
        let orders = Folding::default()
            .before(&self.sources.store, self.checkpoint(), events)
            .await?;
        let mut shown = Vec::with_capacity(behind.len());
        let mut held_back = Vec::with_capacity(behind.len());
        for target in behind {
            let held = self.parked.of(target);
            let (held, free): (Vec<&OrderEvents>, Vec<&OrderEvents>) = orders
                .iter()
                .partition(|order| held.is_some_and(|held| held.contains(&order.order_id)));
            shown.push(free);
            held_back.push((
                *target,
                held.iter().map(|order| order.order_id.clone()).collect(),
            ));
        }

        let mut transaction = self.begin(behind, held_back, end).await?;
        // What would be refused by the commit is refused where it is found.
        sqlx::query("set constraints all immediate")
            .execute(&mut *transaction)
            .await?;
        let mut parked = NewlyParked::new();
        for (target, orders) in behind.iter().zip(shown) {
            let (view, part) = (target.view, self.part(target));
            let found = write_carefully(&mut transaction, view, part, &orders).await?;
            rows::insert(&mut transaction, view, part, &found, &HashMap::new()).await?;
            parked.push((*target, found));
        }
        transaction.commit().await?;
        Ok(parked)
    }

    /// The beginning of a batch's transaction: the checkpoints are moved, and what is held back is still to be held back.
    async fn begin(
        &self,
        behind: &[Target],
        held_back: Vec<(Target, Vec<String>)>,
        end: Cursor,
    ) -> Result<Transaction<'static, Postgres>, PartitionError> {
        let mut transaction = self.sources.views.begin().await?;
        let held: Vec<&Target> = behind.iter().collect();
        if views::advance(&mut transaction, self.place.index, &held, end).await?
            && rows::are_parked(&mut transaction, &held_back).await?
        {
            return Ok(transaction);
        }
        transaction.rollback().await?;
        metrics::counter!(metric::DOUBLED).increment(1);
        Err(PartitionError::Doubled)
    }

    /// Remembers and tells that orders are parked.
    fn park(&mut self, target: &Target, orders: &[Parked]) {
        self.parked.park(target, orders);
        metrics::counter!(metric::PARKINGS, "view" => target.view.as_str())
            .increment(orders.len() as u64);
        for order in orders {
            tracing::error!(
                order.id = order.order_id,
                log.position = order.position,
                view = target.view.as_str(),
                generation = target.generation,
                error = order.error,
                "the order is parked: the view shows it as it was before this event"
            );
        }
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
