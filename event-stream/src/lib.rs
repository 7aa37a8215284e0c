//! The stream in NATS `JetStream`: subjects, messages, the relay that fills it, the reader that drains it.
//!
//! `PostgreSQL` is the truth; the stream is transport and wake-up. Everything here is right whatever the broker
//! loses, repeats or reorders: each message names its position in the log and the position before it in its
//! partition, so that a reader sees what is missing and takes it from the log.
//!
//! - [`connect`]: the client as all of us use it,
//! - [`StreamSettings`] and [`ensure_stream`]: the stream, set up and compared with what was asked for,
//! - [`Message`]: an event as a `CloudEvents` 1.0 message, there and back,
//! - [`Relay`]: from the log into the stream, by one leader,
//! - [`PartitionReader`]: out of the stream, one partition at a time,
//! - [`Frontier`]: how far the log reached, partition by partition, told to whoever keeps views.

mod connection;
mod frontier;
mod message;
mod reader;
mod relay;
mod settings;
mod stream;
mod subject;

pub use connection::{ConnectionError, connect, jittered};
pub use frontier::{Frontier, FrontierSubscription};
pub use message::{Message, Outgoing, PublishedFrom};
pub use reader::{PartitionReader, ReaderError, Received};
pub use relay::{Relay, RelayError, RelaySettings, RelayState, RelayStatus};
pub use settings::{DEFAULT_PARTITIONS, StreamSettings};
pub use stream::{StreamError, ensure_stream};

/// The client's types, so that a service needs no dependency of its own to hand a connection on.
pub use async_nats::{
    Client, connection::State as ConnectionState, jetstream::Context as JetStream,
};
