//! The commands that wait, and how they are put into batches.

use std::collections::{HashSet, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use tokio::sync::{Notify, oneshot};

use super::metrics::QUEUE_DEPTH;
use super::{Append, AppendError, AppenderSettings, Outcome};

/// Where the answer to a command goes.
pub(super) type Answer = oneshot::Sender<Result<Outcome, AppendError>>;

/// A command that was accepted and is not answered.
#[derive(Debug)]
pub(super) struct Pending {
    ticket: u64,
    bytes: usize,
    pub(super) append: Append,
    answer: Answer,
}

impl Pending {
    /// Answers; a caller who has gone does not mind.
    pub(super) fn answer(self, answer: Result<Outcome, AppendError>) {
        let _ = self.answer.send(answer);
    }
}

/// What became of a command whose caller no longer waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Withdrawn {
    /// It was still waiting and is now forgotten.
    Waiting,
    /// It is in a batch, or decided.
    Taken,
}

/// The commands that wait, oldest first.
#[derive(Debug)]
pub(super) struct Queue {
    settings: AppenderSettings,
    waiting: Mutex<Waiting>,
    changed: Notify,
}

#[derive(Debug, Default)]
struct Waiting {
    /// By ascending ticket.
    commands: VecDeque<Pending>,
    bytes: usize,
    next_ticket: u64,
    closed: bool,
}

impl Queue {
    pub(super) fn new(settings: AppenderSettings) -> Self {
        Self {
            settings,
            waiting: Mutex::default(),
            changed: Notify::new(),
        }
    }

    /// Accepts a command, if there is room.
    pub(super) fn push(&self, append: Append, answer: Answer) -> Result<u64, AppendError> {
        let bytes = size_of(&append);
        let mut waiting = self.lock();
        if waiting.closed {
            return Err(AppendError::Closed);
        }
        let too_many = waiting.commands.len() >= self.settings.queue_commands;
        let too_large = waiting.bytes > 0 && waiting.bytes + bytes > self.settings.queue_bytes;
        if too_many || too_large {
            return Err(AppendError::QueueFull);
        }
        let ticket = waiting.next_ticket;
        waiting.next_ticket += 1;
        waiting.bytes += bytes;
        waiting.commands.push_back(Pending {
            ticket,
            bytes,
            append,
            answer,
        });
        waiting.report_depth();
        drop(waiting);
        self.changed.notify_one();
        Ok(ticket)
    }

    pub(super) fn len(&self) -> usize {
        self.lock().commands.len()
    }

    /// Forgets a command, if it is not in a batch.
    pub(super) fn withdraw(&self, ticket: u64) -> Withdrawn {
        let mut waiting = self.lock();
        let Ok(index) = waiting
            .commands
            .binary_search_by_key(&ticket, |command| command.ticket)
        else {
            return Withdrawn::Taken;
        };
        if let Some(command) = waiting.commands.remove(index) {
            waiting.bytes -= command.bytes;
        }
        waiting.report_depth();
        Withdrawn::Waiting
    }

    /// Waits for commands and takes the next batch; `None` when the queue is closed and empty.
    pub(super) async fn next_batch(&self) -> Option<Vec<Pending>> {
        loop {
            let changed = self.changed.notified();
            {
                let mut waiting = self.lock();
                waiting.drop_expired(Instant::now());
                let batch = waiting.take_batch(&self.settings);
                waiting.report_depth();
                if !batch.is_empty() {
                    return Some(batch);
                }
                if waiting.closed {
                    return None;
                }
            }
            changed.await;
        }
    }

    /// Accepts nothing more; what waits is still taken.
    pub(super) fn close(&self) {
        self.lock().closed = true;
        self.changed.notify_one();
    }

    /// Accepts nothing more and answers what waits: nobody will take it.
    pub(super) fn abandon(&self) {
        let left = {
            let mut waiting = self.lock();
            waiting.closed = true;
            waiting.bytes = 0;
            std::mem::take(&mut waiting.commands)
        };
        for command in left {
            command.answer(Err(AppendError::Closed));
        }
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        // What it guards is consistent after every statement, so a panic elsewhere does not spoil it.
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Waiting {
    fn drop_expired(&mut self, now: Instant) {
        if self
            .commands
            .iter()
            .all(|command| command.append.deadline > now)
        {
            return;
        }
        for command in std::mem::take(&mut self.commands) {
            if command.append.deadline > now {
                self.commands.push_back(command);
            } else {
                self.bytes -= command.bytes;
                command.answer(Err(AppendError::Expired));
            }
        }
    }

    /// Takes commands from the front, within the limits of a batch. Of one aggregate or key only the first is taken;
    /// those behind it stay, in their order.
    fn take_batch(&mut self, limits: &AppenderSettings) -> Vec<Pending> {
        let mut batch: Vec<Pending> = Vec::new();
        let mut stay = VecDeque::new();
        let (mut events, mut bytes) = (0, 0);
        let mut aggregates = HashSet::new();
        let mut keys = HashSet::new();
        while let Some(command) = self.commands.pop_front() {
            events += command.append.events.len();
            bytes += command.bytes;
            let over = batch.len() >= limits.batch_commands
                || events > limits.batch_events
                || bytes > limits.batch_bytes;
            if over && !batch.is_empty() {
                self.commands.push_front(command);
                break;
            }
            let append = &command.append;
            // Both are noted even if the command stays: nothing behind it may overtake it.
            let first_of_aggregate =
                aggregates.insert((append.aggregate_type.clone(), append.aggregate_id.clone()));
            let first_of_key = append.key.is_none_or(|key| keys.insert(key.id));
            if first_of_aggregate && first_of_key {
                self.bytes -= command.bytes;
                batch.push(command);
            } else {
                events -= append.events.len();
                bytes -= command.bytes;
                stay.push_back(command);
            }
        }
        stay.append(&mut self.commands);
        self.commands = stay;
        batch
    }

    fn report_depth(&self) {
        #[expect(
            clippy::cast_precision_loss,
            reason = "a queue is far shorter than 2^52"
        )]
        metrics::gauge!(QUEUE_DEPTH).set(self.commands.len() as f64);
    }
}

/// The bytes that a command brings to a batch; its few fixed columns are a small part of it.
fn size_of(append: &Append) -> usize {
    let event = |event: &crate::NewEvent| {
        event.event_type.len()
            + event.event_version.len()
            + event.payload.len()
            + event.metadata.len()
    };
    let fixed = 64 + append.aggregate_type.len() + append.aggregate_id.len();
    append.events.iter().map(event).sum::<usize>() + fixed
}
