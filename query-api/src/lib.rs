//! HTTP out of the views, nothing else.
//!
//! The way of a query: authenticate, parse, read the view's position and the rows in one statement, wait where the
//! caller wants newer data, answer with the bytes that the projector wrote. This service reaches the views' database
//! and nothing else: not the log, not the broker. All that it writes there is what operators ask of the projectors.

mod answer;
mod audit;
mod config;
mod customers;
mod fulfillment_queue;
mod openapi;
mod orders;
#[cfg(test)]
mod plans;
mod products;
mod projections;
mod request;
mod returns;
mod revenue;
mod router;
mod service;
mod stream;
mod views;

pub use config::Config;
pub use service::{BuildError, Service};
