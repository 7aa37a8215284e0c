//! The orders of a partition, folded from their first events and written in sets into tables that have nothing of them yet.
//!
//! One order is folded at a time, so memory is bounded whatever the log's length. The next set is folded while one is written.

use event_store::{DecodeError, EventStore, PartitionOf, StoredEvent};
use read_model::View;
use read_model::contributions::Part;
use read_model::order::OrderFold;
use sqlx::PgConnection;

use super::ReplayError;
use super::report::Report;
use crate::folding::OrderEventAt;
use crate::projections::{self, Gathering};

/// Why orders could not be folded.
#[derive(Debug, thiserror::Error)]
pub(crate) enum FoldError {
    /// An event cannot be read by this program.
    #[error(transparent)]
    Decode(#[from] DecodeError),
    /// A document cannot be written as JSON.
    #[error("a document cannot be written as JSON")]
    Json(#[from] serde_json::Error),
    /// Events of an order are missing in the log.
    #[error("order {order_id} has {version} events before its event {sequence}")]
    Gap {
        /// The order.
        order_id: String,
        /// Its events that are known.
        version: i64,
        /// The event's number.
        sequence: i64,
    },
}

/// Fills one partition of a generation with all orders as they were at `up_to`.
pub(super) async fn fill(
    store: &EventStore,
    connection: &mut PgConnection,
    view: View,
    part: Part,
    place: PartitionOf,
    up_to: i64,
    report: &Report,
) -> Result<(), ReplayError> {
    let mut orders = store.read_orders(place, up_to);
    let mut folded: Option<Folded> = None;
    loop {
        let next = orders.next().await.transpose()?;
        let last = next.is_none();
        let folding = next.map(|events| tokio::task::spawn_blocking(move || fold(view, &events)));
        if let Some(Folded { events, gathering }) = folded.take() {
            gathering.fill(connection, part).await?;
            report.did(events);
        }
        if let Some(folding) = folding {
            folded = Some(folding.await??);
        }
        if last {
            return Ok(());
        }
    }
}

/// What some orders come to in a view.
struct Folded {
    events: usize,
    gathering: Box<dyn Gathering>,
}

/// Folds whole orders, which follow one another.
fn fold(view: View, events: &[StoredEvent]) -> Result<Folded, FoldError> {
    let mut gathering = projections::gathering(view);
    for order in events.chunk_by(|one, next| one.aggregate_id == next.aggregate_id) {
        let mut fold = OrderFold::default();
        let mut order_id = "";
        for event in order {
            if order_id.is_empty() {
                order_id = &event.aggregate_id;
                gathering.begin(order_id, &fold)?;
            }
            if event.sequence != fold.version() + 1 {
                return Err(FoldError::Gap {
                    order_id: order_id.to_owned(),
                    version: fold.version(),
                    sequence: event.sequence,
                });
            }
            let recorded = event.decode()?;
            fold.apply(&recorded);
            let event = OrderEventAt {
                event_version: recorded.event.event_version().to_owned(),
                recorded,
            };
            gathering.event(&event, &fold)?;
        }
        gathering.end(order_id, &fold)?;
    }
    Ok(Folded {
        events: events.len(),
        gathering,
    })
}
