//! Databases to measure in.

use anyhow::{Context as _, Result};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{ConnectOptions as _, Connection as _, Executor as _, PgPool};

use crate::machine;

/// Makes an empty database of this name, in place of one that is there, and says its URL.
pub(crate) async fn anew(server: &str, name: &str) -> Result<String> {
    copy(server, "template0", name).await
}

/// Makes a database of this name that holds what another does, to which nobody is connected.
pub(crate) async fn copy(server: &str, of: &str, name: &str) -> Result<String> {
    let options: PgConnectOptions = server.parse()?;
    let mut connection = options.connect().await?;
    for statement in [
        format!(r#"drop database if exists "{name}" with (force)"#),
        format!(r#"create database "{name}" template "{of}" encoding 'UTF8'"#),
    ] {
        connection
            .execute(statement.as_str())
            .await
            .with_context(|| format!("the database {name} cannot be made"))?;
    }
    connection.close().await?;
    Ok(options.database(name).to_url_lossy().to_string())
}

/// Removes a database that is not needed any more.
pub(crate) async fn remove(server: &str, name: &str) -> Result<()> {
    let options: PgConnectOptions = server.parse()?;
    let mut connection = options.connect().await?;
    connection
        .execute(format!(r#"drop database if exists "{name}" with (force)"#).as_str())
        .await?;
    connection.close().await?;
    Ok(())
}

/// A pool of that many connections.
pub(crate) async fn pool(url: &str, connections: u32) -> Result<PgPool> {
    let pool = PgPoolOptions::new()
        .max_connections(connections)
        .min_connections(connections)
        .acquire_timeout(std::time::Duration::from_secs(30))
        .connect(url)
        .await?;
    Ok(pool)
}

/// Writes all to disk that is due, so that no cell pays for the one before it.
pub(crate) async fn settle(server: &str) -> Result<()> {
    let options: PgConnectOptions = server.parse()?;
    let mut connection = options.connect().await?;
    connection.execute("checkpoint").await?;
    connection.close().await?;
    Ok(())
}

/// The CPU time that the server's processes have used, in seconds; of those that are still there.
pub(crate) async fn cpu_seconds(server: &str) -> Result<f64> {
    cpu_seconds_where(server, "true").await
}

/// The CPU time that the processes have used that work in this database, in seconds; of those that are still there.
pub(crate) async fn cpu_seconds_of(server: &str, name: &str) -> Result<f64> {
    cpu_seconds_where(server, &format!("datname = '{name}'")).await
}

async fn cpu_seconds_where(server: &str, condition: &str) -> Result<f64> {
    let options: PgConnectOptions = server.parse()?;
    let mut connection = options.connect().await?;
    let statement =
        format!("select pid from pg_stat_activity where pid <> pg_backend_pid() and {condition}");
    let processes: Vec<i32> = sqlx::query_scalar(&statement)
        .fetch_all(&mut connection)
        .await?;
    connection.close().await?;
    let seconds = processes
        .iter()
        .filter_map(|process| machine::cpu_seconds(&process.to_string()));
    Ok(seconds.sum())
}
