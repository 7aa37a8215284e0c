//! `postgres-es` on its own schema, through the framework that it belongs to.

use std::collections::HashMap;

use anyhow::{Result, anyhow};
use cqrs_es::event_sink::EventSink;
use cqrs_es::persist::PersistedEventStore;
use cqrs_es::{Aggregate, AggregateError, CqrsFramework, DomainEvent};
use postgres_es::PostgresEventRepository;
use serde::{Deserialize, Serialize};
use sqlx::PgPool;

use super::{PEER_CONNECTIONS, bare};
use crate::database;
use crate::workload::{self, EVENT_TYPE, Note, new_stream, note};

/// The aggregate: it counts, so that nothing but the framework costs time.
#[derive(Debug, Default, Clone, Serialize, Deserialize)]
pub(super) struct Notes {
    count: u64,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) enum Noted {
    NoteAdded(Note),
}

impl DomainEvent for Noted {
    fn event_type(&self) -> String {
        EVENT_TYPE.to_owned()
    }

    fn event_version(&self) -> String {
        "1".to_owned()
    }
}

impl Aggregate for Notes {
    const TYPE: &'static str = "order";
    type Command = Note;
    type Event = Noted;
    type Error = std::fmt::Error;
    type Services = ();

    async fn handle(
        &mut self,
        note: Note,
        (): &(),
        sink: &EventSink<Self>,
    ) -> Result<(), Self::Error> {
        sink.write(Noted::NoteAdded(note), self).await;
        Ok(())
    }

    fn apply(&mut self, _: Noted) {
        self.count += 1;
    }
}

pub(super) struct PostgresEs {
    framework: CqrsFramework<Notes, PersistedEventStore<PostgresEventRepository, Notes>>,
    owner: PgPool,
}

impl PostgresEs {
    pub(super) async fn open(server: &str) -> Result<Self> {
        let url = database::anew(server, "bench_postgres_es").await?;
        let owner = database::pool(&url, 1).await?;
        sqlx::raw_sql(bare::SCHEMA).execute(&owner).await?;
        let pool = database::pool(&url, PEER_CONNECTIONS).await?;
        let store = PersistedEventStore::new_event_store(PostgresEventRepository::new(pool));
        Ok(Self {
            framework: CqrsFramework::new(store, Vec::new(), ()),
            owner,
        })
    }

    /// As the framework does it: it always loads the stream first.
    pub(super) async fn append_new(&self, writer: usize) -> Result<()> {
        self.load_and_append(writer, &new_stream()).await
    }

    pub(super) async fn load_and_append(&self, _writer: usize, stream: &str) -> Result<()> {
        loop {
            match self
                .framework
                .execute_with_metadata(stream, note(), metadata())
                .await
            {
                Ok(()) => return Ok(()),
                Err(AggregateError::AggregateConflict) => {}
                Err(error) => return Err(anyhow!("postgres-es: {error}")),
            }
        }
    }

    pub(super) async fn fill(&self, prefix: &str, streams: i64) -> Result<()> {
        bare::fill(&self.owner, prefix, streams, &payload()).await
    }
}

/// The payload as this crate stores it, with the event's name around it.
pub(super) fn payload() -> String {
    format!(r#"{{"{EVENT_TYPE}":{}}}"#, workload::payload())
}

fn metadata() -> HashMap<String, String> {
    let around = workload::around();
    HashMap::from([
        ("actor".to_owned(), around.actor),
        ("command".to_owned(), around.command),
        ("command_id".to_owned(), around.command_id.to_string()),
        ("idempotency_key".to_owned(), around.idempotency_key),
        ("correlation_id".to_owned(), around.correlation_id),
        ("traceparent".to_owned(), around.traceparent),
    ])
}
