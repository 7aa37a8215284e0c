//! A run of audit entries, in the one order of all events.

use read_model::{View, position};
use sqlx::Row as _;
use sqlx::postgres::PgRow;

use super::filter::Filter;
use crate::views::{
    Generation, Items, KnownGeneration, PageOf, Place, Snapshot, Statement, ViewQuery,
};

/// The next entries behind a position, none of them beyond the view's: partitions fill in parallel, and an entry that is
/// not there yet must not be passed.
#[derive(Debug, Clone)]
pub(crate) struct Entries {
    /// Where they are read.
    pub(crate) generation: Generation,
    /// Which of them.
    pub(crate) filter: Filter,
    /// Behind which position.
    pub(crate) after: i64,
    /// Up to which position, at most.
    pub(crate) up_to: i64,
    /// How many at most.
    pub(crate) limit: u16,
}

/// An entry, as it is stored.
#[derive(Debug)]
pub(crate) struct StoredEntry {
    /// The event's position.
    pub(crate) position: i64,
    /// The event's type.
    pub(crate) event_type: String,
    /// The order.
    pub(crate) order_id: String,
    /// The entry of the contract.
    pub(crate) json: String,
}

impl ViewQuery for Entries {
    const VIEW: View = View::OrderHistory;
    type Rows = Items<StoredEntry>;

    fn generation(&self) -> Generation {
        self.generation
    }

    fn place(&self, _: &Self::Rows) -> Place {
        Place::View
    }

    fn statement(&self, generation: KnownGeneration) -> Statement {
        let view = Self::VIEW;
        PageOf {
            view,
            position: &position::of_view(&format!("'{view}'"), &generation.number.to_string()),
            columns: "page.position, page.event_type, page.order_id",
            order: "position",
        }
        .statement(|statement| {
            let table = view.table(generation.number);
            statement
                .push(format!(
                    "select h.position, h.event_type, h.order_id, h.entry as document
                    from {table} h
                    where h.position <= least(here.view_position, "
                ))
                .push_bind(self.up_to)
                .push(") and h.position > ")
                .push_bind(self.after);
            self.filter.restrict(&table, statement);
            statement
                .push(" order by h.position limit ")
                .push_bind(i64::from(self.limit) + 1);
        })
    }

    fn snapshot(&self, rows: &[PgRow]) -> Result<Snapshot<Self::Rows>, sqlx::Error> {
        Snapshot::of_items(rows, self.limit, |row| {
            Ok(StoredEntry {
                position: row.try_get("position")?,
                event_type: row.try_get("event_type")?,
                order_id: row.try_get("order_id")?,
                json: row.try_get("document")?,
            })
        })
    }
}
