//! Queries about all events: who did what, when, to which order.

mod csv;
mod entries;
mod export;
mod filter;
pub(crate) mod list;

pub(crate) use entries::{Entries, StoredEntry};
pub(crate) use filter::{Filter, position};
