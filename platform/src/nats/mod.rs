//! The broker that `orders up` keeps: its users and what each may do, its start, its health.

mod configuration;
mod private;

pub(crate) use private::{Private, remove};

/// Serves the command API: it alone publishes events.
pub(crate) const RELAY: &str = "relay";
/// Serves projectors.
pub(crate) const PROJECTOR: &str = "projector";
/// Serves everybody else's consumers.
pub(crate) const SUBSCRIBER: &str = "subscriber";

/// Every user that gets a password.
pub(crate) const USERS: [&str; 3] = [RELAY, PROJECTOR, SUBSCRIBER];
