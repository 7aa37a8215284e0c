//! The whole platform, seen from outside.
#![expect(
    clippy::expect_used,
    reason = "a test that cannot go on says so by panicking"
)]

mod arrows;
mod faults;
mod first_order;
mod order;
mod platform;
mod queries;
mod truth;
mod whole_life;
