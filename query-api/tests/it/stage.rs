//! A running query API and the views behind it.

use std::collections::HashMap;
use std::time::Duration;

use query_api::{Config, Service};
use read_model::{View, create_view, partition_of};
use reqwest::header::HeaderMap;
use reqwest::{Method, StatusCode};
use serde_json::Value;
use service_kit::{AuthSettings, Authenticator, Vars};
use sqlx::PgPool;

use test_kit::{TestDatabase, database};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::rows::write_events;
pub(crate) use crate::rows::{Event, Order, checkpoint, id_in, minute};

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
    async fn read(response: reqwest::Response) -> Self {
        Self {
            status: response.status(),
            headers: response.headers().clone(),
            text: response.text().await.unwrap(),
        }
    }

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
            create_view(&mut transaction, *view, PARTITIONS)
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
        let token = token(&vars, "orders:read audit:read ops").await;
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
        Answer::read(self.request(method, path, headers).send().await.unwrap()).await
    }

    /// Posts a body, with a good token.
    pub(crate) async fn post_body(&self, path: &str, body: &'static str) -> Answer {
        let request = self.request(Method::POST, path, &[]).body(body);
        Answer::read(request.send().await.unwrap()).await
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

/// The partition of the order with this id, as it is stored.
pub(crate) fn partition_of_id(order_id: &str) -> i16 {
    i16::try_from(partition_of(order_id, PARTITIONS)).unwrap()
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
