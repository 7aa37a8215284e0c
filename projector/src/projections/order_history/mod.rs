//! The projection `order-history`: one row an event, with what it changed in its order's document.

use std::collections::HashMap;

use read_model::audit::{AuditEntry, changes};
use read_model::contributions::Part;
use read_model::history::{self, HistoryRow};
use read_model::order::OrderFold;
use serde_json::Value;
use sqlx::PgConnection;

use super::{Gathering, Writing};
use crate::folding::OrderEventAt;

/// The entries of a batch.
#[derive(Debug, Default)]
pub(super) struct OrderHistory {
    /// Each order's document as it is so far.
    documents: HashMap<String, Value>,
    rows: Vec<HistoryRow>,
}

impl Gathering for OrderHistory {
    fn begin(&mut self, order_id: &str, before: &OrderFold) -> Result<(), serde_json::Error> {
        if before.version() > 0 {
            let document = serde_json::to_value(before.document())?;
            self.documents.insert(order_id.to_owned(), document);
        }
        Ok(())
    }

    fn event(&mut self, event: &OrderEventAt, after: &OrderFold) -> Result<(), serde_json::Error> {
        let recorded = &event.recorded;
        let document = serde_json::to_value(after.document())?;
        let before = self.documents.get(&recorded.order_id);
        let entry = AuditEntry::new(
            recorded,
            after.order_number(),
            &event.event_version,
            changes(before, &document),
        );
        self.rows.push(HistoryRow {
            position: recorded.position,
            event_id: recorded.event_id,
            order_id: recorded.order_id.clone(),
            sequence: recorded.sequence,
            event_type: recorded.event.event_type().to_owned(),
            actor: recorded.metadata.actor.clone(),
            correlation_id: recorded.metadata.correlation_id.clone(),
            occurred_at: recorded.occurred_at,
            entry: serde_json::to_string(&entry)?,
        });
        self.documents.insert(recorded.order_id.clone(), document);
        Ok(())
    }

    fn write<'a>(&'a self, connection: &'a mut PgConnection, part: Part) -> Writing<'a> {
        Box::pin(async move {
            if self.rows.is_empty() {
                return Ok(());
            }
            history::write(connection, part.generation, &self.rows).await
        })
    }

    fn fill<'a>(&'a self, connection: &'a mut PgConnection, part: Part) -> Writing<'a> {
        Box::pin(async move { history::fill(connection, part.generation, &self.rows).await })
    }
}
