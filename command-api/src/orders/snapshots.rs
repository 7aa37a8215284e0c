//! Snapshots of long orders, written off the way of commands: no answer waits for one.

use domain::OrderId;
use event_store::{EventStore, ORDER, Snapshot};
use metrics::counter;
use read_model::order::OrderFold;
use service_kit::problem::chain;
use tokio::sync::mpsc;

use super::{SnapshotError, last_event};

/// Counter: snapshots that were written.
const WRITTEN: &str = "snapshots_written_total";
/// Counter: snapshots that were not (`reason`: `busy`, `overtaken` by a later one, or `failed`).
const SKIPPED: &str = "snapshots_skipped_total";

/// States that wait to be written. Each is an order of a hundred events or so; beyond, the next command of the order
/// has another chance.
const WAITING: usize = 64;

/// Whom to give states to.
#[derive(Clone)]
pub(super) struct Snapshots {
    every: i64,
    waiting: mpsc::Sender<(OrderId, OrderFold)>,
}

impl Snapshots {
    /// Starts the task that writes; it ends when nobody can give it states any more.
    pub(super) fn start(store: EventStore, every: u32) -> Self {
        let (waiting, states) = mpsc::channel(WAITING);
        tokio::spawn(write_all(store, states));
        Self {
            every: every.into(),
            waiting,
        }
    }

    /// Whether an order with so many events beyond its snapshot should have a new one.
    pub(super) fn is_due(&self, unsaved: i64) -> bool {
        unsaved >= self.every
    }

    /// Has a state written, if not too many wait. Whether it will be.
    pub(super) fn offer(&self, order_id: &OrderId, fold: &OrderFold) -> bool {
        let Ok(place) = self.waiting.try_reserve() else {
            counter!(SKIPPED, "reason" => "busy").increment(1);
            return false;
        };
        place.send((order_id.clone(), fold.clone()));
        true
    }
}

async fn write_all(store: EventStore, mut states: mpsc::Receiver<(OrderId, OrderFold)>) {
    while let Some((order_id, fold)) = states.recv().await {
        if let Err(error) = write(&store, &order_id, &fold).await {
            counter!(SKIPPED, "reason" => "failed").increment(1);
            tracing::warn!(order.id = %order_id, error = %chain(&error), "a snapshot was not written");
        }
    }
}

async fn write(
    store: &EventStore,
    order_id: &OrderId,
    fold: &OrderFold,
) -> Result<(), SnapshotError> {
    let Some(last_event) = last_event(fold) else {
        return Ok(());
    };
    let snapshot = Snapshot {
        last_event,
        shape_version: OrderFold::SHAPE_VERSION,
        state: serde_json::to_string(fold)?,
    };
    if store
        .save_snapshot(ORDER, order_id.as_str(), &snapshot)
        .await?
    {
        counter!(WRITTEN).increment(1);
    } else {
        counter!(SKIPPED, "reason" => "overtaken").increment(1);
    }
    Ok(())
}
