//! Reading a log forward, from its first event to its last.
//!
//! `ours` is decoded to what projectors fold. `bare` is one streamed `SELECT` of the same columns of the same table, taken
//! to the same Rust values and decoded alike; `ours-rows` and `bare-rows` leave the decoding out.

use std::pin::pin;
use std::time::Instant;

use ::disintegrate::{EventStore as _, StreamItem, StreamQuery, query};
use ::postgres_es::PostgresEventRepository;
use anyhow::{Result, ensure};
use cqrs_es::persist::PersistedEventRepository as _;
use disintegrate_postgres::PgEventId;
use domain::envelope::Metadata;
use domain::order::OrderEvent;
use event_store::{Cursor, Reader};
use futures::TryStreamExt as _;
use sqlx::{PgPool, Row as _};
use tokio::sync::Mutex;

use super::{bare, disintegrate, ours, postgres_es};
use crate::cell::{Sample, as_float};
use crate::workload::STREAM_EVENTS;
use crate::{Arguments, database, progress};

/// Who reads.
pub(super) const WHO: [&str; 6] = [
    "ours",
    "bare",
    "ours-rows",
    "bare-rows",
    "postgres-es",
    "disintegrate",
];

/// Events a page. None of them is kept, so a page may be long; between two pages is a way to the server and back.
const PAGE: u32 = 5_000;

/// Filled logs.
pub(super) struct Reading {
    events: i64,
    reader: Mutex<Reader>,
    bare: PgPool,
    postgres_es: PgPool,
    disintegrate: disintegrate::Disintegrate,
}

impl Reading {
    pub(super) async fn fill(arguments: &Arguments) -> Result<Self> {
        progress("filling the logs to be read …");
        let (server, streams) = (
            &arguments.postgres_url,
            arguments.read_events / STREAM_EVENTS,
        );
        let ours = ours::Ours::open(server, "bench_read").await?;
        ours.fill("read-", streams).await?;
        let url = database::anew(server, "bench_read_postgres_es").await?;
        let pool = database::pool(&url, 2).await?;
        sqlx::raw_sql(bare::SCHEMA).execute(&pool).await?;
        bare::fill(&pool, "read-", streams, &postgres_es::payload()).await?;
        let disintegrate =
            disintegrate::Disintegrate::open(server, "bench_read_disintegrate").await?;
        disintegrate.fill("read-", streams).await?;
        Ok(Self {
            events: streams * STREAM_EVENTS,
            reader: Mutex::new(ours.store.reader().await?),
            bare: ours.store.pool().clone(),
            postgres_es: pool,
            disintegrate,
        })
    }

    pub(super) async fn measure(&self, who: &str) -> Result<Sample> {
        let began = Instant::now();
        let events = match who {
            "ours" => self.ours(true).await?,
            "ours-rows" => self.ours(false).await?,
            "bare" => self.bare(true).await?,
            "bare-rows" => self.bare(false).await?,
            "postgres-es" => self.postgres_es().await?,
            "disintegrate" => self.disintegrate().await?,
            _ => anyhow::bail!("nobody reads as {who}"),
        };
        let seconds = began.elapsed().as_secs_f64();
        ensure!(
            events == u64::try_from(self.events)?,
            "{who} read {events} of {} events",
            self.events
        );
        Ok(Sample::new(events, seconds).with("µs an event", seconds * 1e6 / as_float(events)))
    }

    /// Page by page, each event as it arrives.
    async fn ours(&self, decode: bool) -> Result<u64> {
        let mut reader = self.reader.lock().await;
        let mut after = Cursor::START;
        let mut events = 0;
        loop {
            let begun = events;
            let mut page = pin!(reader.forward(after, PAGE));
            while let Some(event) = page.try_next().await? {
                if decode {
                    std::hint::black_box(event.decode()?);
                }
                after = Cursor::at(event.position, event.event_id);
                std::hint::black_box(event);
                events += 1;
            }
            if events == begun {
                return Ok(events);
            }
        }
    }

    async fn bare(&self, decode: bool) -> Result<u64> {
        let mut rows = sqlx::query(
            "select position, event_id, aggregate_type, aggregate_id, sequence, event_type, event_version,
                payload::text, metadata::text, recorded_at, slot
            from event
            order by position",
        )
        .fetch(&self.bare);
        let mut events = 0;
        while let Some(row) = rows.try_next().await? {
            let event = (
                row.try_get::<i64, _>(0)?,
                row.try_get::<uuid::Uuid, _>(1)?,
                row.try_get::<String, _>(2)?,
                row.try_get::<String, _>(3)?,
                row.try_get::<i64, _>(4)?,
                row.try_get::<String, _>(5)?,
                row.try_get::<String, _>(6)?,
                row.try_get::<String, _>(7)?,
                row.try_get::<String, _>(8)?,
                row.try_get::<chrono::DateTime<chrono::Utc>, _>(9)?,
                row.try_get::<i16, _>(10)?,
            );
            if decode {
                std::hint::black_box(OrderEvent::from_payload(&event.5, &event.6, &event.7)?);
                std::hint::black_box(serde_json::from_str::<Metadata>(&event.8)?);
            }
            std::hint::black_box(event);
            events += 1;
        }
        Ok(events)
    }

    async fn postgres_es(&self) -> Result<u64> {
        let repository = PostgresEventRepository::new(self.postgres_es.clone());
        let mut stream = repository.stream_all_events::<postgres_es::Notes>().await?;
        let mut events = 0;
        while let Some(event) = stream.next::<postgres_es::Notes>(&[]).await {
            std::hint::black_box(event?);
            events += 1;
        }
        Ok(events)
    }

    async fn disintegrate(&self) -> Result<u64> {
        let all: StreamQuery<PgEventId, disintegrate::Noted> = query!(disintegrate::Noted);
        let mut items = self.disintegrate.store.stream(&all);
        let mut events = 0;
        while let Some(item) = items.try_next().await? {
            if let StreamItem::Event(event) = item {
                std::hint::black_box(event);
                events += 1;
            }
        }
        Ok(events)
    }
}
