//! What a view looks like: the documents and rows that the projector writes and the query API serves.
//!
//! - [`order`] and [`audit`]: the documents, and how events become them.
//! - [`View`]: the views, their tables by generation.
//! - [`orders`], [`history`]: the rows, written in sets.
//! - [`forgetting`]: taking rows out again.
//! - [`position`]: up to where a view is complete.
//! - [`schema`]: the documents as JSON Schema, for the OpenAPI documents.
//! - [`migrate`]: the schema of the views' database.

pub mod audit;
pub mod forgetting;
pub mod history;
mod migrations;
pub mod order;
pub mod orders;
pub mod position;
pub mod schema;
mod tables;
mod view;

pub use domain::order::OrderStatus;
pub use domain::partition::{SLOTS, partition_of, slot};
pub use domain::{CustomerId, OrderId, Timestamp};
pub use migrations::{MIGRATOR, migrate};
pub use tables::{create_generation, drop_generation};
pub use view::View;
