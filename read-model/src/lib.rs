//! What a view looks like: the documents and rows that the projector writes and the query API serves.
//!
//! - [`order`] and [`audit`]: the documents, and how events become them.
//! - [`View`]: the views, their tables by generation.
//! - [`orders`], [`history`], [`customers`], [`products`], [`revenue`], [`fulfillment_queue`], [`returns`]: a view's shape and
//!   rows each, written in sets; [`contributions`]: what an order adds to those that are sums.
//! - [`forgetting`]: taking rows out again.
//! - [`words`]: how texts are split, for who writes and who looks for them.
//! - [`position`]: up to where a view is complete.
//! - [`comparing`]: a view beside what it should be.
//! - [`operations`]: what operators ask of the projectors.
//! - [`schema`]: the documents as JSON Schema, for the OpenAPI documents.
//! - [`migrate`]: the schema of the views' database.

pub mod audit;
pub mod comparing;
pub mod contributions;
mod copy;
pub mod customers;
pub mod forgetting;
pub mod fulfillment_queue;
pub mod history;
mod migrations;
pub mod operations;
pub mod order;
pub mod orders;
pub mod position;
pub mod products;
pub mod returns;
pub mod revenue;
pub mod schema;
mod tables;
mod view;
pub mod words;

pub use domain::order::{
    FulfillmentStatus, OrderEvent, OrderStatus, PaymentStatus, ReturnState, ReturnStatus,
};
pub use domain::partition::{SLOTS, partition_of, slot};
pub use domain::{Amount, Currency, CustomerId, OrderId, Sku, Tag, Timestamp};
pub use migrations::{MIGRATOR, migrate};
pub use tables::{
    Keeper, SHADOW, create_generation, create_indexes, create_shadow, create_view, drop_generation,
    drop_shadow,
};
pub use view::View;
