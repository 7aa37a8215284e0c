//! From a batch of events to the rows of both projections, in one pass.
//!
//! The state between batches is a bounded cache of folded orders. It is a convenience: an order that is not in it is
//! folded anew from the log, so there is no second stored state that could disagree with the views.

use std::collections::{HashMap, HashSet};

use domain::envelope::Recorded;
use event_store::{EventStore, ORDER, StoreError, StoredEvent};
use read_model::View;
use read_model::history::HistoryRow;
use read_model::order::OrderFold;
use read_model::orders::{OrderRow, TermsRow};
use serde_json::Value;

use crate::{order_history, orders};

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

/// The rows that a batch leads to.
#[derive(Debug, Default)]
pub(crate) struct Rows {
    pub(crate) orders: Vec<OrderRow>,
    pub(crate) terms: Vec<TermsRow>,
    pub(crate) history: Vec<HistoryRow>,
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
    /// Folds `events`, which follow `after`, and returns the rows that `views` need. After an error, and when
    /// the rows are not written, the cache holds what the views do not: it must be thrown away.
    pub(crate) async fn fold(
        &mut self,
        store: &EventStore,
        after: i64,
        events: &[OrderEventAt],
        views: &[View],
    ) -> Result<Rows, FoldError> {
        self.round += 1;
        self.load(store, after, events).await?;
        let mut rows = Rows::default();
        let history = views.contains(&View::OrderHistory);
        let mut documents: HashMap<&str, Value> = HashMap::new();
        for (index, event) in events.iter().enumerate() {
            if index % TURN == TURN - 1 {
                tokio::task::yield_now().await;
            }
            let order_id = event.recorded.order_id.as_str();
            let fold = &mut self.kept(order_id).fold;
            if event.recorded.sequence != fold.version() + 1 {
                return Err(gap(&event.recorded, fold));
            }
            let before = match documents.remove(order_id) {
                Some(document) => Some(document),
                None if history && fold.version() > 0 => {
                    Some(serde_json::to_value(fold.document())?)
                }
                None => None,
            };
            fold.apply(&event.recorded);
            if history {
                let document = serde_json::to_value(fold.document())?;
                let row = order_history::row(
                    &event.recorded,
                    &event.event_version,
                    fold,
                    before.as_ref(),
                    &document,
                )?;
                rows.history.push(row);
                documents.insert(order_id, document);
            }
        }
        if views.contains(&View::Orders) {
            // Each order, and whether its terms changed.
            let mut touched: HashMap<&str, bool> = HashMap::new();
            for OrderEventAt { recorded, .. } in events {
                let changed = touched.entry(&recorded.order_id).or_default();
                *changed |= orders::changes_terms(&recorded.event);
            }
            for (order_id, terms_changed) in touched {
                let fold = &self.kept(order_id).fold;
                rows.orders.extend(orders::row(fold)?);
                if terms_changed {
                    rows.terms.extend(orders::terms(fold));
                }
            }
        }
        self.evict();
        Ok(rows)
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
