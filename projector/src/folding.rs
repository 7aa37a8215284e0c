//! From a batch of events to folded orders, in one pass that every projection watches.
//!
//! The state between batches is a bounded cache of folded orders. It is a convenience: an order that is not in it is
//! folded anew from the log, so there is no second stored state that could disagree with the views.

use std::collections::{HashMap, HashSet};

use domain::envelope::Recorded;
use event_store::{EventStore, ORDER, StoreError, StoredEvent};
use read_model::order::OrderFold;

use crate::projections::Gathering;

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
    /// An earlier event of an order cannot be read.
    #[error(transparent)]
    Decode(#[from] event_store::DecodeError),
    /// A document cannot be written as JSON.
    #[error("a document cannot be written as JSON")]
    Json(#[from] serde_json::Error),
}

/// An event of an order, with the version of its shape.
#[derive(Debug)]
pub(crate) struct OrderEventAt {
    pub(crate) recorded: Recorded,
    pub(crate) event_version: String,
}

/// Folds one partition's orders.
#[derive(Debug, Default)]
pub(crate) struct Folding {
    folds: HashMap<String, Kept>,
    round: u64,
}

#[derive(Debug, Default)]
struct Kept {
    fold: OrderFold,
    round: u64,
}

impl Folding {
    /// Folds `events`, which follow `after`, and shows the orders to `gatherings`. After an error, and when what was
    /// gathered is not written, the cache holds what the views do not: it must be thrown away.
    pub(crate) async fn fold(
        &mut self,
        store: &EventStore,
        after: i64,
        events: &[OrderEventAt],
        gatherings: &mut [Box<dyn Gathering>],
    ) -> Result<(), FoldError> {
        self.round += 1;
        self.load(store, after, events).await?;
        let mut touched: HashSet<&str> = HashSet::new();
        for (index, event) in events.iter().enumerate() {
            if index % TURN == TURN - 1 {
                tokio::task::yield_now().await;
            }
            let order_id = event.recorded.order_id.as_str();
            let fold = &mut self.kept(order_id).fold;
            if event.recorded.sequence != fold.version() + 1 {
                return Err(gap(&event.recorded, fold));
            }
            if touched.insert(order_id) {
                for gathering in gatherings.iter_mut() {
                    gathering.begin(order_id, fold)?;
                }
            }
            fold.apply(&event.recorded);
            for gathering in gatherings.iter_mut() {
                gathering.event(event, fold)?;
            }
        }
        for order_id in touched {
            let fold = &self.kept(order_id).fold;
            for gathering in gatherings.iter_mut() {
                gathering.end(order_id, fold)?;
            }
        }
        self.evict();
        Ok(())
    }

    /// Folds the orders of `events` that are not kept, up to `after`, from one query.
    async fn load(
        &mut self,
        store: &EventStore,
        after: i64,
        events: &[OrderEventAt],
    ) -> Result<(), FoldError> {
        let mut seen = HashSet::new();
        let missing: Vec<String> = events
            .iter()
            .map(|event| &event.recorded)
            // An order whose first event is in the batch has none before it.
            .filter(|event| seen.insert(event.order_id.as_str()) && event.sequence > 1)
            .filter(|event| !self.folds.contains_key(&event.order_id))
            .map(|event| event.order_id.clone())
            .collect();
        if missing.is_empty() {
            return Ok(());
        }
        let earlier: Vec<StoredEvent> = store.load_many(ORDER, &missing, after).await?;
        for (index, event) in earlier.iter().enumerate() {
            if index % TURN == TURN - 1 {
                tokio::task::yield_now().await;
            }
            let recorded = event.decode()?;
            self.kept(&recorded.order_id).fold.apply(&recorded);
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

fn gap(event: &Recorded, fold: &OrderFold) -> FoldError {
    FoldError::Gap {
        order_id: event.order_id.clone(),
        version: fold.version(),
        sequence: event.sequence,
    }
}
