//! The whole platform, seen from outside.
#![expect(
    clippy::expect_used,
    reason = "a test that cannot go on says so by panicking"
)]

mod arrows;
mod database_crash;
mod faults;
mod first_order;
mod old_events;
mod order;
mod platform;
mod tpch;
mod truth;
mod whole_life;
