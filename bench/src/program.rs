//! The program `orders`, run for parts of the platform.

use std::process::Stdio;

use anyhow::{Context as _, Result, ensure};
use tokio::process::{Child, Command};

use crate::Arguments;

/// Brings both databases to the program's schema.
pub(crate) async fn migrate(arguments: &Arguments, log: &str, views: &str) -> Result<()> {
    let migrated = Command::new(&arguments.orders)
        .arg("migrate")
        .env("EVENT_STORE_URL", log)
        .env("READ_MODEL_URL", views)
        .stdout(Stdio::null())
        .status()
        .await?;
    ensure!(migrated.success(), "orders migrate failed");
    Ok(())
}

/// Starts one service with these variables; it is killed with the value.
pub(crate) fn service(
    arguments: &Arguments,
    name: &str,
    variables: &[(&str, &str)],
) -> Result<Child> {
    Command::new(&arguments.orders)
        .args(["service", name])
        .envs(variables.iter().copied())
        .env("LOG", "error")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .with_context(|| format!("orders service {name} cannot be started"))
}

/// A token for all queries, signed with this secret.
pub(crate) async fn token(arguments: &Arguments, secret: &str) -> Result<String> {
    let said = Command::new(&arguments.orders)
        .args(["token", "--sub", "bench", "--ttl", "86400"])
        .args(["--scope", "orders:read audit:read ops"])
        .env("AUTH_HS256_SECRET", secret)
        .output()
        .await?;
    ensure!(said.status.success(), "orders token failed");
    Ok(String::from_utf8(said.stdout)?.trim().to_owned())
}
