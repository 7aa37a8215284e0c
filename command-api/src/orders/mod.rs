//! Orders as this process knows them: kept from command to command, else loaded.
//!
//! What is kept may be old, because replicas write too. To accept a command on it is safe: the append names its last
//! event by id, and refuses what was decided on any other. To refuse one is not, for nobody checks a refusal again.

mod kept;
mod snapshots;

use domain::OrderId;
use domain::envelope::Recorded;
use event_store::{
    Base, DecodeError, EventStore, LastEvent, ORDER, RecordedKey, Shortcuts, Snapshot, StoreError,
    StoredEvent,
};
use metrics::counter;
use read_model::order::OrderFold;
use service_kit::problem::chain;
use thiserror::Error;
use uuid::Uuid;

use kept::Kept;
pub(crate) use kept::Limits;
use snapshots::Snapshots;

use crate::refusal::Refusal;

/// Counter: orders that were asked for, by whether one was kept (`outcome`: `hit` or `miss`).
const LOOKUPS: &str = "order_cache_lookups_total";
/// Counter: kept orders that had changed elsewhere.
const STALE: &str = "order_cache_stale_total";
/// Counter: snapshots that say the right version and cannot be read all the same.
const UNREADABLE: &str = "snapshots_unreadable_total";

/// An order, folded up to one of its events.
#[derive(Debug, Default)]
pub(crate) struct Known {
    fold: OrderFold,
    /// Of the JSON that it was made of.
    bytes: usize,
    /// Events that no snapshot has.
    unsaved: i64,
}

/// The orders. Cheap to clone: all clones keep the same.
#[derive(Clone)]
pub(crate) struct Orders {
    store: EventStore,
    kept: Kept,
    snapshots: Snapshots,
}

impl Orders {
    /// Keeps none yet. A snapshot is written every `snapshot_every` events of an order.
    pub(crate) fn new(store: EventStore, limits: Limits, snapshot_every: u32) -> Self {
        Self {
            snapshots: Snapshots::start(store.clone(), snapshot_every),
            store,
            kept: Kept::new(limits),
        }
    }

    /// Takes the order out, if it is kept: whoever has it either gives it back or leaves it to be loaded anew.
    pub(crate) fn take(&self, order_id: &OrderId) -> Option<Known> {
        let known = self.kept.take(order_id);
        let outcome = if known.is_some() { "hit" } else { "miss" };
        counter!(LOOKUPS, "outcome" => outcome).increment(1);
        known
    }

    /// Keeps an order whose last event is in the log, and has a snapshot made of it if one is due.
    pub(crate) fn keep(&self, order_id: &OrderId, mut known: Known) {
        if self.snapshots.is_due(known.unsaved) && self.snapshots.offer(order_id, &known.fold) {
            known.unsaved = 0;
        }
        if known.fold.version() > 0 {
            self.kept.put(order_id, known);
        }
    }

    /// The order as the log has it now, and what the key led to, as of one moment. `held` may be old.
    pub(crate) async fn load(
        &self,
        order_id: &OrderId,
        held: Option<Known>,
        key: Option<Uuid>,
    ) -> Result<(Known, Option<RecordedKey>), Refusal> {
        let shortcuts = Shortcuts {
            held: held.as_ref().and_then(Known::last_event),
            shape_version: Some(OrderFold::SHAPE_VERSION),
        };
        let id = order_id.as_str();
        let mut loaded = self.store.load_from(ORDER, id, shortcuts, key).await?;
        if shortcuts.held.is_some() && (loaded.base != Base::Held || !loaded.events.is_empty()) {
            counter!(STALE).increment(1);
        }
        let mut known = match &loaded.base {
            Base::Nothing => Known::default(),
            Base::Held => held.unwrap_or_default(),
            Base::Snapshot(snapshot) => match Known::of(snapshot) {
                Ok(known) => known,
                Err(error) => {
                    counter!(UNREADABLE).increment(1);
                    tracing::warn!(order.id = id, error = %chain(&error), "a snapshot is passed by");
                    let all = Shortcuts::default();
                    loaded = self.store.load_from(ORDER, id, all, key).await?;
                    Known::default()
                }
            },
        };
        known.add(&loaded.events)?;
        Ok((known, loaded.key))
    }
}

/// Why a snapshot was not written, or cannot be used though it has the right version.
#[derive(Debug, Error)]
enum SnapshotError {
    #[error("its state is not the JSON that it should be")]
    State(#[from] serde_json::Error),
    #[error("its state ends with another event than it says")]
    LastEvent,
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Known {
    /// The order.
    pub(crate) fn fold(&self) -> &OrderFold {
        &self.fold
    }

    /// Takes in an event that was just written, of so many bytes of JSON.
    pub(crate) fn apply(&mut self, event: &Recorded, bytes: usize) {
        self.fold.apply(event);
        self.bytes += bytes;
        self.unsaved += 1;
    }

    fn add(&mut self, events: &[StoredEvent]) -> Result<(), DecodeError> {
        for event in events {
            self.apply(&event.decode()?, event.payload.len());
        }
        Ok(())
    }

    fn of(snapshot: &Snapshot) -> Result<Self, SnapshotError> {
        let known = Self {
            fold: serde_json::from_str(&snapshot.state)?,
            bytes: snapshot.state.len(),
            unsaved: 0,
        };
        if known.last_event() == Some(snapshot.last_event) {
            Ok(known)
        } else {
            Err(SnapshotError::LastEvent)
        }
    }

    fn last_event(&self) -> Option<LastEvent> {
        last_event(&self.fold)
    }
}

fn last_event(fold: &OrderFold) -> Option<LastEvent> {
    Some(LastEvent {
        sequence: fold.version(),
        event_id: fold.last_event_id()?,
    })
}
