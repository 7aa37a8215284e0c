//! The projector against a real log, a real broker and a real relay. After each bad day the views equal a fresh fold
//! of the log, row for row.
#![expect(
    clippy::unwrap_used,
    reason = "a test's helper fails by panicking, as a test does"
)]

mod broker;
mod content;
mod following;
mod histories;
mod setup;
mod truth;
mod workers;
