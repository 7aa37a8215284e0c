//! The order domain by its public face: worked examples, each rule, properties over random orders
//! and lives, stored shapes, and totals that a generator of others computed.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a panic is how a test's helper says what is wrong; clippy knows only test functions"
)]

mod allowed_commands;
mod cancelling;
mod cancelling_lines;
mod drafting;
mod framework;
mod golden;
mod holds;
mod life;
mod lifecycle;
mod limits;
mod notes;
mod payments;
mod placing;
mod pricing_properties;
mod refunds;
mod returns;
mod revising;
mod sample;
mod shipping;
mod tpch;
mod words;
mod worked_examples;
