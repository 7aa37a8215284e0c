//! An order service as a careful user of axum, cqrs-es and postgres-es would write it: one process, one database, a view
//! in it that the framework keeps within the command. To measure the platform beside; it has no token, no idempotency
//! key, no feed and no price rules. With `DOCUMENTS=<table>` it is less than that: one route that reads a document of this table.
#![expect(clippy::print_stdout, reason = "its first line says where it listens")]

mod bare;
mod order;
mod routes;

use anyhow::{Context as _, Result};
use sqlx::PgPool;
use sqlx::postgres::PgPoolOptions;
use tokio::net::TcpListener;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// The tables that the crate's own `db/init.sql` makes, with one for the view.
const SCHEMA: &str = "
create table events (
    aggregate_type text not null,
    aggregate_id text not null,
    sequence bigint not null check (sequence >= 0),
    event_type text not null,
    event_version text not null,
    payload json not null,
    metadata json not null,
    primary key (aggregate_type, aggregate_id, sequence)
);
create table order_view (
    view_id text not null primary key,
    version bigint not null check (version >= 0),
    payload json not null
)";

#[tokio::main]
async fn main() -> Result<()> {
    let url = std::env::var("DATABASE_URL").context("DATABASE_URL is not set")?;
    let documents = std::env::var("DOCUMENTS").ok();
    let connections = if documents.is_some() { 16 } else { 32 };
    let pool: PgPool = PgPoolOptions::new()
        .max_connections(connections)
        .connect(&url)
        .await?;
    let router = if let Some(table) = documents {
        bare::router(pool, &table)
    } else {
        sqlx::raw_sql(SCHEMA).execute(&pool).await?;
        routes::router(pool)
    };
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    println!("http://{}", listener.local_addr()?);
    axum::serve(listener, router).await?;
    Ok(())
}
