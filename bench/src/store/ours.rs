//! Our log, written through the appender.

use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use domain::order::Order;
use event_store::{
    Append, Appender, AppenderSettings, EventStore, KeyToRecord, NewEvent, ORDER, Outcome,
    Shortcuts, StoreSettings,
};
use sqlx::PgPool;
use uuid::Uuid;

use crate::workload::{self, EVENT_TYPE, STREAM_EVENTS};
use crate::{database, workload::new_stream};

pub(crate) struct Ours {
    pub(crate) store: EventStore,
    pub(crate) appender: Appender,
    owner: PgPool,
}

impl Ours {
    pub(crate) async fn open(server: &str, name: &str) -> Result<Self> {
        let url = database::anew(server, name).await?;
        let store = EventStore::connect(&StoreSettings::new(&url)).await?;
        event_store::migrate(store.pool()).await?;
        Ok(Self {
            appender: Appender::start(&store, AppenderSettings::default()),
            store,
            owner: database::pool(&url, 1).await?,
        })
    }

    pub(crate) async fn append_new(&self, _writer: usize) -> Result<()> {
        self.append(command(new_stream(), 0, None)).await
    }

    pub(crate) async fn load_and_append(&self, _writer: usize, stream: &str) -> Result<()> {
        loop {
            let key = Uuid::new_v4();
            let loaded = self
                .store
                .load_from(ORDER, stream, Shortcuts::default(), Some(key))
                .await?;
            let mut order = Order::default();
            for event in &loaded.events {
                order.apply(&event.decode()?.event);
            }
            let last = loaded.events.last().map(|event| event.event_id);
            match self
                .decide(command(stream.to_owned(), order.version(), last))
                .await?
            {
                Outcome::Appended { .. } => return Ok(()),
                // Another writer has this stream, too.
                Outcome::Conflict => {}
                other => bail!("the log said {other:?}"),
            }
        }
    }

    async fn append(&self, command: Append) -> Result<()> {
        match self.decide(command).await? {
            Outcome::Appended { .. } => Ok(()),
            other => bail!("the log said {other:?}"),
        }
    }

    async fn decide(&self, command: Append) -> Result<Outcome> {
        Ok(self.appender.append(command).await?)
    }

    /// Streams of ten events, written by SQL.
    pub(crate) async fn fill(&self, prefix: &str, streams: i64) -> Result<()> {
        sqlx::query(
            "insert into event (
                aggregate_type, aggregate_id, sequence, event_type, event_version, payload, metadata,
                position, event_id, recorded_at
            )
            select
                'order', $1 || stream, sequence, $2, '1', $3::text::json, $4::text::json,
                (select coalesce(max(position), 0) from event) + (stream - 1) * $6 + sequence,
                make_event_id(), statement_timestamp()
            from generate_series(1, $5) as stream
            cross join generate_series(1, $6) as sequence",
        )
        .bind(prefix)
        .bind(EVENT_TYPE)
        .bind(workload::payload())
        .bind(workload::metadata(&workload::around()))
        .bind(streams)
        .bind(STREAM_EVENTS)
        .execute(&self.owner)
        .await?;
        self.vacuum().await
    }

    /// A recorded key for each event after that position: more rows than commands would leave.
    pub(crate) async fn record_keys(&self, after: i64) -> Result<()> {
        sqlx::query(
            "insert into idempotency_key (id, request, position, events, status, represented)
            select gen_random_uuid(), gen_random_uuid(), e.position, 1, 200, false
            from event e
            where e.position > $1",
        )
        .bind(after)
        .execute(&self.owner)
        .await?;
        Ok(())
    }

    /// As autovacuum leaves the tables some time after a fill.
    pub(crate) async fn vacuum(&self) -> Result<()> {
        sqlx::raw_sql("vacuum analyze event, idempotency_key")
            .execute(&self.owner)
            .await?;
        Ok(())
    }

    pub(crate) async fn close(&self) {
        self.appender.close().await;
        self.store.close().await;
    }
}

/// A command of one event, with a key.
pub(crate) fn command(stream: String, version: i64, last: Option<Uuid>) -> Append {
    let around = workload::around();
    Append {
        aggregate_type: ORDER.to_owned(),
        aggregate_id: stream,
        expected_sequence: version,
        expected_last_event: last,
        events: vec![NewEvent {
            event_id: Uuid::now_v7(),
            event_type: EVENT_TYPE.to_owned(),
            event_version: "1".to_owned(),
            payload: workload::payload(),
            metadata: workload::metadata(&around),
        }],
        key: Some(KeyToRecord {
            id: Uuid::new_v4(),
            request: Uuid::new_v4(),
            status: 200,
            represented: false,
        }),
        deadline: Instant::now() + Duration::from_secs(30),
    }
}
