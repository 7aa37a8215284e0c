//! The projection `order-history`: one row an event, with what it changed in its order's document. It takes in every event: one
//! that cannot be folded goes in as it is stored, and says why.

mod unread;

use std::collections::HashMap;

use read_model::audit::{AuditEntry, changes};
use read_model::history::{self, HistoryRow};
use read_model::order::OrderFold;
use serde_json::Value;
use sqlx::PgConnection;

use super::{Gathering, Writing, of_the_same_view};
use crate::folding::{Incoming, OrderEventAt};

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
        self.rows.push(row(&entry)?);
        self.documents.insert(recorded.order_id.clone(), document);
        Ok(())
    }

    fn unfolded(
        &mut self,
        event: &Incoming,
        so_far: &OrderFold,
        error: &str,
    ) -> Result<bool, serde_json::Error> {
        let number = so_far.order_number();
        self.rows.push(match event {
            Incoming::Known(event) => row(&AuditEntry::unfolded(
                &event.recorded,
                number,
                &event.event_version,
                error,
            ))?,
            Incoming::Unread(event) => unread::row(&event.stored, number, error)?,
        });
        Ok(true)
    }

    fn absorb(&mut self, other: Box<dyn Gathering>) {
        let other: Self = of_the_same_view(other);
        self.rows.extend(other.rows);
    }

    fn write<'a>(&'a self, connection: &'a mut PgConnection, generation: i32) -> Writing<'a> {
        Box::pin(async move {
            if self.rows.is_empty() {
                return Ok(());
            }
            history::write(connection, generation, &self.rows).await
        })
    }

    fn fill<'a>(&'a self, connection: &'a mut PgConnection, generation: i32) -> Writing<'a> {
        Box::pin(async move { history::fill(connection, generation, &self.rows).await })
    }
}

fn row(entry: &AuditEntry<'_>) -> Result<HistoryRow, serde_json::Error> {
    Ok(HistoryRow {
        position: entry.position,
        event_id: entry.event_id,
        order_id: entry.order_id.to_owned(),
        sequence: entry.sequence,
        event_type: column(entry.r#type),
        actor: column(entry.actor),
        correlation_id: column(entry.correlation_id),
        occurred_at: entry.occurred_at,
        entry: serde_json::to_string(entry)?,
    })
}

/// A text as a column can hold it, which the zero character it cannot.
fn column(text: &str) -> String {
    text.replace('\0', "\u{fffd}")
}
