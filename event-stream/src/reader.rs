//! Out of the stream, one partition at a time: an ephemeral pull consumer without acknowledgements.
//!
//! What was delivered is remembered by nobody but the views' checkpoint, so there is nothing to acknowledge, and a
//! consumer that is lost is made anew. Pulls are short and sent by hand: the client's own endless pulls wait for
//! heartbeats that can go missing, and its ordered consumers stall for over a minute after a broker's restart.

use std::time::Duration;

use async_nats::jetstream::consumer::pull::{BatchConfig, Config};
use async_nats::jetstream::consumer::{AckPolicy, Consumer, DeliverPolicy, ReplayPolicy};
use async_nats::jetstream::context::ContextBuilder;
use async_nats::jetstream::stream::ConsumerError;
use async_nats::jetstream::{self, Context};
use async_nats::{Client, StatusCode, Subject, Subscriber};
use futures::{FutureExt as _, StreamExt as _};
use tokio::time::Instant;
use uuid::Uuid;

use crate::message::Message;
use crate::stream::{StreamError, find_stream};
use crate::{StreamSettings, subject};

/// Messages asked for at once.
const PULL: usize = 1_000;

/// Bytes asked for at once, at least; a single message may be as large as the broker allows.
const PULL_BYTES: usize = 16 * 1024 * 1024;

/// How long the broker keeps a pull open.
const PULL_EXPIRES: Duration = Duration::from_secs(3);

/// After so long the next one is sent, while this one is still open. That it ended the broker does not always tell: NATS 2.9 drops it without
/// a word if it finds out while it looks for whom to give a message.
const PULL_AGAIN: Duration = Duration::from_secs(2);

/// How long the broker may take to tell about the stream or to make a consumer.
const ANSWER: Duration = Duration::from_secs(2);

/// The broker removes a consumer that nobody pulled from for so long.
const CONSUMER_FORGOTTEN: Duration = Duration::from_secs(60);

/// Why a partition cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum ReaderError {
    /// The broker has no such stream.
    #[error("the broker has no stream {0}")]
    NoStream(String),
    /// The broker did not tell about the stream.
    #[error(transparent)]
    Stream(#[from] StreamError),
    /// The broker made no consumer.
    #[error("the broker made no consumer")]
    Consumer(#[from] ConsumerError),
    /// The broker took no subscription.
    #[error("the broker's client took no subscription")]
    Subscription(#[from] async_nats::SubscribeError),
    /// The pull could not be sent.
    #[error("the broker's client took no request for messages")]
    Pull(#[from] jetstream::consumer::pull::BatchRequestError),
    /// The broker ended the consumer.
    #[error("the broker ended the consumer: {0}")]
    Ended(String),
}

/// One message of ours.
#[derive(Debug, Clone, PartialEq)]
pub struct Received {
    /// Its sequence in the stream.
    pub stream_sequence: u64,
    /// What it says.
    pub message: Message,
}

/// Reads one partition's messages from a place in the stream on.
#[derive(Debug)]
pub struct PartitionReader {
    jetstream: Context,
    consumer: Consumer<Config>,
    subscriber: Subscriber,
    inbox: Subject,
    log: Uuid,
    partition: u16,
    partitions: u16,
    max_bytes: usize,
    last_sequence: u64,
    /// Messages that the last pull may still bring, and when the next one is due.
    open: Option<(usize, Instant)>,
}

impl PartitionReader {
    /// Reads on after stream sequence `after`, or, without one, whatever is published from now on.
    ///
    /// An `after` beyond the stream's end belongs to a stream that is gone, and counts as none: a broker would take
    /// it and stay silent until the new stream had grown as far.
    pub async fn open(
        client: &Client,
        settings: &StreamSettings,
        log: Uuid,
        partition: u16,
        after: Option<u64>,
    ) -> Result<Self, ReaderError> {
        let jetstream = ContextBuilder::new().timeout(ANSWER).build(client.clone());
        let stream = find_stream(&jetstream, &settings.name)
            .await?
            .ok_or_else(|| ReaderError::NoStream(settings.name.clone()))?;
        let end = stream.cached_info().state.last_sequence;
        let last_sequence = after.filter(|after| *after <= end).unwrap_or(end);

        let inbox = Subject::from(client.new_inbox());
        let subscriber = client.subscribe(inbox.clone()).await?;
        let consumer = stream
            .create_consumer(Config {
                description: Some(format!("projector, partition {partition}")),
                deliver_policy: DeliverPolicy::ByStartSequence {
                    start_sequence: last_sequence + 1,
                },
                ack_policy: AckPolicy::None,
                replay_policy: ReplayPolicy::Instant,
                filter_subject: subject::of_partition(&settings.subject_prefix, partition),
                inactive_threshold: CONSUMER_FORGOTTEN,
                memory_storage: true,
                num_replicas: 1,
                ..Config::default()
            })
            .await?;
        let max_bytes = PULL_BYTES.max(2 * client.max_payload());
        Ok(Self {
            jetstream,
            consumer,
            subscriber,
            inbox,
            log,
            partition,
            partitions: settings.partitions,
            max_bytes,
            last_sequence,
            open: None,
        })
    }

    /// The stream sequence up to which this reader has read.
    pub fn last_sequence(&self) -> u64 {
        self.last_sequence
    }

    /// Waits at most `patience` for a message and returns it with those that have arrived behind it, at most `limit`;
    /// nothing if none came. What is not ours is stepped over. Nothing is lost when the returned future is dropped.
    pub async fn next(
        &mut self,
        limit: usize,
        patience: Duration,
    ) -> Result<Vec<Received>, ReaderError> {
        let until = Instant::now() + patience;
        let mut received = Vec::new();
        while received.is_empty() {
            let due = self.pull().await?;
            let Ok(arrived) = tokio::time::timeout_at(until.min(due), self.subscriber.next()).await
            else {
                if Instant::now() >= until {
                    return Ok(received);
                }
                continue;
            };
            self.take(arrived, &mut received)?;
            self.arrived(limit, &mut received)?;
        }
        Ok(received)
    }

    /// Adds the messages that have arrived, until there are `limit`. Nothing is waited for.
    pub fn arrived(
        &mut self,
        limit: usize,
        received: &mut Vec<Received>,
    ) -> Result<(), ReaderError> {
        while received.len() < limit {
            let Some(arrived) = self.subscriber.next().now_or_never() else {
                break;
            };
            self.take(arrived, received)?;
        }
        Ok(())
    }

    /// Takes the consumer away from the broker. One that is merely dropped is forgotten within a minute.
    pub async fn close(self) {
        let consumer = self.consumer.cached_info();
        // It is forgotten anyway.
        let _ = self
            .jetstream
            .delete_consumer_from_stream(&consumer.name, &consumer.stream_name)
            .await;
    }

    /// Makes sure that a pull is open, and says when the next one is due.
    async fn pull(&mut self) -> Result<Instant, ReaderError> {
        if let Some((_, due)) = self.open
            && Instant::now() < due
        {
            return Ok(due);
        }
        let batch = BatchConfig {
            batch: PULL,
            max_bytes: self.max_bytes,
            expires: Some(PULL_EXPIRES),
            ..BatchConfig::default()
        };
        self.consumer
            .request_batch(batch, self.inbox.clone())
            .await?;
        let due = Instant::now() + PULL_AGAIN;
        self.open = Some((PULL, due));
        Ok(due)
    }

    fn take(
        &mut self,
        arrived: Option<async_nats::Message>,
        received: &mut Vec<Received>,
    ) -> Result<(), ReaderError> {
        let Some(message) = arrived else {
            return Err(ReaderError::Ended("the connection is closed".to_owned()));
        };
        match message.status.unwrap_or(StatusCode::OK) {
            StatusCode::OK => {
                self.open = self
                    .open
                    .and_then(|(left, due)| Some((left.checked_sub(1)?, due)));
                self.open = self.open.filter(|(left, _)| *left > 0);
                received.extend(self.read(message));
                Ok(())
            }
            // An earlier pull has ended. The last one is open.
            StatusCode::IDLE_HEARTBEAT | StatusCode::TIMEOUT | StatusCode::NOT_FOUND => Ok(()),
            status => {
                let description = message.description.unwrap_or_default();
                // A pull that is full by bytes, or of which the broker had too many, is over; so is the consumer else.
                if description.starts_with("Batch Completed")
                    || description.starts_with("Exceeded Max")
                {
                    self.open = None;
                    return Ok(());
                }
                Err(ReaderError::Ended(format!("{status} {description}")))
            }
        }
    }

    /// What a message says, if it is one of ours; where it stood in the stream is noted in any case.
    fn read(&mut self, message: async_nats::Message) -> Option<Received> {
        let message = jetstream::Message {
            message,
            context: self.jetstream.clone(),
        };
        let stream_sequence = message.info().ok()?.stream_sequence;
        self.last_sequence = stream_sequence;
        let decoded = Message::decode(message.headers.as_ref()?, &message.payload, self.log)?;
        // A relay that counts partitions otherwise: taken for one of this partition, it would lead its reader astray.
        if subject::partition_of(decoded.slot, self.partitions) != self.partition {
            return None;
        }
        Some(Received {
            stream_sequence,
            message: decoded,
        })
    }
}
