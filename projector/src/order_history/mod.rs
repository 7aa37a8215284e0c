//! The projection `order-history`: one row an event, with what it changed in its order's document.

use domain::envelope::Recorded;
use read_model::audit::{AuditEntry, changes};
use read_model::history::HistoryRow;
use read_model::order::OrderFold;
use serde_json::Value;

/// Raised whenever the entry changes its meaning, so that the view is built anew.
pub(crate) const SHAPE_VERSION: i32 = 1;

/// The row of an event: `before` and `after` are its order's documents, `fold` is the order after it.
pub(crate) fn row(
    recorded: &Recorded,
    event_version: &str,
    fold: &OrderFold,
    before: Option<&Value>,
    after: &Value,
) -> Result<HistoryRow, serde_json::Error> {
    let entry = AuditEntry::new(
        recorded,
        fold.order_number(),
        event_version,
        changes(before, after),
    );
    Ok(HistoryRow {
        position: recorded.position,
        event_id: recorded.event_id,
        order_id: recorded.order_id.clone(),
        sequence: recorded.sequence,
        event_type: recorded.event.event_type().to_owned(),
        actor: recorded.metadata.actor.clone(),
        correlation_id: recorded.metadata.correlation_id.clone(),
        occurred_at: recorded.occurred_at,
        entry: serde_json::to_string(&entry)?,
    })
}
