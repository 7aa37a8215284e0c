//! The program `orders` from outside: what it promises on a machine, good days and bad ones.
#![expect(
    clippy::expect_used,
    reason = "a test that cannot go on says so by panicking"
)]

mod broker;
mod help;
mod program;
mod projections;
mod provisioning;
mod roles;
mod servers;
mod up;
mod user;
