//! A running query API and the views behind it.

use std::collections::HashMap;
use std::time::Duration;

use query_api::{Config, Service};
use read_model::history::{self, HistoryRow};
use read_model::orders::{self, OrderRow, TermsRow};
use read_model::words::words;
use read_model::{
    Currency, FulfillmentStatus, OrderStatus, PaymentStatus, ReturnStatus, Timestamp, View,
    create_generation, partition_of,
};
use reqwest::header::HeaderMap;
use reqwest::{Method, StatusCode};
use serde_json::Value;
use service_kit::{AuthSettings, Authenticator, Vars};
use sqlx::{PgConnection, PgPool};
use test_kit::{TestDatabase, database};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// How many partitions the views have.
pub(crate) const PARTITIONS: u16 = 16;
/// How long a test waits for anything.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// The service and its database.
pub(crate) struct Stage {
    pub(crate) pool: PgPool,
    pub(crate) url: String,
    pub(crate) stop: CancellationToken,
    pub(crate) running: JoinHandle<()>,
    token: String,
    vars: Vars,
    client: reqwest::Client,
    // Dropped last: it drops the database.
    _database: TestDatabase,
}

/// An answer, read to its end.
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|_| panic!("no JSON: {}", self.text))
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .map_or("", |value| value.to_str().unwrap())
    }

    pub(crate) fn position(&self) -> i64 {
        self.header("log-position").parse().unwrap()
    }

    /// Asserts that this is the problem of that name, and gives its body.
    pub(crate) fn problem(&self, status: u16, name: &str) -> Value {
        let body = self.json();
        assert_eq!(self.status, status, "{body}");
        assert_eq!(self.header("content-type"), "application/problem+json");
        let uri = format!("https://order-platform.dev/problems/{name}");
        assert_eq!(body["type"], uri, "{body}");
        assert_eq!(body["status"], status);
        body
    }

    /// The members `order_id` of a list's items.
    pub(crate) fn ids(&self) -> Vec<String> {
        assert_eq!(self.status, 200, "{}", self.text);
        let body = self.json();
        let items = body["items"].as_array().unwrap().iter();
        items
            .map(|item| item["order_id"].as_str().unwrap().to_owned())
            .collect()
    }

    pub(crate) fn next_cursor(&self) -> Option<String> {
        self.json()["next_cursor"].as_str().map(str::to_owned)
    }
}

impl Stage {
    /// A service on views that exist and are empty.
    pub(crate) async fn new() -> Self {
        Self::limited("").await
    }

    /// As [`Self::new`], with this limit on each actor's requests.
    pub(crate) async fn limited(rate_limit: &str) -> Self {
        Self::with_limit(rate_limit, 16).await.with_views().await
    }

    /// As [`Self::new`], with so many connections to the database.
    pub(crate) async fn with_connections(connections: u32) -> Self {
        Self::with_limit("", connections).await.with_views().await
    }

    async fn with_views(self) -> Self {
        let mut transaction = self.pool.begin().await.unwrap();
        for view in View::ALL {
            sqlx::query(
                "insert into projection (name, shape_version, live_generation) values ($1, 1, 1)",
            )
            .bind(view.as_str())
            .execute(&mut *transaction)
            .await
            .unwrap();
            create_generation(&mut transaction, *view, 1, PARTITIONS)
                .await
                .unwrap();
        }
        transaction.commit().await.unwrap();
        self
    }

    /// A service on a migrated database that no projector has seen.
    pub(crate) async fn without_views() -> Self {
        Self::with_limit("", 16).await
    }

    async fn with_limit(rate_limit: &str, connections: u32) -> Self {
        let database = database().await;
        read_model::migrate(&database.pool(1).await).await.unwrap();
        let vars = Vars::from_map([
            ("QUERY_API_ADDR", "127.0.0.1:0"),
            ("READ_MODEL_URL", database.url.as_str()),
            ("AUTH_HS256_SECRET", "a secret of the tests, long enough"),
            ("RATE_LIMIT", rate_limit),
            ("READ_MODEL_CONNECTIONS", &connections.to_string()),
        ]);
        Self::started(database, vars).await
    }

    /// A service whose views are elsewhere.
    pub(crate) async fn on(vars: Vars) -> Self {
        Self::started(database().await, vars).await
    }

    async fn started(database: TestDatabase, vars: Vars) -> Self {
        let pool = database.pool(4).await;
        let service = Service::build(Config::from_vars(&vars).unwrap())
            .await
            .unwrap();
        let url = format!("http://{}", service.local_addr());
        let stop = CancellationToken::new();
        let running = tokio::spawn(service.run(stop.clone()));
        // Another test may have chosen it already.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let token = token(&vars, "orders:read audit:read").await;
        let client = reqwest::Client::builder().timeout(PATIENCE).build();
        Self {
            pool,
            url,
            stop,
            running,
            token,
            vars,
            client: client.unwrap(),
            _database: database,
        }
    }

    /// A token with this scope.
    pub(crate) async fn token(&self, scope: &str) -> String {
        token(&self.vars, scope).await
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.ask(Method::GET, path, &[]).await
    }

    pub(crate) async fn get_with(&self, path: &str, headers: &[(&str, &str)]) -> Answer {
        self.ask(Method::GET, path, headers).await
    }

    /// Sends a request with a good token, unless the headers bring an `authorization`.
    pub(crate) async fn ask(&self, method: Method, path: &str, headers: &[(&str, &str)]) -> Answer {
        let response = self.request(method, path, headers).send().await.unwrap();
        Answer {
            status: response.status(),
            headers: response.headers().clone(),
            text: response.text().await.unwrap(),
        }
    }

    fn request(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
    ) -> reqwest::RequestBuilder {
        let mut request = self.client.request(method, format!("{}{path}", self.url));
        if !headers.iter().any(|(name, _)| *name == "authorization") {
            request = request.bearer_auth(&self.token);
        }
        for (name, value) in headers {
            if !value.is_empty() {
                request = request.header(*name, *value);
            }
        }
        request
    }

    /// Writes an order as the projector does: its row, its last entry and its partition's checkpoints in one transaction.
    pub(crate) async fn apply(&self, order: &Order) {
        let mut transaction = self.pool.begin().await.unwrap();
        order.write(&mut transaction, 1).await;
        for view in View::ALL {
            let partition = partition_of(&order.id, PARTITIONS);
            checkpoint(&mut transaction, *view, 1, partition, order.position).await;
        }
        transaction.commit().await.unwrap();
    }

    /// Adds events of whatever orders to the history, which is complete up to the last of them then.
    pub(crate) async fn record(&self, events: &[Event]) {
        let mut transaction = self.pool.begin().await.unwrap();
        write_events(&mut transaction, events).await;
        if let Some(last) = events.last() {
            sqlx::query(
                "insert into frontier (position, last)
                select $1, array_agg(position order by partition)
                from checkpoint
                where projection = 'order-history' and generation = 1",
            )
            .bind(last.position)
            .execute(&mut *transaction)
            .await
            .unwrap();
        }
        transaction.commit().await.unwrap();
    }

    /// As [`Self::record`], but nobody says that the history is complete.
    pub(crate) async fn record_without_frontier(&self, events: &[Event]) {
        let mut transaction = self.pool.begin().await.unwrap();
        write_events(&mut transaction, events).await;
        transaction.commit().await.unwrap();
    }

    /// An answer that is read as it comes.
    pub(crate) async fn open(&self, path: &str, headers: &[(&str, &str)]) -> reqwest::Response {
        self.request(Method::GET, path, headers)
            .send()
            .await
            .unwrap()
    }

    /// Writes an order and the event that made it so.
    pub(crate) async fn apply_with(&self, order: &Order, event: &Event) {
        let mut transaction = self.pool.begin().await.unwrap();
        order.write_row(&mut transaction, 1).await;
        event.write(&mut transaction, 1).await;
        for view in View::ALL {
            let partition = partition_of(&order.id, PARTITIONS);
            checkpoint(&mut transaction, *view, 1, partition, order.position).await;
        }
        transaction.commit().await.unwrap();
    }

    /// Says where the log was: the head, and the last position of each partition that has any.
    pub(crate) async fn frontier(&self, position: i64, last: &HashMap<u16, i64>) {
        let last: Vec<i64> = (0..PARTITIONS)
            .map(|partition| last.get(&partition).copied().unwrap_or(0))
            .collect();
        sqlx::query("insert into frontier (position, last) values ($1, $2)")
            .bind(position)
            .bind(last)
            .execute(&self.pool)
            .await
            .unwrap();
    }

    /// A frontier at which every order applied so far is the last of its partition.
    pub(crate) async fn caught_up(&self, position: i64) {
        sqlx::query(
            "insert into frontier (position, last)
            select $1, array_agg(position order by partition)
            from checkpoint
            where projection = 'orders' and generation = 1",
        )
        .bind(position)
        .execute(&self.pool)
        .await
        .unwrap();
    }
}

async fn write_events(connection: &mut PgConnection, events: &[Event]) {
    for event in events {
        event.write(connection, 1).await;
        let partition = partition_of(&event.order_id, PARTITIONS);
        let view = View::OrderHistory;
        checkpoint(connection, view, 1, partition, event.position).await;
    }
}

/// Whether tests run at their full size, which takes minutes.
pub(crate) fn deep() -> bool {
    std::env::var_os("TEST_DEEP").is_some()
}

async fn token(vars: &Vars, scope: &str) -> String {
    let settings = AuthSettings::from_vars(vars).unwrap();
    let authenticator = Authenticator::from_settings(settings).await.unwrap();
    authenticator
        .issue_hs256("alice", scope, Duration::from_secs(600))
        .unwrap()
}

/// Moves a checkpoint forward.
pub(crate) async fn checkpoint(
    connection: &mut PgConnection,
    view: View,
    generation: i32,
    partition: u16,
    position: i64,
) {
    let done = sqlx::query(
        "update checkpoint set position = $4, event_id = $5
        where projection = $1 and generation = $2 and partition = $3 and position < $4",
    )
    .bind(view.as_str())
    .bind(generation)
    .bind(i16::try_from(partition).unwrap())
    .bind(position)
    .bind(Uuid::new_v4())
    .execute(connection)
    .await
    .unwrap();
    assert_eq!(done.rows_affected(), 1, "a checkpoint only moves forward");
}

/// An order to be written, with its last event.
#[derive(Debug, Clone)]
pub(crate) struct Order {
    pub(crate) id: String,
    pub(crate) number: Option<String>,
    pub(crate) status: OrderStatus,
    pub(crate) customer: String,
    pub(crate) created_at: Timestamp,
    pub(crate) placed_at: Option<Timestamp>,
    pub(crate) version: i64,
    pub(crate) position: i64,
    pub(crate) document: Option<String>,
    pub(crate) payment_status: PaymentStatus,
    pub(crate) fulfillment_status: FulfillmentStatus,
    pub(crate) return_status: ReturnStatus,
    pub(crate) on_hold: bool,
    pub(crate) currency: &'static str,
    pub(crate) total: i64,
    pub(crate) skus: &'static [&'static str],
    pub(crate) tags: &'static [&'static str],
    /// All texts by which it is found.
    pub(crate) text: String,
}

/// An event of an order, as the history shows it.
#[derive(Debug, Clone)]
pub(crate) struct Event {
    pub(crate) position: i64,
    pub(crate) order_id: String,
    pub(crate) sequence: i64,
    pub(crate) kind: &'static str,
    pub(crate) actor: String,
    pub(crate) correlation_id: String,
    pub(crate) occurred_at: Timestamp,
    /// The event's own members, as JSON.
    pub(crate) data: String,
}

impl Event {
    /// An order's first event, or another note to it.
    pub(crate) fn note(order_id: &str, sequence: i64, position: i64) -> Self {
        Self {
            position,
            order_id: order_id.to_owned(),
            sequence,
            kind: "NoteAdded",
            actor: "alice".to_owned(),
            correlation_id: format!("c-{position}"),
            occurred_at: minute(position),
            data: format!("{{\"text\":\"note {sequence}\",\"visibility\":\"internal\"}}"),
        }
    }

    /// The entry as it is stored.
    pub(crate) fn entry(&self) -> String {
        format!(
            r#"{{"position":{},"event_id":"{}","type":"{}","event_version":"1","order_id":"{}","order_number":null,"sequence":{},"occurred_at":"{}","actor":"{}","command":"add-note","command_id":"{}","idempotency_key":null,"correlation_id":"{}","causation_id":null,"traceparent":null,"client":{{"address":null,"user_agent":null}},"reason":null,"changes":[],"data":{}}}"#,
            self.position,
            self.event_id(),
            self.kind,
            self.order_id,
            self.sequence,
            self.occurred_at,
            self.actor,
            Uuid::nil(),
            self.correlation_id,
            self.data
        )
    }

    fn event_id(&self) -> Uuid {
        Uuid::from_u128(u128::try_from(self.position).unwrap())
    }

    pub(crate) async fn write(&self, connection: &mut PgConnection, generation: i32) {
        let row = HistoryRow {
            position: self.position,
            event_id: self.event_id(),
            order_id: self.order_id.clone(),
            sequence: self.sequence,
            event_type: self.kind.to_owned(),
            actor: self.actor.clone(),
            correlation_id: self.correlation_id.clone(),
            occurred_at: self.occurred_at,
            entry: self.entry(),
        };
        history::write(connection, generation, &[row])
            .await
            .unwrap();
    }
}

impl Order {
    /// A placed order whose only event is at this position.
    pub(crate) fn placed(id: &str, position: i64) -> Self {
        let at = minute(position);
        Self {
            id: id.to_owned(),
            number: Some(format!("2026-{position:06}")),
            status: OrderStatus::Placed,
            customer: "c-1".to_owned(),
            created_at: at,
            placed_at: Some(at),
            version: 1,
            position,
            document: None,
            payment_status: PaymentStatus::Unpaid,
            fulfillment_status: FulfillmentStatus::Unfulfilled,
            return_status: ReturnStatus::None,
            on_hold: false,
            currency: "EUR",
            total: 1_000,
            skus: &["SKU-1"],
            tags: &[],
            text: String::new(),
        }
    }

    /// A draft whose only event is at this position.
    pub(crate) fn draft(id: &str, position: i64) -> Self {
        Self {
            number: None,
            status: OrderStatus::Draft,
            placed_at: None,
            ..Self::placed(id, position)
        }
    }

    /// Its document as stored.
    pub(crate) fn document(&self) -> String {
        self.document.clone().unwrap_or_else(|| {
            format!(
                r#"{{"order_id":"{}","version":{},"position":{}}}"#,
                self.id, self.version, self.position
            )
        })
    }

    /// Its last audit entry as stored.
    pub(crate) fn entry(&self) -> String {
        format!(
            r#"{{ "position": {}, "order_id": "{}", "sequence": {} }}"#,
            self.position, self.id, self.version
        )
    }

    pub(crate) async fn write(&self, connection: &mut PgConnection, generation: i32) {
        self.write_row(connection, generation).await;
        let row = HistoryRow {
            position: self.position,
            event_id: Uuid::new_v4(),
            order_id: self.id.clone(),
            sequence: self.version,
            event_type: "NoteAdded".to_owned(),
            actor: "alice".to_owned(),
            correlation_id: "c-1".to_owned(),
            occurred_at: minute(self.position),
            entry: self.entry(),
        };
        history::write(connection, generation, &[row])
            .await
            .unwrap();
    }

    async fn write_row(&self, connection: &mut PgConnection, generation: i32) {
        let row = OrderRow {
            order_id: self.id.clone(),
            order_number: self.number.clone(),
            status: self.status,
            payment_status: self.payment_status,
            fulfillment_status: self.fulfillment_status,
            return_status: self.return_status,
            on_hold: self.on_hold,
            customer_id: self.customer.clone(),
            currency: Currency::parse(self.currency).unwrap(),
            total: self.total,
            placed_at: self.placed_at,
            created_at: self.created_at,
            updated_at: minute(self.position),
            version: self.version,
            position: self.position,
            document: self.document(),
        };
        orders::write(connection, generation, &[row]).await.unwrap();
        let owned = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
        let terms = TermsRow {
            order_id: self.id.clone(),
            skus: owned(self.skus),
            tags: owned(self.tags),
            words: words(&self.text).collect(),
        };
        orders::write_terms(connection, generation, &[terms])
            .await
            .unwrap();
    }
}

/// A time that rises with its number.
pub(crate) fn minute(number: i64) -> Timestamp {
    let start = Timestamp::parse("2026-11-20T10:00:00Z").unwrap();
    Timestamp::from_datetime(start.as_datetime() + chrono::TimeDelta::minutes(number))
}

/// An order id that belongs to this partition.
pub(crate) fn id_in(partition: u16) -> String {
    (0..10_000)
        .map(|number| format!("o-{number}"))
        .find(|id| partition_of(id, PARTITIONS) == partition)
        .unwrap()
}
