//! The task that has batches decided, one after the other.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use metrics::{counter, histogram};
use sqlx::error::DatabaseError;
use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{ConnectOptions as _, Connection as _};
use tokio::sync::watch;
use uuid::Uuid;

use super::metrics::{
    BATCH_COMMANDS, BATCH_EVENTS, BATCH_SECONDS, FAILURES, LOCK_SECONDS, NET_TRIPPED, OUTCOMES,
    RESENT,
};
use super::queue::{Pending, Queue};
use super::statement::{self, Decided};
use super::{AppendError, AppenderSettings, Outcome};
use crate::EventStore;
use crate::failure::{Answer, is_about_the_data};

/// The pauses between sendings of a batch whose outcome is unknown.
const FIRST_PAUSE: Duration = Duration::from_millis(10);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

/// The most turns that others get after a batch to queue commands.
const MOST_TURNS: u32 = 16;

/// Turns without a new command after which nobody is waited for. One is not enough: who was answered may be running on another
/// thread.
const QUIET_TURNS: u32 = 2;

/// Has batches decided, one after the other, on a connection of its own.
pub(super) struct Writer {
    settings: AppenderSettings,
    options: PgConnectOptions,
    connection: Option<PgConnection>,
    queue: Arc<Queue>,
    committing: watch::Sender<i64>,
}

/// What one sending of a batch brought.
enum Sending {
    /// The log has decided.
    Decided(Decided),
    /// The database could not be reached: this sending did nothing.
    NotSent(sqlx::Error),
    /// The database answered with an ERROR: this sending did nothing.
    Failed(sqlx::Error),
    /// There was no answer: this sending may have done, or may yet do, its work.
    Unanswered(String),
    /// The log has decided, but its schema speaks another language than this program; sending again brings the same.
    Unreadable(sqlx::Error),
}

/// What is to be done with a batch after a sending that did not decide it.
enum Next {
    /// Answer all its commands with this.
    GiveUp(AppendError),
    /// Nothing was written, and one of the commands is to blame: send each alone.
    Apart,
    /// Only sending it again can tell.
    Again,
}

impl Writer {
    pub(super) fn new(
        store: &EventStore,
        settings: AppenderSettings,
        queue: Arc<Queue>,
        committing: watch::Sender<i64>,
    ) -> Self {
        Self {
            settings,
            options: store.append_options().clone(),
            connection: None,
            queue,
            committing,
        }
    }

    /// Writes until the queue is closed and empty.
    pub(super) async fn run(mut self) {
        while let Some(batch) = self.queue.next_batch().await {
            self.write(batch).await;
            self.let_them_queue().await;
        }
        if let Some(connection) = self.connection.take() {
            // The server notices without the farewell, too.
            let _ = connection.close().await;
        }
    }

    /// Those who were answered may have the next command at hand: lets them queue it, as long as some do. A full batch waits for
    /// nobody.
    async fn let_them_queue(&self) {
        let (mut queued, mut quiet) = (self.queue.len(), 0);
        for _ in 0..MOST_TURNS {
            tokio::task::yield_now().await;
            let now = self.queue.len();
            quiet = if now > queued { 0 } else { quiet + 1 };
            if quiet == QUIET_TURNS || now >= self.settings.batch_commands {
                break;
            }
            queued = now;
        }
    }

    /// Sends a batch until it is decided or given up, and answers all its commands.
    async fn write(&mut self, batch: Vec<Pending>) {
        let mut undecided_since = None;
        let mut work = VecDeque::from([batch]);
        while let Some(batch) = work.pop_front() {
            let apart = self.decide(batch, &mut undecided_since).await;
            work.extend(apart.into_iter().map(|command| vec![command]));
        }
    }

    /// Sends a batch until it is decided or given up. Returns it if its commands must be sent each alone.
    ///
    /// An ERROR says that its own sending did nothing. If an earlier sending went unanswered, that one may still be
    /// waiting for the lock, so then only a decision counts, or an error that every sending of this data must meet.
    async fn decide(
        &mut self,
        batch: Vec<Pending>,
        undecided_since: &mut Option<Instant>,
    ) -> Vec<Pending> {
        let mut pause = FIRST_PAUSE;
        loop {
            let sending = self.send(&batch).await;
            let undecided = undecided_since.is_some();
            let next = match sending {
                Sending::Decided(decided) => {
                    self.answer(batch, decided.outcomes);
                    return Vec::new();
                }
                Sending::Unreadable(error) => {
                    tracing::error!(error = %error, "the answer to an append cannot be read");
                    Next::GiveUp(AppendError::OutcomeUnknown)
                }
                Sending::NotSent(error) => {
                    tracing::warn!(error = %error, "the event log cannot be reached");
                    if undecided {
                        Next::Again
                    } else {
                        Next::GiveUp(AppendError::Unavailable)
                    }
                }
                Sending::Failed(error) => after_error(error, batch.len(), undecided),
                Sending::Unanswered(error) => {
                    tracing::warn!(error, "an append was not answered, it is sent again");
                    undecided_since.get_or_insert_with(Instant::now);
                    Next::Again
                }
            };
            match next {
                Next::GiveUp(error) => {
                    give_up(batch, &error);
                    return Vec::new();
                }
                Next::Apart => return batch,
                Next::Again => {}
            }
            let limit = self.settings.undecided_limit;
            if undecided_since.is_some_and(|since| since.elapsed() > limit) {
                tracing::error!(commands = batch.len(), "an append was given up undecided");
                give_up(batch, &AppendError::OutcomeUnknown);
                return Vec::new();
            }
            counter!(RESENT).increment(1);
            tokio::time::sleep(with_jitter(pause)).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    /// Sends a batch once. Without an answer the connection is given up, as it may still be at work.
    async fn send(&mut self, batch: &[Pending]) -> Sending {
        let limit = self.settings.attempt_timeout;
        let mut connection = match self.connection.take() {
            Some(connection) => connection,
            None => match tokio::time::timeout(limit, self.options.connect()).await {
                Ok(Ok(connection)) => connection,
                Ok(Err(error)) => return Sending::NotSent(error),
                Err(_) => return Sending::NotSent(sqlx::Error::PoolTimedOut),
            },
        };
        let began = Instant::now();
        let sent = tokio::time::timeout(limit, statement::send(&mut connection, batch)).await;
        match sent {
            Ok(Ok(rows)) => {
                self.connection = Some(connection);
                match statement::read(&rows, batch) {
                    Ok(decided) => {
                        measure(batch, began.elapsed(), decided.lock_wait);
                        Sending::Decided(decided)
                    }
                    Err(error) => Sending::Unreadable(error),
                }
            }
            Ok(Err(error)) => match Answer::of(&error) {
                Answer::Refused => {
                    self.connection = Some(connection);
                    Sending::Failed(error)
                }
                // Connects anew: it may have become a standby, and the address another server's.
                Answer::NotNow => Sending::Failed(error),
                Answer::Unknown => Sending::Unanswered(error.to_string()),
            },
            Err(_) => Sending::Unanswered(format!("no answer within {} s", limit.as_secs())),
        }
    }

    /// Answers all commands of a decided batch, and tells how far the log goes now.
    fn answer(&self, batch: Vec<Pending>, outcomes: Vec<Outcome>) {
        let mut last_position = 0;
        for (command, outcome) in batch.into_iter().zip(outcomes) {
            let events = i64::try_from(command.append.events.len()).unwrap_or(i64::MAX);
            let label = match &outcome {
                Outcome::Appended { first_position, .. } => {
                    last_position = last_position.max(first_position + events - 1);
                    "appended"
                }
                Outcome::Replay(_) => "replay",
                Outcome::KeyReused => "key_reused",
                Outcome::Conflict => "conflict",
            };
            counter!(OUTCOMES, "outcome" => label).increment(1);
            command.answer(Ok(outcome));
        }
        self.committing.send_if_modified(|committed| {
            let further = last_position > *committed;
            *committed = last_position.max(*committed);
            further
        });
    }
}

/// What an ERROR says about a batch. `undecided`: an earlier sending of it went unanswered.
fn after_error(error: sqlx::Error, commands: usize, undecided: bool) -> Next {
    if tripped_the_net(&error) {
        counter!(NET_TRIPPED).increment(1);
        tracing::error!(error = %error, "a position was given twice: something writes past the log's lock");
    }
    match (Answer::of(&error), commands) {
        (Answer::Refused, 2..) => {
            tracing::warn!(error = %error, commands, "a batch was refused, its commands are sent each alone");
            Next::Apart
        }
        (Answer::Refused, _) if !undecided || is_about_the_data(&error) => {
            Next::GiveUp(AppendError::Refused(Arc::new(error)))
        }
        _ if undecided => Next::Again,
        _ => {
            tracing::warn!(error = %error, commands, "the event log did not take a batch");
            Next::GiveUp(AppendError::Unavailable)
        }
    }
}

/// Whether it was the unique index on positions, under the lock, that caught a position given twice.
fn tripped_the_net(error: &sqlx::Error) -> bool {
    let constraint = error
        .as_database_error()
        .and_then(DatabaseError::constraint);
    constraint == Some("event_position_key")
}

/// Answers all commands of a batch with what has become of it.
fn give_up(batch: Vec<Pending>, error: &AppendError) {
    for command in batch {
        command.answer(Err(error.clone()));
    }
}

/// Half to the whole of a pause, so that replicas do not come back all at once.
fn with_jitter(pause: Duration) -> Duration {
    let random = Uuid::new_v4().as_bytes()[0];
    pause / 2 + pause.mul_f64(f64::from(random) / 512.0)
}

#[expect(
    clippy::cast_precision_loss,
    reason = "a batch is far smaller than 2^52"
)]
fn measure(batch: &[Pending], took: Duration, lock_wait: Duration) {
    let events: usize = batch
        .iter()
        .map(|command| command.append.events.len())
        .sum();
    // Shown before they move, so that a first increase is one.
    for rare in [RESENT, NET_TRIPPED, FAILURES] {
        counter!(rare).increment(0);
    }
    histogram!(BATCH_COMMANDS).record(batch.len() as f64);
    histogram!(BATCH_EVENTS).record(events as f64);
    histogram!(BATCH_SECONDS).record(took.as_secs_f64());
    histogram!(LOCK_SECONDS).record(lock_wait.as_secs_f64());
}
