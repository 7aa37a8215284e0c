//! The projector against a real log, a real broker and a real relay. After each bad day the views equal a fresh fold
//! of the log, row for row.
#![expect(
    clippy::unwrap_used,
    reason = "a test's helper fails by panicking, as a test does"
)]

mod broker;
mod content;
mod crash;
mod disk_full;
mod following;
mod histories;
mod lives;
mod parking;
mod replay;
mod reports;
/// Orders and commands as the domain's own tests make them.
#[path = "../../../domain/tests/it/sample/mod.rs"]
#[expect(
    dead_code,
    unused_imports,
    clippy::expect_used,
    reason = "the domain's tests use the rest, and may say so by ending"
)]
mod sample;
mod setup;
mod together;
mod truth;
mod views;
/// Random orders and random commands as the domain's own tests make them.
#[path = "../../../domain/tests/it/life/wishes.rs"]
mod wishes;
mod workers;
