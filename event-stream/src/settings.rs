//! What can be chosen about the stream.

use std::time::Duration;

/// Partitions of a new platform: how many projectors can share the work, at most.
pub const DEFAULT_PARTITIONS: u16 = 16;

/// The stream's name, subjects, limits and partitions. The relay and every reader need the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StreamSettings {
    /// The stream's name at the broker.
    pub name: String,
    /// What its subjects begin with; partition, aggregate type and event type follow.
    pub subject_prefix: String,
    /// Core-NATS subject of [`Frontier`](crate::Frontier) messages.
    pub frontier_subject: String,
    /// Core-NATS subject of wake-up messages from writers to the relay.
    pub wake_subject: String,
    /// Bytes kept at most, oldest messages go first. Never unlimited.
    pub max_bytes: i64,
    /// How long a message is kept at most. Never unlimited.
    pub max_age: Duration,
    /// Copies of each message in a cluster of brokers (1 to 5).
    pub replicas: usize,
    /// Number of partitions: a power of two, 1 to 256.
    pub partitions: u16,
}

impl Default for StreamSettings {
    /// `ORDERS` on `orders.v1.>`, 1 GiB, 7 days, one copy, 16 partitions.
    fn default() -> Self {
        Self {
            name: "ORDERS".to_owned(),
            subject_prefix: "orders.v1".to_owned(),
            frontier_subject: "orders.frontier".to_owned(),
            wake_subject: "orders.wake".to_owned(),
            max_bytes: 1 << 30,
            max_age: Duration::from_secs(7 * 24 * 60 * 60),
            replicas: 1,
            partitions: DEFAULT_PARTITIONS,
        }
    }
}
