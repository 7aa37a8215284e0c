//! The group-commit appender: commands that arrive while a batch is being written form the next batch.
//!
//! One command alone goes at once; there is no timer. [`queue`] forms batches, [`writer`] has each decided by the
//! log, [`statement`] is the one statement that does it.

mod metrics;
mod queue;
mod statement;
mod writer;

use std::sync::Arc;
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use thiserror::Error;
use tokio::sync::{oneshot, watch};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::{EventStore, KeyToRecord, NewEvent, RecordedKey};
use queue::{Queue, Withdrawn};
use writer::Writer;

/// One command's events, to be appended whole or not at all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Append {
    /// The kind of the aggregate; [`ORDER`](crate::ORDER) for orders.
    pub aggregate_type: String,
    /// The aggregate that the events belong to.
    pub aggregate_id: String,
    /// The sequence of the aggregate's last event; 0 if it is to have none yet.
    pub expected_sequence: i64,
    /// The id of the aggregate's last event; `None` if it is to have none yet.
    pub expected_last_event: Option<Uuid>,
    /// What to append: at least one event.
    pub events: Vec<NewEvent>,
    /// The key to record with them, if the command came with one.
    pub key: Option<KeyToRecord>,
    /// Until when the caller waits. Once the command is in a batch the log decides it whatever the time.
    pub deadline: Instant,
}

/// What the log decided about a command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// Its events are in the log, durably.
    Appended {
        /// The position of the first; the others follow it.
        first_position: i64,
        /// The time of all of them.
        recorded_at: DateTime<Utc>,
    },
    /// Nothing was written: the key was recorded before, with the same request.
    Replay(RecordedKey),
    /// Nothing was written: the key was recorded before, with another request.
    KeyReused,
    /// Nothing was written: the aggregate's last event is another than the expected.
    Conflict,
}

/// Why the log decided nothing, or why its decision is not known. All but [`AppendError::OutcomeUnknown`] mean that
/// nothing was written.
#[derive(Debug, Clone, Error)]
pub enum AppendError {
    /// The queue has no room; later it may.
    #[error("the append queue is full")]
    QueueFull,
    /// The deadline passed while the command waited for a batch.
    #[error("the deadline passed before the command was sent to the log")]
    Expired,
    /// The database is away, or kept its lock too long; the appender has logged why.
    #[error("the event log is not available")]
    Unavailable,
    /// The database refuses this very command.
    #[error("the event log refused the command")]
    Refused(#[source] Arc<sqlx::Error>),
    /// The log has the command and may have written it: only the same command with the same key tells.
    #[error("it is not known whether the log has taken the command")]
    OutcomeUnknown,
    /// The command has no event.
    #[error("there is no event to append")]
    NoEvent,
    /// The appender was closed.
    #[error("the appender is closed")]
    Closed,
}

/// How much the appender takes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AppenderSettings {
    /// The most commands that wait.
    pub queue_commands: usize,
    /// The most bytes of events that wait.
    pub queue_bytes: usize,
    /// The most commands of a batch.
    pub batch_commands: usize,
    /// The most events of a batch; a command with more of them is a batch alone.
    pub batch_events: usize,
    /// The most bytes of events of a batch; a command with more of them is a batch alone.
    pub batch_bytes: usize,
    /// How long to wait for the answer to one sending of a batch. Longer than the server's own limits, which end it
    /// with a known outcome.
    pub attempt_timeout: Duration,
    /// How long a batch whose outcome is unknown is sent again before it is given up.
    pub undecided_limit: Duration,
}

impl Default for AppenderSettings {
    fn default() -> Self {
        Self {
            queue_commands: 4_096,
            queue_bytes: 64 * 1024 * 1024,
            batch_commands: 1_000,
            batch_events: 5_000,
            batch_bytes: 4 * 1024 * 1024,
            attempt_timeout: Duration::from_secs(15),
            undecided_limit: Duration::from_secs(60),
        }
    }
}

/// A handle to the appender; all clones feed the same queue.
#[derive(Debug, Clone)]
pub struct Appender {
    queue: Arc<Queue>,
    committed: watch::Receiver<i64>,
    ended: CancellationToken,
}

impl Appender {
    /// Starts the task that writes. It ends when [`Appender::close`] was called and what was accepted is written.
    pub fn start(store: &EventStore, settings: AppenderSettings) -> Self {
        let queue = Arc::new(Queue::new(settings));
        let (committing, committed) = watch::channel(0);
        let ended = CancellationToken::new();
        let writer = Writer::new(store, settings, Arc::clone(&queue), committing);
        tokio::spawn(supervise(writer.run(), Arc::clone(&queue), ended.clone()));
        Self {
            queue,
            committed,
            ended,
        }
    }

    /// Has the log decide about a command, and waits for that until the command's deadline.
    ///
    /// A caller who stops waiting cancels nothing.
    pub async fn append(&self, append: Append) -> Result<Outcome, AppendError> {
        if append.events.is_empty() {
            return Err(AppendError::NoEvent);
        }
        let deadline = append.deadline;
        let (answer, answered) = oneshot::channel();
        let ticket = self.queue.push(append, answer)?;
        match tokio::time::timeout_at(deadline.into(), answered).await {
            Ok(Ok(answer)) => answer,
            // The writer ended without an answer, so it did not see the end of the statement either.
            Ok(Err(_)) => Err(AppendError::OutcomeUnknown),
            Err(_) => Err(match self.queue.withdraw(ticket) {
                Withdrawn::Waiting => AppendError::Expired,
                Withdrawn::Taken => AppendError::OutcomeUnknown,
            }),
        }
    }

    /// Tells the last position that this appender has committed; 0 before its first. To wake who reads the log.
    pub fn committed(&self) -> watch::Receiver<i64> {
        self.committed.clone()
    }

    /// Whether the task that writes is running. If it is not, and nobody closed it, it has failed.
    pub fn is_running(&self) -> bool {
        !self.ended.is_cancelled()
    }

    /// How many commands wait for a batch.
    pub fn queued(&self) -> usize {
        self.queue.len()
    }

    /// Takes no more commands, and waits until all that were accepted are decided.
    pub async fn close(&self) {
        self.queue.close();
        self.ended.cancelled().await;
    }
}

/// Runs the task that writes. However it ends, a panic included, nobody is left waiting.
async fn supervise(
    writing: impl Future<Output = ()> + Send + 'static,
    queue: Arc<Queue>,
    ended: CancellationToken,
) {
    if let Err(failure) = tokio::spawn(writing).await {
        ::metrics::counter!(metrics::FAILURES).increment(1);
        tracing::error!(error = %failure, "the appender has failed, nothing can be written any more");
    }
    queue.abandon();
    ended.cancel();
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ORDER;

    fn command(order: &str) -> Append {
        Append {
            aggregate_type: ORDER.into(),
            aggregate_id: order.into(),
            expected_sequence: 0,
            expected_last_event: None,
            events: vec![NewEvent {
                event_id: Uuid::now_v7(),
                event_type: "NoteAdded".into(),
                event_version: "1".into(),
                payload: "{}".into(),
                metadata: "{}".into(),
            }],
            key: None,
            deadline: Instant::now() + Duration::from_secs(60),
        }
    }

    #[tokio::test]
    async fn a_writer_that_fails_leaves_nobody_waiting() {
        let one_a_batch = AppenderSettings {
            batch_commands: 1,
            ..AppenderSettings::default()
        };
        let queue = Arc::new(Queue::new(one_a_batch));
        let ended = CancellationToken::new();
        let appender = Appender {
            queue: Arc::clone(&queue),
            committed: watch::channel(0).1,
            ended: ended.clone(),
        };
        let fail = {
            let queue = Arc::clone(&queue);
            async move {
                let _batch = queue.next_batch().await;
                panic!("on purpose");
            }
        };
        let (in_batch, in_queue, ()) = tokio::join!(
            appender.append(command("in the batch")),
            appender.append(command("in the queue")),
            supervise(fail, queue, ended),
        );
        assert!(
            matches!(in_batch, Err(AppendError::OutcomeUnknown)),
            "{in_batch:?}"
        );
        assert!(matches!(in_queue, Err(AppendError::Closed)), "{in_queue:?}");
        assert!(!appender.is_running());
        let later = appender.append(command("later")).await;
        assert!(matches!(later, Err(AppendError::Closed)), "{later:?}");
    }
}
