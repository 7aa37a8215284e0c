//! From a batch of events to folded orders, each folded once while every projection watches.
//!
//! The state between batches is a bounded cache of folded orders. It is a convenience: an order that is not in it is
//! folded anew from the log, so there is no second stored state that could disagree with the views.

mod incoming;
mod order;

use std::collections::{HashMap, HashSet};

use event_store::{EventStore, ORDER, StoreError};

pub(crate) use incoming::{Flaw, Incoming, OrderEventAt};
pub(crate) use order::{Folded, OrderEvents, Watcher, show};

use crate::caught::caught;

/// Folded orders that a partition keeps.
const KEPT: usize = 1_000;

/// Events after which other tasks get their turn.
const TURN: usize = 32;

/// Why a batch could not be folded.
#[derive(Debug, thiserror::Error)]
pub(crate) enum FoldError {
    /// The log did not give the orders' earlier events.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// An order's events do not follow one another: the log's replica lags, or history was changed.
    #[error("order {order_id} has {version} events before its event {sequence}")]
    Gap {
        /// The order.
        order_id: String,
        /// Its events that are known.
        version: i64,
        /// The event's number.
        sequence: i64,
    },
    /// The content of some event, of whichever order, cannot be folded or shown.
    #[error("something in the batch cannot be folded or shown: {0}")]
    Refused(String),
}

impl From<serde_json::Error> for FoldError {
    fn from(error: serde_json::Error) -> Self {
        Self::Refused(format!("a document cannot be written as JSON: {error}"))
    }
}

/// Folds one partition's orders.
#[derive(Debug, Default)]
pub(crate) struct Folding {
    folds: HashMap<String, Kept>,
    round: u64,
}

#[derive(Debug, Default)]
struct Kept {
    folded: Folded,
    round: u64,
}

impl Folding {
    /// Folds `events`, which follow `after`, and shows the orders to `watchers`. After an error, and when what was
    /// gathered is not written, the cache holds what the views do not: it must be thrown away.
    pub(crate) async fn fold(
        &mut self,
        store: &EventStore,
        after: i64,
        events: &[Incoming],
        watchers: &mut [Watcher<'_>],
    ) -> Result<(), FoldError> {
        self.round += 1;
        self.load(store, after, events).await?;
        let mut folded = 0;
        for (order_id, events) in by_order(events) {
            if folded >= TURN {
                folded = 0;
                tokio::task::yield_now().await;
            }
            folded += events.len();
            let order = &mut self.kept(order_id).folded;
            caught(|| show(order_id, order, events, watchers))
                .unwrap_or_else(|panic| Err(FoldError::Refused(panic)))?;
        }
        self.evict();
        Ok(())
    }

    /// The orders of `events`, which follow `after`, as they stand before them.
    pub(crate) async fn before(
        mut self,
        store: &EventStore,
        after: i64,
        events: Vec<Incoming>,
    ) -> Result<Vec<OrderEvents>, FoldError> {
        self.load(store, after, &events).await?;
        let mut places: HashMap<String, usize> = HashMap::new();
        let mut orders: Vec<OrderEvents> = Vec::new();
        for event in events {
            let order_id = event.order_id();
            let place = places.get(order_id).copied().unwrap_or_else(|| {
                places.insert(order_id.to_owned(), orders.len());
                let before = self.folds.remove(order_id).unwrap_or_default().folded;
                orders.push(OrderEvents {
                    order_id: order_id.to_owned(),
                    before,
                    events: Vec::new(),
                    known: 0,
                });
                orders.len() - 1
            });
            orders[place].events.push(event);
        }
        Ok(orders)
    }

    /// Folds the orders of `events` that are not kept, up to `after`, from one query.
    async fn load(
        &mut self,
        store: &EventStore,
        after: i64,
        events: &[Incoming],
    ) -> Result<(), FoldError> {
        let mut seen = HashSet::new();
        let missing: Vec<String> = events
            .iter()
            // An order whose first event is in the batch has none before it.
            .filter(|event| seen.insert(event.order_id()) && event.sequence() > 1)
            .filter(|event| !self.folds.contains_key(event.order_id()))
            .map(|event| event.order_id().to_owned())
            .collect();
        if missing.is_empty() {
            return Ok(());
        }
        let earlier = store.load_many(ORDER, &missing, after).await?;
        let mut folded = 0;
        for order in OrderEvents::from_the_first(earlier) {
            if folded >= TURN {
                folded = 0;
                tokio::task::yield_now().await;
            }
            folded += order.events.len();
            self.kept(&order.order_id).folded = Folded::of(&order.events);
        }
        Ok(())
    }

    fn kept(&mut self, order_id: &str) -> &mut Kept {
        let kept = self.folds.entry(order_id.to_owned()).or_default();
        kept.round = self.round;
        kept
    }

    /// Lets the orders go that were not touched for longest, half of them at a time.
    fn evict(&mut self) {
        if self.folds.len() <= KEPT {
            return;
        }
        let mut rounds: Vec<u64> = self.folds.values().map(|kept| kept.round).collect();
        let middle = rounds.len() - KEPT / 2;
        let (_, oldest_kept, _) = rounds.select_nth_unstable(middle);
        let oldest_kept = *oldest_kept;
        self.folds.retain(|_, kept| kept.round >= oldest_kept);
        if self.folds.len() > KEPT {
            // One batch touched more orders than are kept.
            self.folds.clear();
        }
    }
}

/// The orders of these events, in the order in which they come first.
fn by_order(events: &[Incoming]) -> Vec<(&str, Vec<&Incoming>)> {
    let mut places: HashMap<&str, usize> = HashMap::new();
    let mut orders: Vec<(&str, Vec<&Incoming>)> = Vec::new();
    for event in events {
        let order_id = event.order_id();
        let place = *places.entry(order_id).or_insert_with(|| {
            orders.push((order_id, Vec::new()));
            orders.len() - 1
        });
        orders[place].1.push(event);
    }
    orders
}
