//! What the relay tells about itself, for health and metrics.

use std::time::{Duration, Instant};

use event_store::Backlog;
use tokio::sync::watch;

use super::RelayError;

/// Without an acknowledgement for so long, though there was something to publish, the relay counts as stalled.
pub(super) const STALLED_AFTER: Duration = Duration::from_secs(30);

/// Counter: events that the broker has acknowledged.
const PUBLISHED: &str = "relay_published_total";
/// Counter: attempts to publish that failed.
const ERRORS: &str = "relay_errors_total";
/// Counter: times that the log had taken another turn.
const OTHER_HISTORIES: &str = "relay_other_histories_total";

/// What a relay does now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RelayState {
    /// Another relay leads; this one is ready to take over.
    Following,
    /// This relay leads and publishes.
    Leading,
    /// This relay leads, something fails, and it tries again.
    Retrying,
    /// This relay leads and publishes nothing until an operator has acted: the stream is another log's.
    Halted,
}

/// A relay's state of this moment.
#[derive(Debug, Clone)]
pub struct RelayStatus {
    /// What it does.
    pub state: RelayState,
    /// The last position that is known to be in the stream; 0 before this relay first led.
    pub position: i64,
    /// The last failure, as a sentence, until something succeeded.
    pub problem: Option<String>,
    /// Since when nothing succeeds.
    pub failing_since: Option<Instant>,
}

impl RelayStatus {
    /// Whether this relay leads, well or not.
    pub fn is_leader(&self) -> bool {
        self.state != RelayState::Following
    }

    /// Whether it leads and nothing has come through for 30 seconds.
    pub fn is_stalled(&self) -> bool {
        self.is_leader()
            && self
                .failing_since
                .is_some_and(|since| since.elapsed() >= STALLED_AFTER)
    }
}

/// Writes the status, and the metrics beside it.
#[derive(Debug)]
pub(super) struct StatusBoard {
    board: watch::Sender<RelayStatus>,
}

impl StatusBoard {
    pub(super) fn new() -> Self {
        let initial = RelayStatus {
            state: RelayState::Following,
            position: 0,
            problem: None,
            failing_since: None,
        };
        Self {
            board: watch::Sender::new(initial),
        }
    }

    pub(super) fn subscribe(&self) -> watch::Receiver<RelayStatus> {
        self.board.subscribe()
    }

    /// Another relay leads, or nobody does.
    pub(super) fn following(&self) {
        self.write(|status| {
            status.state = RelayState::Following;
            status.problem = None;
            status.failing_since = None;
        });
        // Only the leader knows how far the stream is.
        Self::lags(Backlog::NONE);
    }

    /// This relay leads, and nothing waits to be published or acknowledged.
    pub(super) fn leading(&self) {
        if self.board.borrow().state == RelayState::Leading {
            return;
        }
        self.write(|status| {
            status.state = RelayState::Leading;
            status.problem = None;
            status.failing_since = None;
        });
    }

    /// The stream holds the log up to `position`, and this relay publishes on.
    pub(super) fn starts_after(&self, position: i64) {
        self.write(|status| status.position = position);
    }

    /// The last position that is known to be in the stream.
    pub(super) fn position(&self) -> i64 {
        self.board.borrow().position
    }

    /// The stream was purged, for the log has another history.
    pub(super) fn healed() {
        metrics::counter!(OTHER_HISTORIES).increment(1);
    }

    /// What the log has that is not known to be in the stream. Told each second.
    pub(super) fn lags(backlog: Backlog) {
        // Shown before they move, so that a first increase is one.
        for counter in [PUBLISHED, ERRORS, OTHER_HISTORIES] {
            metrics::counter!(counter).increment(0);
        }
        #[expect(
            clippy::cast_precision_loss,
            reason = "a metric is a float; positions stay below 2^53"
        )]
        metrics::gauge!("relay_lag_events").set(backlog.events as f64);
        metrics::gauge!("relay_lag_seconds").set(backlog.seconds);
    }

    /// Whether anything succeeded since the last failure.
    pub(super) fn is_well(&self) -> bool {
        self.board.borrow().failing_since.is_none()
    }

    /// The broker has stored the events after `before`, up to `position`.
    pub(super) fn acknowledged(&self, before: i64, position: i64) {
        metrics::counter!(PUBLISHED).increment(position.abs_diff(before));
        self.write(|status| {
            status.state = RelayState::Leading;
            status.position = position;
            status.problem = None;
            status.failing_since = None;
        });
    }

    /// Notes a failure; tells the log when it is another one than before, and each time nothing else did.
    pub(super) fn failed(&self, error: &RelayError) {
        metrics::counter!(ERRORS).increment(1);
        let problem = chain(error);
        let halted = error.needs_operator();
        let before = self.board.borrow().problem.clone();
        if before.as_deref() != Some(problem.as_str()) {
            if halted {
                tracing::error!(
                    relay.problem = problem,
                    "the relay publishes nothing until an operator has acted"
                );
            } else {
                tracing::warn!(
                    relay.problem = problem,
                    "the relay could not publish and tries again"
                );
            }
        }
        self.write(|status| {
            status.state = if halted {
                RelayState::Halted
            } else {
                RelayState::Retrying
            };
            status.problem = Some(problem);
            status.failing_since.get_or_insert_with(Instant::now);
        });
    }

    fn write(&self, change: impl FnOnce(&mut RelayStatus)) {
        self.board.send_modify(change);
        let status = self.board.borrow();
        let gauge = |yes: bool| if yes { 1.0 } else { 0.0 };
        #[expect(
            clippy::cast_precision_loss,
            reason = "a metric is a float; positions stay below 2^53"
        )]
        metrics::gauge!("relay_position").set(status.position as f64);
        metrics::gauge!("relay_leader").set(gauge(status.is_leader()));
        metrics::gauge!("relay_stalled").set(gauge(status.is_stalled()));
    }
}

/// An error and what caused it, as one sentence.
fn chain(error: &RelayError) -> String {
    let mut sentence = error.to_string();
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        let text = cause.to_string();
        if !sentence.contains(&text) {
            sentence.push_str(": ");
            sentence.push_str(&text);
        }
        source = cause.source();
    }
    sentence
}
