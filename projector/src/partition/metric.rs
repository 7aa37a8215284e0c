//! The metrics of partitions. Explained in `docs/operations.md`.

use read_model::View;
use tokio::time::Instant;

/// Counter: events that were folded into views.
pub(super) const EVENTS: &str = "projector_events_total";
/// Histogram: events of a transaction.
pub(super) const BATCH_EVENTS: &str = "projector_batch_events";
/// Histogram, seconds: from folding to commit.
pub(super) const BATCH_SECONDS: &str = "projector_batch_seconds";
/// Counter: events read from the log.
pub(super) const READ_FROM_LOG: &str = "projector_read_from_log_total";
/// Counter, by `why`: times that the stream did not bring what the log has.
pub(super) const HEALED: &str = "projector_healed_total";
/// Counter: messages of events that the views have.
pub(super) const REDELIVERED: &str = "projector_redelivered_total";
/// Counter: transactions given up because another worker had moved the checkpoint.
pub(super) const DOUBLED: &str = "projector_doubled_total";
/// Counter: transactions of one or several partitions that failed, after which each partition wrote alone.
pub(super) const REFUSED: &str = "projector_refused_batches_total";
/// Counter: consumers made at the broker.
pub(super) const CONSUMERS: &str = "projector_consumers_total";
/// Counter: times that a partition's views were taken back because the log has another history.
pub(super) const OTHER_HISTORIES: &str = "projector_other_histories_total";

/// Counter, by `view`: orders that were parked.
pub(super) const PARKINGS: &str = "projector_parkings_total";

/// A transaction that took in so many events.
pub(super) fn batch(events: usize, began: Instant) {
    metrics::counter!(EVENTS).increment(events as u64);
    metrics::histogram!(BATCH_EVENTS).record(u32::try_from(events).unwrap_or(u32::MAX));
    metrics::histogram!(BATCH_SECONDS).record(began.elapsed());
}

/// Shows the counters from the start, so that a first increase is one.
pub(crate) fn begin() {
    for counter in [
        EVENTS,
        READ_FROM_LOG,
        REDELIVERED,
        DOUBLED,
        REFUSED,
        CONSUMERS,
        OTHER_HISTORIES,
    ] {
        metrics::counter!(counter).increment(0);
    }
    for why in ["gap", "silent", "large"] {
        metrics::counter!(HEALED, "why" => why).increment(0);
    }
    for view in View::ALL {
        metrics::counter!(PARKINGS, "view" => view.as_str()).increment(0);
    }
}
