//! The command API's configuration.

use std::net::SocketAddr;
use std::time::Duration;

use axum::http::{HeaderValue, Uri};
use event_stream::{DEFAULT_PARTITIONS, StreamSettings};
use service_kit::config::Reader;
use service_kit::{AuthSettings, ConfigError, RateLimit, Secret, Vars};

use crate::fitness::Durability;
use crate::orders::Limits;

/// The least and most time that a request may be given.
const DEADLINES: std::ops::RangeInclusive<u64> = 100..=300_000;

const HOUR: u64 = 60 * 60;

const MIB: usize = 1 << 20;

/// The longest time that keys may be kept, in hours.
const LONGEST_RETENTION: u64 = 10 * 365 * 24;

/// The longest time that the broker may be told to keep messages, in hours.
const LONGEST_AGE: u64 = 365 * 24;

/// The least that the broker must keep, in bytes: a few seconds of full load.
const LEAST_STREAM: i64 = 16 << 20;

/// What the command API needs to know.
#[derive(Debug, Clone)]
pub struct Config {
    /// `COMMAND_API_ADDR`: where to listen. Default `127.0.0.1:8081`.
    pub addr: SocketAddr,
    /// `EVENT_STORE_URL`: the event log's database. Required.
    pub event_store_url: Secret<String>,
    /// `EVENT_STORE_CONNECTIONS`: connections for reading the log. Default 10.
    pub event_store_connections: u32,
    /// `EVENT_STORE_DURABILITY`: `required` (the default), or `relaxed` for a log that is thrown away and may run without
    /// `fsync`, `full_page_writes` or `synchronous_commit`.
    pub durability: Durability,
    /// `NATS_URL`: the broker, which may hold credentials. Required.
    pub nats_url: Secret<String>,
    /// `QUERY_API_PUBLIC_URL`: where callers find the query API. Default `http://127.0.0.1:8082`.
    pub query_api_public_url: String,
    /// `AUTH_…`: which tokens are good.
    pub auth: AuthSettings,
    /// `RATE_LIMIT`: how many requests an actor may send, such as `100/s` or `6000/min,burst=500` ([`RateLimit`]); an
    /// upload is one. Default: as many as it likes.
    pub rate_limit: Option<RateLimit>,
    /// `REQUEST_DEADLINE_MS`: how long a command may take, in milliseconds. Default 10000.
    pub request_deadline: Duration,
    /// `SHUTDOWN_GRACE_MS`: how long a stopping service goes on with what it accepted, in
    /// milliseconds. Default 15000.
    pub shutdown_grace: Duration,
    /// `APPEND_QUEUE`: the most commands that wait for the log. Default 4096.
    pub append_queue: usize,
    /// `BULK_IN_FLIGHT`: the most lines of bulk uploads that are carried out at a time. Default 256.
    pub bulk_in_flight: usize,
    /// `ORDER_CACHE_ORDERS` and `ORDER_CACHE_MIB`: the most orders, and megabytes of them, that are kept in memory to be
    /// decided upon without loading them. Defaults 10000 and 64; 0 orders keeps none.
    pub(crate) order_cache: Limits,
    /// `SNAPSHOT_EVERY`: after so many events of an order a snapshot of it is written. Default 100.
    pub snapshot_every: u32,
    /// `IDEMPOTENCY_KEY_HOURS`: how long a key is kept at least. Default 168, a week.
    pub key_retention: Duration,
    /// The stream that the relay fills: `STREAM_NAME` (default `ORDERS`) and `PARTITIONS` (default
    /// 16, a power of two up to 256), the same for all services; `STREAM_MAX_BYTES` (default 1 GiB)
    /// and `STREAM_MAX_AGE_HOURS` (default 168), how much of it the broker keeps.
    pub stream: StreamSettings,
}

impl Config {
    /// Reads the variables; the error tells every mistake.
    pub fn from_vars(vars: &Vars) -> Result<Self, ConfigError> {
        let mut reader = vars.reader();
        let addr = reader.or("COMMAND_API_ADDR", SocketAddr::from(([127, 0, 0, 1], 8081)));
        let event_store_url = reader.secret(
            "EVENT_STORE_URL",
            "the URL of the event log's PostgreSQL database",
        );
        let event_store_connections = reader.or("EVENT_STORE_CONNECTIONS", 10);
        let durability = Durability::from_vars(&mut reader);
        let nats_url = reader.secret("NATS_URL", "the URL of the NATS server, nats://host:4222");
        let query_url = reader.or("QUERY_API_PUBLIC_URL", "http://127.0.0.1:8082".to_owned());
        if !is_base_url(&query_url) {
            reader.reject("QUERY_API_PUBLIC_URL", "must be an http or https URL");
        }
        let request_deadline = reader.or("REQUEST_DEADLINE_MS", 10_000);
        let shutdown_grace = reader.or("SHUTDOWN_GRACE_MS", 15_000);
        for (name, value) in [
            ("REQUEST_DEADLINE_MS", request_deadline),
            ("SHUTDOWN_GRACE_MS", shutdown_grace),
        ] {
            if !DEADLINES.contains(&value) {
                reader.reject(name, "must be from 100 to 300000");
            }
        }
        let append_queue = reader.or("APPEND_QUEUE", 4_096);
        let bulk_in_flight = reader.or("BULK_IN_FLIGHT", 256);
        for (name, value) in [
            ("APPEND_QUEUE", append_queue),
            ("BULK_IN_FLIGHT", bulk_in_flight),
        ] {
            if !(1..=65_536).contains(&value) {
                reader.reject(name, "must be from 1 to 65536");
            }
        }
        if event_store_connections == 0 {
            reader.reject("EVENT_STORE_CONNECTIONS", "must be at least 1");
        }
        let order_cache = order_cache(&mut reader);
        let snapshot_every = reader.or("SNAPSHOT_EVERY", 100);
        if snapshot_every == 0 {
            reader.reject("SNAPSHOT_EVERY", "must be at least 1");
        }
        let key_hours = reader.or("IDEMPOTENCY_KEY_HOURS", 7 * 24);
        if !(1..=LONGEST_RETENTION).contains(&key_hours) {
            reader.reject("IDEMPOTENCY_KEY_HOURS", "must be from 1 to 87600");
        }
        let stream = stream(&mut reader);
        let rate_limit = reader.optional("RATE_LIMIT");
        let auth = reader.part(AuthSettings::from_vars(vars));
        reader.finish_with(auth.map(|auth| Self {
            addr,
            event_store_url,
            event_store_connections,
            durability,
            nats_url,
            query_api_public_url: query_url.trim_end_matches('/').to_owned(),
            auth,
            rate_limit,
            request_deadline: Duration::from_millis(request_deadline),
            shutdown_grace: Duration::from_millis(shutdown_grace),
            append_queue,
            bulk_in_flight,
            order_cache,
            snapshot_every,
            key_retention: Duration::from_secs(key_hours.min(LONGEST_RETENTION) * HOUR),
            stream,
        }))
    }
}

fn order_cache(reader: &mut Reader<'_>) -> Limits {
    let orders = reader.or("ORDER_CACHE_ORDERS", 10_000);
    let mib = reader.or("ORDER_CACHE_MIB", 64_usize);
    if !(1..=65_536).contains(&mib) {
        reader.reject("ORDER_CACHE_MIB", "must be from 1 to 65536");
    }
    Limits {
        orders,
        bytes: mib.saturating_mul(MIB),
    }
}

fn stream(reader: &mut Reader<'_>) -> StreamSettings {
    let mut stream = StreamSettings::default();
    stream.name = reader.or("STREAM_NAME", stream.name);
    stream.partitions = reader.or("PARTITIONS", DEFAULT_PARTITIONS);
    if !stream.partitions.is_power_of_two() || stream.partitions > 256 {
        reader.reject("PARTITIONS", "must be a power of two, at most 256");
    }
    stream.max_bytes = reader.or("STREAM_MAX_BYTES", stream.max_bytes);
    if stream.max_bytes < LEAST_STREAM {
        reader.reject("STREAM_MAX_BYTES", "must be at least 16777216");
    }
    let hours = reader.or("STREAM_MAX_AGE_HOURS", stream.max_age.as_secs() / HOUR);
    if !(1..=LONGEST_AGE).contains(&hours) {
        reader.reject("STREAM_MAX_AGE_HOURS", "must be from 1 to 8760");
    }
    stream.max_age = Duration::from_secs(hours.min(LONGEST_AGE) * HOUR);
    stream
}

/// Whether this can stand before a path in a `Location`.
fn is_base_url(text: &str) -> bool {
    let uri = text.parse::<Uri>().ok();
    HeaderValue::from_str(text).is_ok()
        && uri.is_some_and(|uri| {
            matches!(uri.scheme_str(), Some("http" | "https"))
                && uri.host().is_some_and(|host| !host.is_empty())
                && uri.query().is_none()
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn least() -> Vars {
        Vars::from_map([
            ("EVENT_STORE_URL", "postgres://localhost/log"),
            ("NATS_URL", "nats://127.0.0.1:4222"),
            ("AUTH_HS256_SECRET", "0123456789abcdef0123456789abcdef"),
        ])
    }

    #[test]
    fn databases_broker_and_keys_are_enough() {
        let config = Config::from_vars(&least()).unwrap();
        assert_eq!(config.addr.to_string(), "127.0.0.1:8081");
        assert_eq!(config.query_api_public_url, "http://127.0.0.1:8082");
        assert_eq!(config.request_deadline, Duration::from_secs(10));
        assert_eq!(config.stream.partitions, 16);
    }

    #[test]
    fn without_them_the_start_fails_and_names_all() {
        let error = Config::from_vars(&Vars::default()).unwrap_err().to_string();
        for name in ["EVENT_STORE_URL", "NATS_URL", "AUTH_HS256_SECRET"] {
            assert!(error.contains(name), "{error}");
        }
    }

    #[test]
    fn values_out_of_range_are_refused() {
        for (name, value) in [
            ("COMMAND_API_ADDR", "nowhere"),
            ("QUERY_API_PUBLIC_URL", "ftp://x"),
            ("QUERY_API_PUBLIC_URL", "orders"),
            ("REQUEST_DEADLINE_MS", "0"),
            ("SHUTDOWN_GRACE_MS", "-1"),
            ("APPEND_QUEUE", "0"),
            ("BULK_IN_FLIGHT", "0"),
            ("EVENT_STORE_CONNECTIONS", "0"),
            ("EVENT_STORE_DURABILITY", "off"),
            ("ORDER_CACHE_ORDERS", "-1"),
            ("ORDER_CACHE_MIB", "0"),
            ("SNAPSHOT_EVERY", "0"),
            ("IDEMPOTENCY_KEY_HOURS", "0"),
            ("PARTITIONS", "12"),
            ("PARTITIONS", "0"),
            ("RATE_LIMIT", "lots"),
            ("STREAM_MAX_BYTES", "-1"),
            ("STREAM_MAX_AGE_HOURS", "0"),
        ] {
            let error = Config::from_vars(&least().with(name, value))
                .unwrap_err()
                .to_string();
            assert!(error.contains(name), "{name}={value}: {error}");
        }
    }

    #[test]
    fn what_the_broker_keeps_can_be_chosen() {
        let vars = least()
            .with("STREAM_MAX_BYTES", "33554432")
            .with("STREAM_MAX_AGE_HOURS", "2");
        let stream = Config::from_vars(&vars).unwrap().stream;
        assert_eq!(
            (stream.max_bytes, stream.max_age),
            (32 << 20, Duration::from_secs(7_200))
        );
    }

    #[test]
    fn a_slash_at_the_end_of_the_public_url_is_dropped() {
        let vars = least().with("QUERY_API_PUBLIC_URL", "https://orders.example/");
        assert_eq!(
            Config::from_vars(&vars).unwrap().query_api_public_url,
            "https://orders.example"
        );
    }
}
