//! The orders of a partition, folded from their first events and written in sets into tables that have nothing of them yet.
//!
//! One order is folded at a time, so memory is bounded whatever the log's length. The next set is folded while one is written.

use std::collections::HashMap;
use std::sync::Arc;

use event_store::{EventStore, PartitionOf, StoredEvent};
use read_model::View;
use sqlx::{Executor as _, PgConnection};

use super::ReplayError;
use super::report::Report;
use crate::caught::{caught, caught_while};
use crate::checkpoints::Part;
use crate::folding::{FoldError, Folded, OrderEvents, Watcher, show};
use crate::parking::{Parked, refusal, write_carefully};

/// Which orders are folded, and how far.
#[derive(Debug)]
pub(super) struct Extent {
    /// The partition.
    pub(super) place: PartitionOf,
    /// The last position that counts.
    pub(super) up_to: i64,
    /// Orders of which less counts: only what lies before this position.
    pub(super) before: HashMap<String, i64>,
}

/// Fills one partition of a generation, and says which orders it could not take in to the end; what lies before is written.
pub(super) async fn fill(
    store: &EventStore,
    connection: &mut PgConnection,
    view: View,
    generation: i32,
    extent: Extent,
    report: &Report,
) -> Result<Vec<Parked>, ReplayError> {
    let part = Part {
        generation,
        partition: extent.place.index,
    };
    let mut batches = store.read_orders(extent.place, extent.up_to);
    let extent = Arc::new(extent);
    let (mut folded, mut parked): (Option<Set>, _) = (None, Vec::new());
    loop {
        let next = batches.next().await.transpose()?;
        let last = next.is_none();
        let folding = next.map(|events| {
            let extent = extent.clone();
            tokio::task::spawn_blocking(move || {
                fold(view, extent.place.index, events, &extent.before)
            })
        });
        if let Some(set) = folded.take() {
            let events = set.events;
            parked.extend(write(connection, view, part, set).await?);
            report.did(events);
        }
        if let Some(folding) = folding {
            folded = Some(folding.await??);
        }
        if last {
            return Ok(parked);
        }
    }
}

/// Some orders, and what they come to in a view.
struct Set {
    events: usize,
    orders: Vec<OrderEvents>,
    /// None if something among them cannot be shown: then it must be found.
    gathered: Option<Watcher<'static>>,
}

/// Folds whole orders, each of which stands together.
fn fold(
    view: View,
    partition: u16,
    events: Vec<StoredEvent>,
    before: &HashMap<String, i64>,
) -> Result<Set, FoldError> {
    let count = events.len();
    let mut orders = OrderEvents::from_the_first(events);
    if !before.is_empty() {
        for order in &mut orders {
            if let Some(position) = before.get(&order.order_id) {
                order.events.retain(|event| event.position() < *position);
            }
        }
    }
    let gathered = match caught(|| gather(view, partition, &orders)) {
        Ok(Ok(gathered)) => Some(gathered),
        Ok(Err(FoldError::Refused(_))) | Err(_) => None,
        Ok(Err(error)) => return Err(error),
    };
    Ok(Set {
        events: count,
        orders,
        gathered,
    })
}

fn gather(
    view: View,
    partition: u16,
    orders: &[OrderEvents],
) -> Result<Watcher<'static>, FoldError> {
    let mut watchers = [Watcher::new(view, partition, None)];
    for order in orders {
        let mut folded = Folded::default();
        show(&order.order_id, &mut folded, &order.events, &mut watchers)?;
    }
    let [watcher] = watchers;
    Ok(watcher)
}

/// Writes a set at once; if something in it is refused, what can be written of it.
async fn write(
    connection: &mut PgConnection,
    view: View,
    part: Part,
    set: Set,
) -> Result<Vec<Parked>, ReplayError> {
    if let Some(Watcher {
        gathering, parked, ..
    }) = set.gathered
    {
        connection.execute("savepoint filling").await?;
        match caught_while(gathering.fill(connection, part.generation)).await {
            Ok(Ok(())) => {
                connection.execute("release savepoint filling").await?;
                return Ok(parked);
            }
            Ok(Err(error)) if refusal(&error).is_none() => return Err(error.into()),
            Ok(Err(_)) | Err(_) => {
                let back = "rollback to savepoint filling; release savepoint filling";
                connection.execute(back).await?;
            }
        }
    }
    let orders: Vec<&OrderEvents> = set.orders.iter().collect();
    Ok(write_carefully(connection, view, part, &orders).await?)
}
