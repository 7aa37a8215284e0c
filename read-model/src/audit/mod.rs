//! The history of an order: one entry an event, with what it changed in the order's document.

mod changes;
mod entry;

pub use changes::{Change, changes};
pub use entry::{AuditEntry, EventData};
