//! The stream against a real log and a real broker.
#![expect(
    clippy::unwrap_used,
    reason = "a test's helper fails by panicking, as a test does"
)]

mod connection;
mod frontier;
mod histories;
mod messages;
mod reader;
mod relay;
mod setup;
mod stream;
