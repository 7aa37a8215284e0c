//! Real servers for tests: a database per test, a broker per test, and waiting that ends.
//!
//! [`database()`] makes an empty database on the server that `TEST_POSTGRES_URL` names, [`cluster()`] makes a server of
//! its own from that server's programs, [`nats()`] starts a private broker from the program that `TEST_NATS_SERVER`
//! names, [`eventually`] waits for a condition instead of sleeping.
//! `make test` sets both variables. This crate knows nothing of the others, so that any of them can test with it.
#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::missing_panics_doc,
    reason = "a test that cannot get what it needs ends here, with the reason"
)]

mod cluster;
mod database;
mod nats;
mod port;
mod waiting;

pub use cluster::{TestCluster, cluster};
pub use database::{TestDatabase, database};
pub use nats::{TestNats, nats, nats_on_small_disk, nats_with};
pub use waiting::eventually;

/// Reads a variable that `make test` sets; a test cannot go on without it.
fn required_variable(name: &str) -> String {
    match std::env::var(name) {
        Ok(value) if !value.is_empty() => value,
        _ => panic!(
            "{name} is not set: run the tests with `make test`, which starts the servers they need"
        ),
    }
}
