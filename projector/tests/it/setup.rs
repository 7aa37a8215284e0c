//! A log, a broker, a relay and projectors.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::time::Duration;

use domain::order::OrderEvent;
use event_store::{EventStore, StoreSettings};
use event_stream::{Relay, RelaySettings, StreamSettings};
use projector::{Config, Service};
use read_model::View;
use read_model::position::progress;
use service_kit::Vars;
use sqlx::PgPool;
use test_kit::{TestDatabase, TestNats, database, eventually, nats};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::runtime::Runtime;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// Longer than anything here takes on a busy machine.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

pub(crate) const METADATA: &str = r#"{"actor": "alice", "command": "place", "command_id": "0193d3a4-0000-7000-8000-000000000001",
    "idempotency_key": null, "correlation_id": "c-1", "causation_id": null, "traceparent": null,
    "client": {"address": "127.0.0.1", "user_agent": "Gr\u00fc\u00dfe"}, "reason": null}"#;

pub(crate) struct Setup {
    pub(crate) nats: TestNats,
    pub(crate) log: PgPool,
    pub(crate) store: EventStore,
    pub(crate) views: PgPool,
    pub(crate) client: async_nats::Client,
    pub(crate) stream: StreamSettings,
    relay: Option<(JoinHandle<()>, CancellationToken)>,
    sequences: HashMap<String, i64>,
    log_database: TestDatabase,
    views_database: TestDatabase,
}

/// A projector at work.
pub(crate) struct Projector {
    addr: SocketAddr,
    shutdown: CancellationToken,
    runtime: Option<Runtime>,
    task: JoinHandle<()>,
}

impl Setup {
    /// Everything but a projector, with the relay at work.
    pub(crate) async fn new() -> Self {
        let (nats, log_database, views_database) =
            (nats().await, database().await, database().await);
        let (log, views) = (log_database.pool(4).await, views_database.pool(8).await);
        event_store::migrate(&log).await.unwrap();
        read_model::migrate(&views).await.unwrap();
        let store = EventStore::connect(&StoreSettings::new(&log_database.url))
            .await
            .unwrap();
        let client = event_stream::connect(&nats.url, "test").await.unwrap();
        let mut setup = Self {
            nats,
            log,
            store,
            views,
            client,
            stream: StreamSettings::default(),
            relay: None,
            sequences: HashMap::new(),
            log_database,
            views_database,
        };
        setup.start_relay();
        setup
    }

    pub(crate) fn start_relay(&mut self) {
        let settings = RelaySettings {
            stream: self.stream.clone(),
            ..RelaySettings::default()
        };
        let (_, committed) = watch::channel(0);
        let relay = Relay::new(self.store.clone(), self.client.clone(), settings, committed);
        let shutdown = CancellationToken::new();
        self.relay = Some((tokio::spawn(relay.run(shutdown.clone())), shutdown));
    }

    pub(crate) async fn stop_relay(&mut self) {
        let (task, shutdown) = self.relay.take().unwrap();
        shutdown.cancel();
        task.await.unwrap();
    }

    /// A projector on threads of its own, so that it can be killed like a process.
    pub(crate) fn projector(&self) -> Projector {
        self.projector_that_keeps(900)
    }

    /// The same, which keeps generations that are live no more for so many seconds.
    pub(crate) fn projector_that_keeps(&self, seconds: u32) -> Projector {
        let vars = Vars::from_map([
            ("PROJECTOR_ADDR", "127.0.0.1:0"),
            ("EVENT_STORE_URL", &self.log_database.url),
            ("READ_MODEL_URL", &self.views_database.url),
            ("NATS_URL", &self.nats.url),
            ("GENERATION_KEPT_SECONDS", &seconds.to_string()),
        ]);
        let config = Config::from_vars(&vars).unwrap();
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .unwrap();
        let shutdown = CancellationToken::new();
        let stop = shutdown.clone();
        let (address, listening) = std::sync::mpsc::channel();
        let task = runtime.spawn(async move {
            let service = Service::build(config).await.unwrap();
            address.send(service.local_addr()).unwrap();
            service.run(stop).await.unwrap();
        });
        let addr = listening.recv().unwrap();
        Projector {
            addr,
            shutdown,
            runtime: Some(runtime),
            task,
        }
    }

    /// Places orders, one event each.
    pub(crate) async fn place(&mut self, ids: &[String]) {
        let placed = include_str!("../../../domain/tests/golden/OrderPlaced.v1.json");
        let payloads = ids.iter().map(|id| {
            let mut content: serde_json::Value = serde_json::from_str(placed).unwrap();
            content["order_id"] = id.as_str().into();
            let event = OrderEvent::from_payload("OrderPlaced", "1", &content.to_string()).unwrap();
            event.to_payload().unwrap()
        });
        let events: Vec<_> = ids
            .iter()
            .zip(payloads)
            .map(|(id, payload)| (id.as_str(), "OrderPlaced", payload))
            .collect();
        self.append(&events).await;
    }

    /// Adds a note to each order.
    pub(crate) async fn note(&mut self, ids: &[String], text: &str) {
        let payload = serde_json::json!({"text": text, "visibility": "internal"}).to_string();
        let events: Vec<_> = ids
            .iter()
            .map(|id| (id.as_str(), "NoteAdded", payload.clone()))
            .collect();
        self.append(&events).await;
    }

    /// Appends (order, type, payload) in one statement.
    pub(crate) async fn append(&mut self, events: &[(&str, &str, String)]) {
        let mut sequences = Vec::new();
        for (id, ..) in events {
            let sequence = self.sequences.entry((*id).to_owned()).or_default();
            *sequence += 1;
            sequences.push(*sequence);
        }
        sqlx::query(
            "insert into event (aggregate_type, aggregate_id, sequence, event_type, event_version, payload, metadata)
            select 'order', e.id, e.sequence, e.type, '1', e.payload::json, $5::json
            from unnest($1::text[], $2::bigint[], $3::text[], $4::text[]) as e (id, sequence, type, payload)",
        )
        .bind(events.iter().map(|(id, ..)| *id).collect::<Vec<_>>())
        .bind(sequences)
        .bind(events.iter().map(|(_, event_type, _)| *event_type).collect::<Vec<_>>())
        .bind(events.iter().map(|(.., payload)| payload.as_str()).collect::<Vec<_>>())
        .bind(METADATA)
        .execute(&self.log)
        .await
        .unwrap();
    }

    /// What happens on an ordinary day: orders are placed, and noted upon again and again.
    pub(crate) async fn traffic(&mut self, prefix: &str, orders: usize, rounds: usize) {
        let ids = ids(prefix, orders);
        self.place(&ids).await;
        for round in 0..rounds {
            self.note(&ids, &format!("round {round}")).await;
        }
    }

    /// The log's last position.
    pub(crate) async fn head(&self) -> i64 {
        self.store.head(1).await.unwrap().position
    }

    /// Takes the log back to `position`, as a promoted standby that lagged or a restored backup is: what came after it
    /// is gone, the relay's row too.
    pub(crate) async fn lose_after(&mut self, position: i64) {
        let mut transaction = self.log.begin().await.unwrap();
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
        let sequences = sqlx::query_as("select aggregate_id, max(sequence) from event group by 1")
            .fetch_all(&self.log)
            .await
            .unwrap();
        self.sequences = sequences.into_iter().collect();
    }

    /// Waits until the view `orders` is as far as the log.
    pub(crate) async fn position_is_the_head(&self) {
        let head = self.head().await;
        eventually(
            "the view's position at the log's end",
            PATIENCE,
            async || {
                let progress = progress(&self.views, View::Orders).await.unwrap()?;
                (progress.view == head).then_some(())
            },
        )
        .await;
    }

    /// Waits until the newest message in the stream is the log's last event.
    pub(crate) async fn relayed(&self) {
        let head = self.store.head(1).await.unwrap().position;
        let jetstream = async_nats::jetstream::new(self.client.clone());
        eventually("the log's last event in the stream", PATIENCE, async || {
            let stream = jetstream.get_stream(&self.stream.name).await.ok()?;
            let last = stream
                .get_raw_message(stream.cached_info().state.last_sequence)
                .await
                .ok()?;
            (last.headers.get("ce-sequence")?.as_str().parse() == Ok(head)).then_some(())
        })
        .await;
    }
}

impl Projector {
    /// Stops it as an operator would.
    pub(crate) async fn stop(mut self) {
        self.shutdown.cancel();
        (&mut self.task).await.unwrap();
    }

    /// Ends it as SIGKILL would: nothing is written, released or closed any more.
    pub(crate) fn kill(mut self) {
        self.runtime.take().unwrap().shutdown_background();
    }

    /// Status and body of its readiness.
    pub(crate) async fn ready(&self) -> (u16, String) {
        self.get("/health/ready").await
    }

    /// Status and body of an answer, by a client that needs no more than these few lines.
    pub(crate) async fn get(&self, path: &str) -> (u16, String) {
        let mut connection = TcpStream::connect(self.addr).await.unwrap();
        let request =
            format!("GET {path} HTTP/1.1\r\nhost: projector\r\nconnection: close\r\n\r\n");
        connection.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        connection.read_to_string(&mut answer).await.unwrap();
        let status = answer.split(' ').nth(1).unwrap().parse().unwrap();
        (status, answer)
    }

    pub(crate) async fn is_ready(&self) {
        eventually("a ready projector", PATIENCE, async || {
            (self.ready().await.0 == 200).then_some(())
        })
        .await;
    }
}

impl Drop for Projector {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

pub(crate) fn ids(prefix: &str, count: usize) -> Vec<String> {
    (0..count)
        .map(|number| format!("{prefix}-{number}"))
        .collect()
}
