//! One run of publishing: find where the stream is, go on from there, until something fails.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::pin::pin;
use std::time::Duration;

use async_nats::connection::State;
use async_nats::jetstream::Context;
use async_nats::jetstream::context::{ContextBuilder, PublishError, PublishErrorKind};
use async_nats::jetstream::message::PublishMessage;
use async_nats::jetstream::publish::PublishAck;
use event_store::{Cursor, Reader, StoredEvent, relay_row};
use futures::future::BoxFuture;
use futures::{FutureExt as _, TryStreamExt as _};
use tokio::time::Instant;

use super::healing::Place;
use super::wake::Wake;
use super::{Relay, RelayError};
use crate::message::{Message, PublishedFrom};
use crate::stream::prepare;
use crate::{Frontier, subject};

/// Events read from the log at once.
const PAGE: usize = 500;

/// Bytes of data that may be unacknowledged at a time: all of them are in memory.
const WINDOW_BYTES: usize = 32 * 1024 * 1024;

/// The relay's row is written at most this often.
const SAVE_EVERY: Duration = Duration::from_secs(1);

/// While it is behind, the relay tells a frontier at most this often.
const FRONTIER_EVERY: Duration = Duration::from_millis(50);

/// How long a new client may take to reach the broker before that is told.
const FIRST_CONNECTION: Duration = Duration::from_secs(2);

/// One run: what was published and what was acknowledged of it.
struct Run {
    jetstream: Context,
    from: PublishedFrom,
    /// The last event that was published.
    published: Cursor,
    /// Each partition's last event up to `published`: with no gap in positions and none out of order, this is what
    /// one statement on the log of that moment would say.
    last: Vec<i64>,
    /// The stream's last sequence, once all that was published is stored.
    expected: u64,
    unacknowledged: VecDeque<Unacknowledged>,
    unacknowledged_bytes: usize,
    /// The last event that is known to be stored, that is told as such, and that stands in the relay's row.
    stored: Cursor,
    reported: Cursor,
    saved: Cursor,
    saved_at: Instant,
    frontier_at: Option<Instant>,
    /// Whether the log may have more than was published.
    behind: bool,
}

/// A message whose acknowledgement is awaited.
struct Unacknowledged {
    answer: BoxFuture<'static, Result<PublishAck, PublishError>>,
    event: Cursor,
    sequence: u64,
    bytes: usize,
}

impl Relay {
    /// Publishes until something fails.
    pub(super) async fn publish(&self, wake: &mut Wake) -> Result<Infallible, RelayError> {
        let mut run = self.start().await?;
        let mut reader = self.store.reader().await?;
        wake.listen(&self.client, &self.settings.stream).await;
        loop {
            if run.behind && run.unacknowledged.len() + self.page() <= self.settings.window {
                self.publish_page(&mut run, &mut reader).await?;
            } else {
                tokio::select! {
                    biased;
                    answer = oldest(&mut run.unacknowledged), if !run.unacknowledged.is_empty() => {
                        run.take_answer(answer)?;
                    }
                    () = wake.wait(), if !run.behind => run.behind = true,
                }
            }
            run.take_answers()?;
            self.report(&mut run).await?;
        }
    }

    /// Finds the stream's end and the event to go on after, with a new context, so that no answer to an earlier run counts.
    async fn start(&self) -> Result<Run, RelayError> {
        if !self.is_connected().await {
            return Err(RelayError::BrokerAway);
        }
        let settings = &self.settings;
        let jetstream = ContextBuilder::new()
            .timeout(settings.ack_timeout)
            .ack_timeout(settings.ack_timeout)
            .max_ack_inflight(2 * settings.window)
            .build(self.client.clone());
        let identity = self.store.identity().await?;
        let (stream, newest) = prepare(&jetstream, &settings.stream, identity.log_id).await?;
        let Place { after, log } = self.find_place(&stream, newest, identity).await?;
        let last = self
            .store
            .last_positions(settings.stream.partitions, after.position)
            .await?;
        self.board.starts_after(after.position);
        tracing::info!(
            log.position = after.position,
            log.incarnation = log.incarnation,
            stream.sequence = stream.cached_info().state.last_sequence,
            "the relay publishes on"
        );
        Ok(Run {
            jetstream,
            from: PublishedFrom {
                log: log.log_id,
                incarnation: log.incarnation,
                max_payload: self.client.max_payload(),
            },
            published: after,
            last,
            expected: stream.cached_info().state.last_sequence,
            unacknowledged: VecDeque::with_capacity(settings.window),
            unacknowledged_bytes: 0,
            stored: after,
            reported: after,
            saved: after,
            saved_at: Instant::now(),
            frontier_at: None,
            behind: true,
        })
    }

    /// Whether the broker is there. A client that was just made is still on its way to it, which is no failure yet.
    async fn is_connected(&self) -> bool {
        let given_up = Instant::now() + FIRST_CONNECTION;
        while self.client.connection_state() == State::Pending && Instant::now() < given_up {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        self.client.connection_state() == State::Connected
    }

    /// Events of a page: no more than may be unacknowledged.
    fn page(&self) -> usize {
        PAGE.min(self.settings.window)
    }

    /// Publishes the next events of the log, each as it arrives from there. The statement that brings them is open until the broker has
    /// taken them; should that last longer than a statement may, this run ends, and the next goes on from what the stream has.
    async fn publish_page(&self, run: &mut Run, reader: &mut Reader) -> Result<(), RelayError> {
        let limit = u32::try_from(self.page()).unwrap_or(u32::MAX);
        let mut events = pin!(reader.forward(run.published, limit));
        let mut published = 0;
        while let Some(event) = events.try_next().await? {
            self.publish_event(run, &event).await?;
            published += 1;
        }
        run.behind = published == self.page();
        if published == 0 {
            if run.unacknowledged.is_empty() {
                self.board.leading();
            }
            return Ok(());
        }
        let due = run
            .frontier_at
            .is_none_or(|told| told.elapsed() >= FRONTIER_EVERY);
        if due || !run.behind {
            run.frontier_at = Some(Instant::now());
            run.frontier()
                .publish(&self.client, &self.settings.stream)
                .await;
        }
        Ok(())
    }

    async fn publish_event(&self, run: &mut Run, event: &StoredEvent) -> Result<(), RelayError> {
        let settings = &self.settings.stream;
        let partition = subject::partition_of(event.slot, settings.partitions);
        let last = &mut run.last[usize::from(partition)];
        let outgoing = Message::encode(event, *last, run.from);
        *last = event.position;
        let bytes = outgoing.data.len();
        let subject = subject::of_event(
            &settings.subject_prefix,
            partition,
            &event.aggregate_type,
            &event.event_type,
        );
        let message = PublishMessage::build()
            .payload(outgoing.data)
            .headers(outgoing.headers)
            .expected_last_sequence(run.expected);
        while run.unacknowledged_bytes > WINDOW_BYTES {
            let answer = oldest(&mut run.unacknowledged).await;
            run.take_answer(answer)?;
        }
        let answer = run
            .jetstream
            .send_publish(subject, message)
            .await
            .map_err(not_stored)?;
        run.expected += 1;
        run.published = Cursor::at(event.position, event.event_id);
        run.unacknowledged.push_back(Unacknowledged {
            answer: answer.into_future().boxed(),
            event: run.published,
            sequence: run.expected,
            bytes,
        });
        run.unacknowledged_bytes += bytes;
        Ok(())
    }

    /// Tells what was stored, and writes it down at most once a second.
    async fn report(&self, run: &mut Run) -> Result<(), RelayError> {
        if run.reported != run.stored {
            self.board
                .acknowledged(run.reported.position, run.stored.position);
            run.reported = run.stored;
        }
        if run.saved != run.stored && run.saved_at.elapsed() >= SAVE_EVERY {
            relay_row::write(self.store.pool(), &self.settings.stream.name, run.stored).await?;
            run.saved = run.stored;
            run.saved_at = Instant::now();
        }
        Ok(())
    }
}

impl Run {
    /// Takes the answers that have arrived.
    fn take_answers(&mut self) -> Result<(), RelayError> {
        while let Some(oldest) = self.unacknowledged.front_mut() {
            let Some(answer) = (&mut oldest.answer).now_or_never() else {
                break;
            };
            self.take_answer(answer)?;
        }
        Ok(())
    }

    /// Takes the answer to the oldest message.
    fn take_answer(&mut self, answer: Result<PublishAck, PublishError>) -> Result<(), RelayError> {
        let stored = answer.map_err(not_stored)?.sequence;
        let Some(message) = self.unacknowledged.pop_front() else {
            return Ok(());
        };
        self.unacknowledged_bytes -= message.bytes;
        if stored != message.sequence {
            return Err(RelayError::Misplaced {
                stored,
                expected: message.sequence,
            });
        }
        self.stored = message.event;
        Ok(())
    }

    fn frontier(&self) -> Frontier {
        Frontier {
            log: self.from.log,
            incarnation: self.from.incarnation,
            position: self.published.position,
            last: self.last.clone(),
        }
    }
}

/// Waits for the answer to the oldest message, which stays where it is until the answer is taken.
async fn oldest(unacknowledged: &mut VecDeque<Unacknowledged>) -> Result<PublishAck, PublishError> {
    match unacknowledged.front_mut() {
        Some(oldest) => (&mut oldest.answer).await,
        None => std::future::pending().await,
    }
}

fn not_stored(error: PublishError) -> RelayError {
    match error.kind() {
        PublishErrorKind::WrongLastSequence => RelayError::Overtaken,
        _ => RelayError::NotStored(error),
    }
}
