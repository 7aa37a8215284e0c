//! What can be configured about a projector.

use std::net::SocketAddr;
use std::time::Duration;

use event_stream::{DEFAULT_PARTITIONS, StreamSettings};
use service_kit::{ConfigError, Secret, Vars};

/// A projector's configuration.
#[derive(Debug, Clone)]
pub struct Config {
    /// `PROJECTOR_ADDR`: where health and metrics are served. Default: `127.0.0.1:8083`.
    pub addr: SocketAddr,
    /// `EVENT_STORE_URL`: the log. A role that reads is enough.
    pub event_store_url: Secret<String>,
    /// `READ_MODEL_URL`: the views. The role must own them.
    pub read_model_url: Secret<String>,
    /// `NATS_URL`: the broker.
    pub nats_url: Secret<String>,
    /// `READ_MODEL_CONNECTIONS`: partitions with many events that write at a time; those with few write together. Default: as many as
    /// there are processors, at least two.
    pub connections: u32,
    /// `GENERATION_KEPT_SECONDS`: how long a generation of a view that is live no more is kept, so that an operator can go back to
    /// it. Default: 900.
    pub generation_kept: Duration,
    /// `STREAM_NAME` (default `ORDERS`) and `PARTITIONS` (default 16, a power of two up to 256): as the relay has them.
    pub stream: StreamSettings,
}

impl Config {
    /// Reads the variables; all mistakes are told at once.
    pub fn from_vars(vars: &Vars) -> Result<Self, ConfigError> {
        let mut reader = vars.reader();
        let mut stream = StreamSettings::default();
        stream.name = reader.or("STREAM_NAME", stream.name);
        stream.partitions = reader.or("PARTITIONS", DEFAULT_PARTITIONS);
        if !stream.partitions.is_power_of_two() || stream.partitions > 256 {
            reader.reject("PARTITIONS", "must be a power of two, at most 256");
        }
        let connections = reader.or("READ_MODEL_CONNECTIONS", default_connections());
        if connections == 0 {
            reader.reject("READ_MODEL_CONNECTIONS", "must be at least 1");
        }
        let config = Self {
            addr: reader.or("PROJECTOR_ADDR", SocketAddr::from(([127, 0, 0, 1], 8083))),
            event_store_url: reader.secret("EVENT_STORE_URL", "the URL of the log's database"),
            read_model_url: reader.secret("READ_MODEL_URL", "the URL of the views' database"),
            nats_url: reader.secret("NATS_URL", "the URL of the NATS server"),
            connections,
            generation_kept: Duration::from_secs(reader.or("GENERATION_KEPT_SECONDS", 900)),
            stream,
        };
        reader.finish(config)
    }
}

/// Enough for all processors, of which one folds while another writes.
fn default_connections() -> u32 {
    let processors = std::thread::available_parallelism().map_or(1, usize::from);
    u32::try_from(processors).unwrap_or(u32::MAX).max(2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_mistake_is_told() {
        let vars = Vars::from_map([
            ("PARTITIONS", "12"),
            ("PROJECTOR_ADDR", "here"),
            ("READ_MODEL_CONNECTIONS", "0"),
        ]);
        assert_eq!(Config::from_vars(&vars).unwrap_err().mistakes().len(), 6);
    }

    #[test]
    fn the_defaults_are_those_of_the_documentation() {
        let urls = ["EVENT_STORE_URL", "READ_MODEL_URL", "NATS_URL"].map(|name| (name, "x"));
        let config = Config::from_vars(&Vars::from_map(urls)).unwrap();
        assert_eq!(config.addr.to_string(), "127.0.0.1:8083");
        assert_eq!(
            (config.stream.name.as_str(), config.stream.partitions),
            ("ORDERS", 16)
        );
    }
}
