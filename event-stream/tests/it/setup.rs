//! A log, a broker, and relays between them.

use std::time::Duration;

use async_nats::jetstream::message::StreamMessage;
use event_store::{Cursor, EventStore, StoreSettings, StoredEvent};
use event_stream::{JetStream, Message, Relay, RelaySettings, RelayStatus, StreamSettings};
use sqlx::PgPool;
use test_kit::{TestDatabase, TestNats, database, eventually, nats};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// Longer than anything here takes on a busy machine.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

pub(crate) struct Setup {
    pub(crate) nats: TestNats,
    pub(crate) store: EventStore,
    pub(crate) pool: PgPool,
    pub(crate) log: Uuid,
    pub(crate) client: async_nats::Client,
    pub(crate) jetstream: JetStream,
    pub(crate) settings: StreamSettings,
    _database: TestDatabase,
}

pub(crate) struct Running {
    pub(crate) status: watch::Receiver<RelayStatus>,
    shutdown: CancellationToken,
    task: JoinHandle<()>,
}

impl Setup {
    pub(crate) async fn new() -> Self {
        Self::with(nats().await).await
    }

    pub(crate) async fn with(nats: TestNats) -> Self {
        let database = database().await;
        let pool = database.pool(4).await;
        event_store::migrate(&pool).await.unwrap();
        let store = EventStore::connect(&StoreSettings::new(&database.url))
            .await
            .unwrap();
        let log = store.identity().await.unwrap().log_id;
        let client = event_stream::connect(&nats.url, "test").await.unwrap();
        let settings = StreamSettings::default();
        let jetstream = async_nats::jetstream::new(client.clone());
        let setup = Self {
            nats,
            store,
            pool,
            log,
            client,
            jetstream,
            settings,
            _database: database,
        };
        setup.connected().await;
        setup
    }

    pub(crate) async fn connected(&self) {
        eventually("a connection to the broker", PATIENCE, async || {
            (self.client.connection_state() == event_stream::ConnectionState::Connected)
                .then_some(())
        })
        .await;
    }

    /// Appends `count` events to each of `orders` orders.
    pub(crate) async fn append(&self, prefix: &str, orders: i64, count: i64) {
        sqlx::query(
            "insert into event (aggregate_type, aggregate_id, sequence, event_type, event_version, payload, metadata)
            select 'order', $1 || o, coalesce((select max(sequence) from event where aggregate_id = $1 || o), 0) + s,
                'NoteAdded', '1', json_build_object('text', 'n' || s), '{}'
            from generate_series(1, $3) s, generate_series(1, $2) o",
        )
        .bind(prefix)
        .bind(orders)
        .bind(count)
        .execute(&self.pool)
        .await
        .unwrap();
    }

    pub(crate) async fn append_one(
        &self,
        order: &str,
        event_type: &str,
        payload: &str,
        metadata: &str,
    ) -> StoredEvent {
        sqlx::query(
            "insert into event (aggregate_type, aggregate_id, sequence, event_type, event_version, payload, metadata)
            select 'order', $1, coalesce(max(sequence), 0) + 1, $2, '1', $3::json, $4::json
            from event where aggregate_id = $1",
        )
        .bind(order)
        .bind(event_type)
        .bind(payload)
        .bind(metadata)
        .execute(&self.pool)
        .await
        .unwrap();
        self.store
            .load("order", order)
            .await
            .unwrap()
            .pop()
            .unwrap()
    }

    /// Takes the log back to `position`, as a promoted standby that lagged or a restored backup is: what came after it
    /// is gone, the relay's row too.
    pub(crate) async fn lose_after(&self, position: i64) {
        let mut transaction = self.pool.begin().await.unwrap();
        for statement in [
            "alter table event disable trigger event_is_immutable".to_owned(),
            format!("delete from event where position > {position}"),
            "alter table event enable always trigger event_is_immutable".to_owned(),
            format!("delete from relay where position > {position}"),
        ] {
            sqlx::query(&statement)
                .execute(&mut *transaction)
                .await
                .unwrap();
        }
        transaction.commit().await.unwrap();
    }

    pub(crate) async fn incarnation(&self) -> i64 {
        self.store.identity().await.unwrap().incarnation
    }

    /// Waits until the stream holds exactly these positions of this incarnation, and nothing else of ours.
    pub(crate) async fn holds(&self, incarnation: i64, positions: std::ops::RangeInclusive<i64>) {
        let wanted: Vec<(i64, i64)> = positions.map(|position| (incarnation, position)).collect();
        eventually("the log's own events in the stream", PATIENCE, async || {
            let held: Vec<(i64, i64)> = self
                .stored_ours()
                .await
                .iter()
                .map(|message| (message.incarnation, message.position))
                .collect();
            (held == wanted).then_some(())
        })
        .await;
        let log = self.log_events().await;
        for message in self.stored_ours().await {
            let index = usize::try_from(message.position - 1).unwrap();
            assert_eq!(message.event.as_ref(), log.get(index));
        }
        assert_eq!(self.incarnation().await, incarnation);
    }

    pub(crate) fn relay(&self) -> Running {
        let settings = RelaySettings {
            stream: self.settings.clone(),
            ..RelaySettings::default()
        };
        let (_, committed) = watch::channel(0);
        let relay = Relay::new(self.store.clone(), self.client.clone(), settings, committed);
        let (status, shutdown) = (relay.status(), CancellationToken::new());
        let task = tokio::spawn(relay.run(shutdown.clone()));
        Running {
            status,
            shutdown,
            task,
        }
    }

    pub(crate) async fn log_events(&self) -> Vec<StoredEvent> {
        self.store
            .read_forward(Cursor::START, 1_000_000)
            .await
            .unwrap()
    }

    pub(crate) async fn head(&self) -> i64 {
        self.store.head(1).await.unwrap().position
    }

    /// All that the stream holds.
    pub(crate) async fn stored(&self) -> Vec<StreamMessage> {
        let Ok(stream) = self.jetstream.get_stream(&self.settings.name).await else {
            return Vec::new();
        };
        let state = &stream.cached_info().state;
        let mut messages = Vec::new();
        for sequence in state.first_sequence.max(1)..=state.last_sequence {
            messages.extend(stream.get_raw_message(sequence).await.ok());
        }
        messages
    }

    pub(crate) async fn stored_ours(&self) -> Vec<Message> {
        let messages = self.stored().await;
        messages
            .iter()
            .filter_map(|m| Message::decode(&m.headers, &m.payload, self.log))
            .collect()
    }

    /// Waits until the newest message is the log's last event.
    pub(crate) async fn relayed(&self) {
        let head = self.head().await;
        eventually("the log's last event in the stream", PATIENCE, async || {
            let stream = self.jetstream.get_stream(&self.settings.name).await.ok()?;
            let last = stream
                .get_raw_message(stream.cached_info().state.last_sequence)
                .await
                .ok()?;
            (Message::decode(&last.headers, &last.payload, self.log)?.position == head)
                .then_some(())
        })
        .await;
    }

    /// The stream holds the whole log, each event once, in order, continuous in each partition.
    pub(crate) async fn holds_the_whole_log(&self) {
        let events: Vec<_> = self
            .stored_ours()
            .await
            .into_iter()
            .filter_map(|message| message.event)
            .collect();
        assert_eq!(events, self.log_events().await);
        self.is_continuous().await;
    }

    /// Each message names the one before it in its partition, of all that the stream holds.
    pub(crate) async fn is_continuous(&self) {
        let mut last = vec![None; usize::from(self.settings.partitions)];
        for message in self.stored_ours().await {
            let slot = usize::try_from(message.event.unwrap().slot).unwrap();
            let partition = slot * usize::from(self.settings.partitions) / 256;
            if let Some(before) = last[partition].replace(message.position) {
                assert_eq!(message.previous, before, "partition {partition}");
            }
        }
    }
}

impl Running {
    pub(crate) async fn stop(self) {
        self.shutdown.cancel();
        self.task.await.unwrap();
    }

    /// Ends it as a killed process ends: nothing is written or given back any more.
    pub(crate) async fn kill(self) {
        self.task.abort();
        let _ = self.task.await;
    }

    pub(crate) async fn is(&self, what: &str, condition: impl Fn(&RelayStatus) -> bool) {
        eventually(what, PATIENCE, async || {
            condition(&self.status.borrow()).then_some(())
        })
        .await;
    }
}
