//! The checkpoint rule, and what writes views and checkpoints in one transaction.

use std::collections::HashMap;
use std::sync::Arc;

use event_store::{Cursor, ORDER, ReadError, StoredEvent};
use event_stream::Received;
use sqlx::{Postgres, Transaction};
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::Instant;

use super::together::{self, Batch, Gathered, NewlyParked};
use super::{FEW, Partition, PartitionError, REPLICA_LAG, metric};
use crate::checkpoints::{self, Target};
use crate::folding::{FoldError, Folding, Incoming, OrderEvents, Watcher};
use crate::parking::{Parked, rows, write_carefully};

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
        self.seat = None;
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
        let lowest = self.checkpoint();
        let behind: Vec<Target> = self
            .targets
            .iter()
            .filter(|target| target.checkpoint.position == lowest)
            .copied()
            .collect();
        let parked = match self.write_at_once(&behind, &events, end).await? {
            Some(parked) => parked,
            None => self.write_carefully(&behind, events, end).await?,
        };
        for target in &mut self.targets {
            if target.checkpoint.position == lowest {
                target.checkpoint = end;
            }
        }
        for (target, orders) in parked {
            self.park(&target, &orders);
        }
        Ok(())
    }

    /// Writes events in a round, or if they are many, in a transaction of their own; `None`: they are not written. An event that nobody
    /// can fold parks its order; what a view cannot show or write is refused.
    async fn write_at_once(
        &mut self,
        behind: &[Target],
        events: &[Incoming],
        end: Cursor,
    ) -> Result<Option<NewlyParked>, PartitionError> {
        let seat = self.seat.take();
        if events.len() > FEW {
            drop(seat);
            let _turn = self.next_turn().await;
            let Some(batch) = self.gather(behind, events, end).await? else {
                return Ok(None);
            };
            return Ok(together::write_alone(&self.sources.views, batch).await);
        }
        let seat = match seat {
            Some(seat) => seat,
            None => self.sources.rounds.join().await,
        };
        match self.gather(behind, events, end).await? {
            Some(batch) => Ok(seat.write(batch).await),
            None => Ok(None),
        }
    }

    /// Folds events and gathers what the views will hold; `None`: some view cannot show something among them.
    async fn gather(
        &mut self,
        behind: &[Target],
        events: &[Incoming],
        end: Cursor,
    ) -> Result<Option<Batch>, PartitionError> {
        let index = self.place.index;
        let mut watchers: Vec<Watcher<'_>> = behind
            .iter()
            .map(|target| Watcher::new(target.view, index, self.parked.of(target)))
            .collect();
        let after = self.checkpoint();
        let folding = self
            .folding
            .fold(&self.sources.store, after, events, &mut watchers);
        match folding.await {
            Err(FoldError::Refused(error)) => {
                tracing::debug!(partition = index, error, "a batch was refused");
                return Ok(None);
            }
            folded => folded?,
        }
        let gathered = behind
            .iter()
            .zip(watchers)
            .map(|(target, watcher)| Gathered {
                target: *target,
                gathering: watcher.gathering,
                held_back: watcher.held_back,
                parked: watcher.parked,
            });
        Ok(Some(Batch {
            partition: index,
            events: events.len(),
            end,
            gathered: gathered.collect(),
        }))
    }

    /// A turn to write alone.
    async fn next_turn(&self) -> OwnedSemaphorePermit {
        match Arc::clone(&self.sources.turns).acquire_owned().await {
            Ok(turn) => turn,
            // Turns are never closed.
            Err(_) => std::future::pending().await,
        }
    }

    /// One transaction for this partition alone: first the checkpoints, from exactly where they were, then view by view and order by
    /// order as far as need be. What can be taken in is, and the rest is parked.
    async fn write_carefully(
        &mut self,
        behind: &[Target],
        events: Vec<Incoming>,
        end: Cursor,
    ) -> Result<NewlyParked, PartitionError> {
        let _turn = self.next_turn().await;
        let began = Instant::now();
        let count = events.len();
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

        let mut transaction = self.begin(behind, &held_back, end).await?;
        // What would be refused by the commit is refused where it is found.
        sqlx::query("set constraints all immediate")
            .execute(&mut *transaction)
            .await?;
        let mut parked = NewlyParked::new();
        for (target, orders) in behind.iter().zip(shown) {
            let (view, part) = (target.view, target.part(self.place.index));
            let found = write_carefully(&mut transaction, view, part, &orders).await?;
            rows::insert(&mut transaction, view, part, &found, &HashMap::new()).await?;
            parked.push((*target, found));
        }
        transaction.commit().await?;
        metric::batch(count, began);
        Ok(parked)
    }

    /// The beginning of that transaction: the checkpoints are moved, and what is held back is still to be held back.
    async fn begin(
        &self,
        behind: &[Target],
        held_back: &[(Target, Vec<String>)],
        end: Cursor,
    ) -> Result<Transaction<'static, Postgres>, PartitionError> {
        let mut transaction = self.sources.views.begin().await?;
        let held: Vec<&Target> = behind.iter().collect();
        let held_back = held_back
            .iter()
            .map(|(target, orders)| (target, orders.as_slice()));
        if checkpoints::advance(&mut transaction, self.place.index, &held, end).await?
            && rows::are_parked(&mut transaction, held_back).await?
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
