//! What this worker tells about itself: its partitions, and which of them fail.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The partitions' problems, for health, metrics and the log.
#[derive(Debug, Default)]
pub(crate) struct Board {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    owned: usize,
    /// Why the worker as a whole does nothing.
    hindrance: Option<String>,
    /// By partition.
    problems: BTreeMap<u16, String>,
    /// The views whose live generation is faulted, whoever owns the partitions.
    faulted: Vec<String>,
}

/// Counter: times that a partition stopped.
const FAILURES: &str = "projector_failures_total";

impl Board {
    /// Shows what can be told from the start.
    pub(crate) fn begin(&self) {
        metrics::counter!(FAILURES).increment(0);
        self.owns(0);
        tell(&self.state());
    }

    /// The worker owns so many partitions.
    pub(crate) fn owns(&self, partitions: usize) {
        self.state().owned = partitions;
        #[expect(clippy::cast_precision_loss, reason = "there are at most 256")]
        metrics::gauge!("projector_partitions").set(partitions as f64);
    }

    /// The worker cannot work at all, or can again.
    pub(crate) fn hindered(&self, by: Option<String>) {
        self.state().hindrance = by;
    }

    /// A partition has written all that it knows of, or is another worker's now.
    pub(crate) fn is_well(&self, partition: u16) {
        let mut state = self.state();
        if state.problems.remove(&partition).is_some() {
            tell(&state);
            drop(state);
            tracing::info!(partition, "the partition goes on");
        }
    }

    /// A partition stopped, and is tried again.
    pub(crate) fn failed(&self, partition: u16, problem: &str) {
        let mut state = self.state();
        let before = state.problems.insert(partition, problem.to_owned());
        tell(&state);
        drop(state);
        metrics::counter!(FAILURES).increment(1);
        if before.as_deref() != Some(problem) {
            tracing::error!(
                partition,
                error = problem,
                "the partition stopped and is tried again"
            );
        }
    }

    /// Whether the worker does what it should.
    pub(crate) fn check(&self) -> Result<(), String> {
        let state = self.state();
        if let Some(hindrance) = &state.hindrance {
            return Err(hindrance.clone());
        }
        match state.problems.len() {
            0 => Ok(()),
            failing => Err(format!(
                "{failing} of {} partitions stopped; the log of this service says why",
                state.owned
            )),
        }
    }

    /// These views stand, since too many of their orders failed.
    pub(crate) fn faulted(&self, views: Vec<String>) {
        self.state().faulted = views;
    }

    /// Whether all views go on.
    pub(crate) fn check_views(&self) -> Result<(), String> {
        match &*self.state().faulted {
            [] => Ok(()),
            faulted => Err(format!("faulted: {}", faulted.join(", "))),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Nobody panics while holding it, and if so, what it holds is still true.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn tell(state: &State) {
    #[expect(clippy::cast_precision_loss, reason = "there are at most 256")]
    metrics::gauge!("projector_failing_partitions").set(state.problems.len() as f64);
}
