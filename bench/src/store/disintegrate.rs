//! `disintegrate` on its own schema.

use ::disintegrate::serde::json::Json;
use ::disintegrate::{Event, EventStore as _, StreamItem, StreamQuery, query};
use anyhow::Result;
use disintegrate_postgres::{Error, PgEventId, PgEventStore};
use futures::TryStreamExt as _;
use serde::{Deserialize, Serialize};
use sqlx::PgPool;

use super::PEER_CONNECTIONS;
use crate::database;
use crate::workload::{self, Around, EVENT_TYPE, Note, STREAM_EVENTS, new_stream, note};

#[derive(Debug, Clone, PartialEq, Event, Serialize, Deserialize)]
#[stream(OrderStream, [NoteAdded])]
pub(super) enum Noted {
    /// This store has no place for metadata, so they are the event's.
    NoteAdded {
        #[id]
        order_id: String,
        note: Note,
        around: Around,
    },
}

/// What its `Migrator` makes for these events. That cannot be used: one of its functions has a number in hexadecimal, which
/// PostgreSQL reads only since version 16. Here it is decimal, and nothing else is changed.
const SCHEMA: &str = "
create sequence seq_event_event_id;

create table event (
    event_id bigint primary key default nextval('seq_event_event_id'),
    event_type varchar(255),
    payload bytea,
    inserted_at timestamp default now(),
    order_id text
);

create index idx_event_type_btree on event (event_type);
create index idx_event_order_id on event (order_id) where order_id is not null;

create function event_store_current_epoch() returns bigint as $$
declare
    persisted_event_id bigint;
    pending_event_id bigint;
    db_id int;
begin
    select coalesce(max(event_id), 0) into persisted_event_id from event;
    select oid into db_id from pg_database where datname = current_database();

    select min((l3.objid::bigint << 32) + l2.objid::bigint)
    into pending_event_id
    from pg_locks l1
    inner join pg_locks l2 on l1.pid = l2.pid
    inner join pg_locks l3 on l1.pid = l3.pid
    where
        l1.classid = db_id
        and l2.classid = 1
        and l3.classid = 2
        and l1.locktype = 'advisory';

    return least(coalesce(pending_event_id, persisted_event_id), persisted_event_id);
end;
$$ language plpgsql;

create function event_store_begin_epoch() returns void as $$
declare
    id bigint;
    db_id int;
begin
    select last_value into id from seq_event_event_id;
    select oid into db_id from pg_database where datname = current_database();

    perform pg_try_advisory_xact_lock_shared(db_id, 0);
    perform pg_try_advisory_xact_lock_shared(1, (id & 4294967295)::bit(32)::integer);
    perform pg_try_advisory_xact_lock_shared(2, (id >> 32)::bit(32)::integer);
end;
$$ language plpgsql";

pub(super) struct Disintegrate {
    pub(super) store: PgEventStore<Noted, Json<Noted>>,
    owner: PgPool,
}

impl Disintegrate {
    pub(super) async fn open(server: &str, name: &str) -> Result<Self> {
        let url = database::anew(server, name).await?;
        let owner = database::pool(&url, 1).await?;
        sqlx::raw_sql(SCHEMA).execute(&owner).await?;
        let pool = database::pool(&url, PEER_CONNECTIONS).await?;
        let store = PgEventStore::new_uninitialized(pool, Json::default());
        Ok(Self { store, owner })
    }

    pub(super) async fn append_new(&self, _writer: usize) -> Result<()> {
        let order_id = new_stream();
        while !self.append(&order_id, 0).await? {}
        Ok(())
    }

    pub(super) async fn load_and_append(&self, _writer: usize, stream: &str) -> Result<()> {
        loop {
            let query: StreamQuery<PgEventId, Noted> = of_order(stream);
            let mut version = 0;
            let mut events = self.store.stream(&query);
            while let Some(item) = events.try_next().await? {
                if let StreamItem::Event(event) = item {
                    version = event.id();
                }
            }
            drop(events);
            if self.append(stream, version).await? {
                return Ok(());
            }
        }
    }

    /// Whether it went in; not, when another transaction was in the way.
    async fn append(&self, order_id: &str, version: PgEventId) -> Result<bool> {
        let event = Noted::NoteAdded {
            order_id: order_id.to_owned(),
            note: note(),
            around: workload::around(),
        };
        let query: StreamQuery<PgEventId, Noted> = of_order(order_id);
        match self.store.append(vec![event], query, version).await {
            Ok(_) => Ok(true),
            Err(Error::Concurrency) => Ok(false),
            Err(Error::Database(sqlx::Error::Database(error)))
                if error.code().as_deref() == Some("40001") =>
            {
                Ok(false)
            }
            Err(error) => Err(error.into()),
        }
    }

    pub(super) async fn fill(&self, prefix: &str, streams: i64) -> Result<()> {
        let stored = serde_json::to_string(&Noted::NoteAdded {
            order_id: "an-order-of-this-name".to_owned(),
            note: note(),
            around: workload::around(),
        })?;
        sqlx::query(
            "insert into event (event_type, payload, order_id)
            select $1, convert_to(replace($2, 'an-order-of-this-name', $3 || stream), 'UTF8'), $3 || stream
            from generate_series(1, $4) as stream
            cross join generate_series(1, $5) as sequence",
        )
        .bind(EVENT_TYPE)
        .bind(stored)
        .bind(prefix)
        .bind(streams)
        .bind(STREAM_EVENTS)
        .execute(&self.owner)
        .await?;
        sqlx::raw_sql("vacuum analyze event")
            .execute(&self.owner)
            .await?;
        Ok(())
    }
}

fn of_order(order_id: &str) -> StreamQuery<PgEventId, Noted> {
    let order_id = order_id.to_owned();
    query!(Noted; order_id == order_id)
}
