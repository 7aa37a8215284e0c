//! The promises of the log, against a real PostgreSQL.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test ends where it fails"
)]

mod appending;
mod batches;
mod by_order;
mod cut_off;
mod dump;
mod failover;
mod immutability;
mod incarnations;
mod keys;
mod leases;
mod log;
mod long_session;
mod moving_in;
mod old_events;
mod plans;
mod postgres_es;
mod postgres_es_suite;
mod reading;
mod restart;
mod retention;
mod snapshots;
mod trouble;
