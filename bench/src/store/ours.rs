//! Our log, written through the appender.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use domain::order::{Order, OrderEvent};
use event_store::{
    Append, Appender, AppenderSettings, EventStore, KeyToRecord, NewEvent, ORDER, Outcome,
    Shortcuts, StoreSettings,
};
use sqlx::PgPool;
use uuid::Uuid;

use crate::workload::{self, EVENT_TYPE, STREAM_EVENTS};
use crate::{database, workload::new_stream};

/// Orders that the command API keeps unless it is told otherwise.
pub(crate) const KEPT: u64 = 10_000;

/// Orders that are loaded at a time to be kept.
const LOADED: usize = 500;

pub(crate) struct Ours {
    pub(crate) store: EventStore,
    pub(crate) appender: Appender,
    owner: PgPool,
    kept: Mutex<HashMap<String, Known>>,
}

/// An order as it was after its last event that this process knows.
#[derive(Default)]
struct Known {
    order: Order,
    last: Option<Uuid>,
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
            kept: Mutex::default(),
        })
    }

    pub(crate) async fn append_new(&self, _writer: usize) -> Result<()> {
        self.append(command(new_stream(), 0, None)).await
    }

    pub(crate) async fn load_and_append(&self, _writer: usize, stream: &str) -> Result<()> {
        loop {
            let known = self.load(stream).await?;
            if self.append_to(stream, &known).await?.is_some() {
                return Ok(());
            }
        }
    }

    /// The same as the command API does it: an order that is kept is not loaded, unless it turns out to be old.
    pub(crate) async fn append_to_kept(&self, _writer: usize, stream: &str) -> Result<()> {
        let kept = self.kept().remove(stream);
        let mut known = match kept {
            Some(known) => known,
            None => self.load(stream).await?,
        };
        loop {
            if let Some(event) = self.append_to(stream, &known).await? {
                let payload = workload::payload();
                let appended = OrderEvent::from_payload(EVENT_TYPE, "1", &payload)?;
                known.order.apply(&appended);
                known.last = Some(event);
                self.kept().insert(stream.to_owned(), known);
                return Ok(());
            }
            known = self.load(stream).await?;
        }
    }

    /// Keeps these orders and no others.
    pub(crate) async fn keep(&self, streams: &[String]) -> Result<()> {
        self.kept().clear();
        for some in streams.chunks(LOADED) {
            for event in self.store.load_many(ORDER, some, i64::MAX).await? {
                let recorded = event.decode()?;
                let mut kept = self.kept();
                let known = kept.entry(event.aggregate_id).or_default();
                known.order.apply(&recorded.event);
                known.last = Some(event.event_id);
            }
        }
        Ok(())
    }

    fn kept(&self) -> MutexGuard<'_, HashMap<String, Known>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn load(&self, stream: &str) -> Result<Known> {
        let key = Uuid::new_v4();
        let loaded = self
            .store
            .load_from(ORDER, stream, Shortcuts::default(), Some(key))
            .await?;
        let mut known = Known::default();
        for event in &loaded.events {
            known.order.apply(&event.decode()?.event);
            known.last = Some(event.event_id);
        }
        Ok(known)
    }

    /// The id of the event that was appended; `None` if the stream has others than are known.
    async fn append_to(&self, stream: &str, known: &Known) -> Result<Option<Uuid>> {
        let append = command(stream.to_owned(), known.order.version(), known.last);
        let event = append.events.first().map(|event| event.event_id);
        match self.decide(append).await? {
            Outcome::Appended { .. } => Ok(event),
            // Another writer has this stream, too.
            Outcome::Conflict => Ok(None),
            other => bail!("the log said {other:?}"),
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
