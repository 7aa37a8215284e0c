//! The names of the appender's metrics.

/// Gauge: commands that wait.
pub(super) const QUEUE_DEPTH: &str = "event_store_append_queue_depth";
/// Histogram: commands of a batch.
pub(super) const BATCH_COMMANDS: &str = "event_store_append_batch_commands";
/// Histogram: events of a batch.
pub(super) const BATCH_EVENTS: &str = "event_store_append_batch_events";
/// Histogram, seconds: from the sending of a batch to its answer.
pub(super) const BATCH_SECONDS: &str = "event_store_append_batch_seconds";
/// Histogram, seconds: how long a batch waited for the log's lock.
pub(super) const LOCK_SECONDS: &str = "event_store_append_lock_wait_seconds";
/// Counter: what the log decided, by `outcome`.
pub(super) const OUTCOMES: &str = "event_store_append_outcomes_total";
/// Counter: batches whose outcome was unknown and that were sent again.
pub(super) const RESENT: &str = "event_store_append_resent_total";
/// Counter: the task that writes has panicked.
pub(super) const FAILURES: &str = "event_store_append_failures_total";
/// Counter: a position was given twice and the unique index caught it. Never moves while the lock does its work.
pub(super) const NET_TRIPPED: &str = "event_store_append_position_taken_total";
