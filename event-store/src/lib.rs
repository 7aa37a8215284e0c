//! The event log in PostgreSQL: append, load, feed. Knows no broker.
//!
//! - [`Appender`] writes: commands that arrive while a batch is being written form the next one.
//! - [`EventStore`] reads: an aggregate ([`EventStore::load`], [`EventStore::load_from`] a [`Snapshot`]), or the log
//!   forward ([`EventStore::read_forward`], or all the time a [`Reader`]), or whole orders ([`EventStore::read_orders`]).
//! - [`lease`], [`relay_row`] and [`incarnation`] are rows that services keep beside the log.
//! - [`migrate`] brings a database to the schema that this crate was built with.

mod appender;
mod by_order;
mod cursor;
mod event;
mod failure;
mod feed;
pub mod incarnation;
mod key;
pub mod lease;
mod load;
mod migrations;
mod reader;
pub mod relay_row;
mod retention;
mod snapshot;
mod store;
mod upcasting;

pub use appender::{Append, AppendError, Appender, AppenderSettings, Outcome};
pub use by_order::OrdersOfPartition;
pub use cursor::{Cursor, PartitionOf};
pub use event::{DecodeError, NewEvent, ORDER, StoredEvent};
pub use failure::StoreError;
pub use feed::{Backlog, Head, LogIdentity, ReadError};
pub use key::{KeyToRecord, RecordedKey};
pub use load::{Base, LastEvent, Loaded, Shortcuts};
pub use migrations::{MIGRATOR, migrate};
pub use reader::Reader;
pub use snapshot::Snapshot;
pub use store::{EventStore, StoreSettings};
