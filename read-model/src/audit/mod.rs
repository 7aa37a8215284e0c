//! The history of an order: one entry an event, with what it changed in the order's document.

mod changes;
mod compact;
mod entry;
mod stored;

pub use changes::{Change, changes};
pub use compact::compact;
pub use entry::{AuditEntry, EventData};
pub use stored::{EntryError, recorded};
