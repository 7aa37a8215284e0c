//! Our own HTTP client: for health checks, for the demo and for questions.

use anyhow::{Context, Result};

/// A client that never talks through a proxy.
pub(crate) fn client() -> Result<reqwest::Client> {
    // The first caller installs it; a later one, or a service in this process, finds it installed.
    drop(rustls::crypto::ring::default_provider().install_default());
    reqwest::Client::builder()
        .no_proxy()
        .build()
        .context("cannot make an HTTP client")
}
