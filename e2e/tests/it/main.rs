//! The whole platform, seen from outside.
#![expect(
    clippy::expect_used,
    reason = "a test that cannot go on says so by panicking"
)]

mod arrows;
mod chaos;
mod console;
mod database_crash;
mod faults;
mod first_order;
mod interface;
mod lives;
mod load;
mod old_events;
mod openapi;
mod operations;
mod order;
mod platform;
mod python;
mod queries;
mod replay;
mod stream;
mod tpch;
mod traps;
mod truth;
mod whole_life;
