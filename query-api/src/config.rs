//! What the query API reads from its environment.

use std::net::SocketAddr;

use service_kit::{AuthSettings, ConfigError, RateLimit, Vars};
use sqlx::postgres::PgConnectOptions;

/// Where the query API listens unless told otherwise.
const DEFAULT_ADDRESS: SocketAddr =
    SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 8082);

/// The configuration of a [`crate::Service`].
#[derive(Debug, Clone)]
pub struct Config {
    /// `QUERY_API_ADDR`: address and port to listen on. Default `127.0.0.1:8082`.
    pub address: SocketAddr,
    /// `READ_MODEL_URL`: the views' database, `postgres://user:password@host:port/database`. Needed.
    pub read_model: PgConnectOptions,
    /// `READ_MODEL_CONNECTIONS`: how many connections to it at most, besides two for single orders and two for what operators ask for.
    /// Default: two a processor and one more, as if the database had as many as this machine. More statements at a time are not
    /// answered sooner, and the long ones much later.
    pub connections: u32,
    /// `AUTH_…`: which tokens are good. Needed.
    pub auth: AuthSettings,
    /// `RATE_LIMIT`: how many requests an actor may send, such as `100/s` or `6000/min,burst=500` ([`RateLimit`]).
    /// Default: as many as it likes.
    pub rate_limit: Option<RateLimit>,
}

impl Config {
    /// Reads the variables named above; each mistake is told.
    pub fn from_vars(vars: &Vars) -> Result<Self, ConfigError> {
        let mut reader = vars.reader();
        let address = reader.or("QUERY_API_ADDR", DEFAULT_ADDRESS);
        let url = reader.secret(
            "READ_MODEL_URL",
            "the URL of the views' database: postgres://user:password@host:port/database",
        );
        let read_model = parse_url(url.expose());
        if read_model.is_none() && !url.expose().is_empty() {
            reader.reject(
                "READ_MODEL_URL",
                "must be postgres://user:password@host:port/database",
            );
        }
        let connections = reader.or("READ_MODEL_CONNECTIONS", default_connections());
        if connections == 0 {
            reader.reject("READ_MODEL_CONNECTIONS", "must be at least 1");
        }
        let rate_limit = reader.optional("RATE_LIMIT");
        let auth = reader.part(AuthSettings::from_vars(vars));
        let config = read_model.zip(auth).map(|(read_model, auth)| Self {
            address,
            read_model,
            connections,
            auth,
            rate_limit,
        });
        reader.finish_with(config)
    }
}

/// Where PostgreSQL's throughput has its knee when all is in memory, says its wiki ("Number Of Database Connections").
fn default_connections() -> u32 {
    let processors = std::thread::available_parallelism().map_or(1, usize::from);
    u32::try_from(2 * processors + 1).unwrap_or(u32::MAX)
}

/// The driver itself takes any scheme.
fn parse_url(url: &str) -> Option<PgConnectOptions> {
    ["postgres://", "postgresql://"]
        .iter()
        .any(|scheme| url.starts_with(scheme))
        .then(|| url.parse().ok())
        .flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_mistake_is_told_at_once_without_a_password() {
        let vars = Vars::from_map([
            ("QUERY_API_ADDR", "everywhere"),
            ("READ_MODEL_URL", "mysql://root:hunter2@db"),
            ("READ_MODEL_CONNECTIONS", "0"),
            ("RATE_LIMIT", "lots"),
        ]);
        let error = Config::from_vars(&vars).unwrap_err();
        assert_eq!(error.mistakes().len(), 5, "{error}");
        assert!(!error.to_string().contains("hunter2"), "{error}");
    }

    #[test]
    fn a_url_and_a_secret_are_enough() {
        let vars = Vars::from_map([
            ("READ_MODEL_URL", "postgres://reader@localhost/views"),
            ("AUTH_HS256_SECRET", "0123456789abcdef0123456789abcdef"),
        ]);
        let config = Config::from_vars(&vars).unwrap();
        assert_eq!(config.address, DEFAULT_ADDRESS);
        assert_eq!(config.connections, default_connections());
    }
}
