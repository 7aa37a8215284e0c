//! A command API of its own for one test, its database, and a caller.

use std::time::Duration;

use command_api::{Config, Service};
use reqwest::{Method, RequestBuilder, StatusCode};
use serde_json::{Value, json};
use service_kit::{AuthSettings, Authenticator, Vars};
use sqlx::Connection as _;
use test_kit::{Answered, TestDatabase, eventually};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// What tokens are signed with.
pub(crate) const SECRET: &str = "a secret for tests, 32 bytes long";

/// All that a caller may be allowed to do here.
pub(crate) const ALL: &str = "orders:write payments:write";

/// How long anything may take that a test waits for.
pub(crate) const DEADLINE: Duration = Duration::from_secs(20);

/// A database with the log's schema, and the services that run on it.
pub(crate) struct Log {
    pub(crate) database: TestDatabase,
    pub(crate) pool: sqlx::PgPool,
}

impl Log {
    pub(crate) async fn new() -> Self {
        let database = test_kit::database().await;
        let pool = database.pool(4).await;
        event_store::migrate(&pool).await.unwrap();
        Log { database, pool }
    }

    /// What every service on this log is configured with. Nobody listens at the broker's address:
    /// commands are taken without it.
    pub(crate) fn vars(&self) -> Vars {
        Vars::from_map([
            ("COMMAND_API_ADDR", "127.0.0.1:0"),
            ("EVENT_STORE_URL", &self.database.url),
            // A throw-away server may be one that would not survive a crash.
            ("EVENT_STORE_DURABILITY", "relaxed"),
            ("NATS_URL", "nats://127.0.0.1:9"),
            ("QUERY_API_PUBLIC_URL", "http://query.example"),
            ("AUTH_HS256_SECRET", SECRET),
        ])
    }

    /// Holds the lock that every append takes, until it is released.
    pub(crate) async fn hold(&self) -> Held {
        let mut transaction = self.pool.begin().await.unwrap();
        let lock = "select pg_advisory_xact_lock(1702260340, 1)";
        sqlx::query(lock).execute(&mut *transaction).await.unwrap();
        Held { transaction }
    }

    /// Waits until an append waits for the lock.
    pub(crate) async fn somebody_waits_for_the_lock(&self) {
        self.waiting_for_the_lock(1).await;
    }

    /// Waits until so many appends, each of a process of its own, wait for the lock.
    pub(crate) async fn waiting_for_the_lock(&self, appends: i64) {
        let count = "select count(*) from pg_locks l join pg_database d on d.oid = l.database \
            where d.datname = current_database() and l.locktype = 'advisory' and not l.granted";
        eventually("appends that wait for the lock", DEADLINE, async || {
            let waiting: i64 = sqlx::query_scalar(count)
                .fetch_one(&self.pool)
                .await
                .unwrap();
            (waiting >= appends).then_some(())
        })
        .await;
    }

    /// Takes the database away: nobody is connected, and nobody can connect.
    pub(crate) async fn take_away(&self) {
        let name = &self.database.name;
        self.as_operator(&format!(
            "alter database \"{name}\" allow_connections false"
        ))
        .await;
        let terminate = format!(
            "select pg_terminate_backend(pid) from pg_stat_activity where datname = '{name}'"
        );
        self.as_operator(&terminate).await;
    }

    /// Brings it back.
    pub(crate) async fn bring_back(&self) {
        let name = &self.database.name;
        self.as_operator(&format!("alter database \"{name}\" allow_connections true"))
            .await;
    }

    async fn as_operator(&self, statement: &str) {
        let url = std::env::var("TEST_POSTGRES_URL").unwrap();
        let mut server = sqlx::PgConnection::connect(&url).await.unwrap();
        sqlx::raw_sql(statement).execute(&mut server).await.unwrap();
        server.close().await.unwrap();
    }

    /// How many events there are.
    pub(crate) async fn events(&self) -> i64 {
        sqlx::query_scalar("select count(*) from event")
            .fetch_one(&self.pool)
            .await
            .unwrap()
    }

    /// How many keys are recorded.
    pub(crate) async fn keys(&self) -> i64 {
        let count = "select count(*) from idempotency_key";
        sqlx::query_scalar(count)
            .fetch_one(&self.pool)
            .await
            .unwrap()
    }
}

/// The lock that every append takes, held by somebody else.
pub(crate) struct Held {
    transaction: sqlx::Transaction<'static, sqlx::Postgres>,
}

impl Held {
    pub(crate) async fn release(self) {
        self.transaction.rollback().await.unwrap();
    }
}

/// A running command API.
pub(crate) struct Api {
    pub(crate) url: String,
    pub(crate) http: reqwest::Client,
    pub(crate) token: String,
    pub(crate) shutdown: CancellationToken,
    pub(crate) running: JoinHandle<()>,
}

impl Api {
    /// Starts one with its own log.
    pub(crate) async fn with_log() -> (Self, Log) {
        let log = Log::new().await;
        (Self::start(log.vars()).await, log)
    }

    /// Starts one.
    pub(crate) async fn start(vars: Vars) -> Self {
        // The first caller installs it; a later one finds it installed.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let service = Service::build(Config::from_vars(&vars).unwrap())
            .await
            .unwrap();
        let url = format!("http://{}", service.local_addr());
        let shutdown = CancellationToken::new();
        let running = tokio::spawn(service.run(shutdown.clone()));
        let http = reqwest::Client::builder()
            .timeout(Duration::from_secs(60))
            .build()
            .unwrap();
        Api {
            url,
            http,
            token: token("alice", ALL).await,
            shutdown,
            running,
        }
    }

    /// Stops it, and waits until it has.
    pub(crate) async fn stop(self) {
        self.shutdown.cancel();
        self.running.await.unwrap();
    }

    /// A request without a body, with this caller's token.
    pub(crate) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.http
            .request(method, format!("{}{path}", self.url))
            .bearer_auth(&self.token)
    }

    /// A request with a JSON body and a key of its own.
    pub(crate) fn post(&self, path: &str, body: &Value) -> RequestBuilder {
        self.keyed(path, &new_key(), body)
    }

    /// A request with a JSON body and this key.
    pub(crate) fn keyed(&self, path: &str, key: &str, body: &Value) -> RequestBuilder {
        self.request(Method::POST, path)
            .header("idempotency-key", key)
            .json(body)
    }

    /// Carries out a command that must succeed; its answer's body.
    pub(crate) async fn done(&self, path: &str, body: &Value) -> Value {
        let answer = answer(self.post(path, body)).await;
        assert!(answer.status.is_success(), "{path}: {answer:?}");
        answer.body
    }

    /// Places an order of this id: 10 units of line `1`, 1000 each, untaxed.
    pub(crate) async fn place(&self, order_id: &str) -> Value {
        self.done("/v1/orders", &order(order_id)).await
    }

    /// Sends an upload; the answer's lines.
    pub(crate) async fn bulk(&self, lines: &[Value]) -> Vec<Value> {
        self.bulk_text(upload(lines)).await
    }

    /// Sends an upload as it is; the answer's lines.
    pub(crate) async fn bulk_text(&self, text: impl Into<reqwest::Body>) -> Vec<Value> {
        let request = self
            .request(Method::POST, "/v1/bulk")
            .header("content-type", "application/x-ndjson")
            .body(text);
        let response = request.send().await.unwrap();
        assert_eq!(response.status(), StatusCode::OK);
        assert_eq!(response.headers()["content-type"], "application/x-ndjson");
        let text = response.text().await.unwrap();
        text.lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    }
}

/// An answer, read to its end.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: reqwest::header::HeaderMap,
    pub(crate) text: String,
    /// The text as JSON; null if it is none.
    pub(crate) body: Value,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    /// As its service's document is asked about it.
    pub(crate) fn answered(&self) -> Answered<'_> {
        let headers = self.headers.iter();
        Answered {
            status: self.status.as_u16(),
            headers: headers
                .map(|(name, value)| (name.as_str(), value.to_str().unwrap()))
                .collect(),
            body: &self.text,
        }
    }

    /// The name of the problem that this is.
    pub(crate) fn problem(&self) -> &str {
        let kind = self.body["type"].as_str().unwrap_or_default();
        kind.strip_prefix("https://order-platform.dev/problems/")
            .unwrap_or_default()
    }

    /// The pointers of its errors.
    pub(crate) fn pointers(&self) -> Vec<&str> {
        let errors = self.body["errors"]
            .as_array()
            .map(Vec::as_slice)
            .unwrap_or_default();
        errors
            .iter()
            .map(|error| error["pointer"].as_str().unwrap())
            .collect()
    }

    /// Asserts that this is a problem as the contract has them.
    #[track_caller]
    pub(crate) fn is_problem(&self, status: u16, name: &str) {
        assert_eq!(
            (self.status.as_u16(), self.problem()),
            (status, name),
            "{self:?}"
        );
        assert_eq!(
            self.header("content-type"),
            Some("application/problem+json")
        );
        assert_eq!(self.body["status"], status);
        for member in ["title", "instance", "correlation_id"] {
            assert!(self.body[member].is_string(), "{member}: {self:?}");
        }
        assert_eq!(
            self.header("retry-after").is_some(),
            status == 503 || name == "key-in-use"
        );
    }
}

/// Sends a request and reads its answer.
pub(crate) async fn answer(request: RequestBuilder) -> Answer {
    let response = request.send().await.unwrap();
    let (status, headers) = (response.status(), response.headers().clone());
    let text = response.text().await.unwrap();
    let body = serde_json::from_str(&text).unwrap_or(Value::Null);
    Answer {
        status,
        headers,
        text,
        body,
    }
}

/// A key that nobody used.
pub(crate) fn new_key() -> String {
    uuid::Uuid::new_v4().to_string()
}

/// A token of the issuer that the services trust.
pub(crate) async fn token(subject: &str, scope: &str) -> String {
    let vars = Vars::from_map([("AUTH_HS256_SECRET", SECRET)]);
    let settings = AuthSettings::from_vars(&vars).unwrap();
    let authenticator = Authenticator::from_settings(settings).await.unwrap();
    authenticator
        .issue_hs256(subject, scope, Duration::from_secs(600))
        .unwrap()
}

/// An order of 10 units of line `1`, 1000 each, untaxed.
pub(crate) fn order(order_id: &str) -> Value {
    json!({
        "order_id": order_id,
        "currency": "EUR",
        "customer": {"customer_id": "c-1"},
        "lines": [
            {"line_id": "1", "sku": "SKU-1", "name": "Pen", "quantity": 10, "unit_price": 1000},
        ],
        "shipping_address": address(),
    })
}

pub(crate) fn address() -> Value {
    json!({"name": "Ada", "line1": "1 Way", "city": "Berlin", "country": "DE"})
}

/// A line of an upload.
pub(crate) fn line(command: &str, order_id: Option<&str>, data: &Value) -> Value {
    json!({
        "command": command, "order_id": order_id, "idempotency_key": new_key(), "data": data,
    })
}

/// These lines as an upload.
pub(crate) fn upload(lines: &[impl std::fmt::Display]) -> String {
    let mut text = String::new();
    for line in lines {
        text.push_str(&line.to_string());
        text.push('\n');
    }
    text
}
