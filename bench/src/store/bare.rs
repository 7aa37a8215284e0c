//! A table of the same columns, a prepared statement, one connection a writer: what PostgreSQL does at best for one
//! command at a time.

use anyhow::Result;
use sqlx::{Connection as _, PgConnection, PgPool, Row as _};
use tokio::sync::Mutex;

use super::WRITERS;
use crate::database;
use crate::workload::{self, EVENT_TYPE, Note, STREAM_EVENTS, new_stream};

/// The columns of `postgres-es`, which has no others.
pub(super) const SCHEMA: &str = "
create table events (
    aggregate_type text not null,
    aggregate_id text not null,
    sequence bigint not null check (sequence >= 0),
    event_type text not null,
    event_version text not null,
    payload json not null,
    metadata json not null,
    primary key (aggregate_type, aggregate_id, sequence)
)";

pub(super) struct Bare {
    connections: Vec<Mutex<PgConnection>>,
    owner: PgPool,
}

impl Bare {
    pub(super) async fn open(server: &str) -> Result<Self> {
        let url = database::anew(server, "bench_bare").await?;
        let owner = database::pool(&url, 1).await?;
        sqlx::raw_sql(SCHEMA).execute(&owner).await?;
        let mut connections = Vec::new();
        for _ in 0..WRITERS[WRITERS.len() - 1] {
            connections.push(Mutex::new(PgConnection::connect(&url).await?));
        }
        Ok(Self { connections, owner })
    }

    pub(super) async fn append_new(&self, writer: usize) -> Result<()> {
        let mut connection = self.connections[writer].lock().await;
        insert(&mut connection, &new_stream(), 1).await?;
        Ok(())
    }

    pub(super) async fn load_and_append(&self, writer: usize, stream: &str) -> Result<()> {
        let mut connection = self.connections[writer].lock().await;
        loop {
            let rows = sqlx::query(
                "select sequence, payload::text, metadata::text
                from events
                where aggregate_type = 'order'
                and aggregate_id = $1
                order by sequence",
            )
            .bind(stream)
            .fetch_all(&mut *connection)
            .await?;
            let mut sequence = 0;
            for row in rows {
                sequence = row.try_get::<i64, _>(0)?;
                serde_json::from_str::<Note>(row.try_get(1)?)?;
                serde_json::from_str::<domain::envelope::Metadata>(row.try_get(2)?)?;
            }
            match insert(&mut connection, stream, sequence + 1).await {
                Err(sqlx::Error::Database(error)) if error.is_unique_violation() => {}
                other => return Ok(other?),
            }
        }
    }

    pub(super) async fn fill(&self, prefix: &str, streams: i64) -> Result<()> {
        fill(&self.owner, prefix, streams, &workload::payload()).await
    }
}

async fn insert(
    connection: &mut PgConnection,
    stream: &str,
    sequence: i64,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "insert into events values ('order', $1, $2, $3, '1', $4::text::json, $5::text::json)",
    )
    .bind(stream)
    .bind(sequence)
    .bind(EVENT_TYPE)
    .bind(workload::payload())
    .bind(workload::metadata(&workload::around()))
    .execute(connection)
    .await?;
    Ok(())
}

/// Streams of ten events in the table of [`SCHEMA`].
pub(super) async fn fill(owner: &PgPool, prefix: &str, streams: i64, payload: &str) -> Result<()> {
    sqlx::query(
        "insert into events
        select 'order', $1 || stream, sequence, $2, '1', $3::text::json, $4::text::json
        from generate_series(1, $5) as stream
        cross join generate_series(1, $6) as sequence",
    )
    .bind(prefix)
    .bind(EVENT_TYPE)
    .bind(payload)
    .bind(workload::metadata(&workload::around()))
    .bind(streams)
    .bind(STREAM_EVENTS)
    .execute(owner)
    .await?;
    sqlx::raw_sql("vacuum analyze events")
        .execute(owner)
        .await?;
    Ok(())
}
