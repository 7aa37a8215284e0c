//! One thing that is measured, and what its rounds gave.

use std::collections::BTreeMap;

use hdrhistogram::Histogram;
use serde::Serialize;

use crate::progress;

/// What one round of a cell gave.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Sample {
    /// Events, requests or rows, as the cell counts them.
    pub(crate) done: u64,
    /// How long that took.
    pub(crate) seconds: f64,
    /// What was done in all, of what was counted: more where a warm-up went before.
    #[serde(skip)]
    pub(crate) worked: f64,
    /// How long one of them took; `None` where only all together were measured.
    pub(crate) latency: Option<Latency>,
    /// What else is worth knowing, by name and unit.
    pub(crate) notes: BTreeMap<&'static str, f64>,
}

/// How long one operation took, in microseconds.
#[derive(Debug, Clone, Copy, Serialize)]
pub(crate) struct Latency {
    pub(crate) p50: f64,
    pub(crate) p90: f64,
    pub(crate) p99: f64,
    pub(crate) max: f64,
}

/// A cell with its rounds.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Cell {
    /// `what/who/how many`, e.g. `append/ours/64`.
    pub(crate) name: String,
    /// What a rate counts.
    pub(crate) unit: &'static str,
    /// One a round.
    pub(crate) samples: Vec<Sample>,
}

impl Sample {
    pub(crate) fn new(done: u64, seconds: f64) -> Self {
        Self {
            done,
            seconds,
            worked: 1.0,
            latency: None,
            notes: BTreeMap::new(),
        }
    }

    pub(crate) fn timed(seconds: f64, latencies: &Histogram<u64>) -> Self {
        let mut sample = Self::new(latencies.len(), seconds);
        sample.latency = Some(Latency::of(latencies));
        sample
    }

    #[must_use]
    pub(crate) fn with(mut self, note: &'static str, value: f64) -> Self {
        self.notes.insert(note, value);
        self
    }

    pub(crate) fn rate(&self) -> f64 {
        as_float(self.done) / self.seconds
    }
}

impl Latency {
    pub(crate) fn of(nanoseconds: &Histogram<u64>) -> Self {
        let at = |quantile| as_float(nanoseconds.value_at_quantile(quantile)) / 1000.0;
        Self {
            p50: at(0.5),
            p90: at(0.9),
            p99: at(0.99),
            max: as_float(nanoseconds.max()) / 1000.0,
        }
    }
}

impl Cell {
    pub(crate) fn new(name: impl Into<String>, unit: &'static str) -> Self {
        Self {
            name: name.into(),
            unit,
            samples: Vec::new(),
        }
    }

    /// Takes what a round gave, and tells a person.
    pub(crate) fn take(&mut self, round: usize, sample: Sample) {
        let rate = sample.rate();
        let text = format!(
            "round {} {:<28} {rate:>9.0} {}/s",
            round + 1,
            self.name,
            self.unit
        );
        progress(&text);
        self.samples.push(sample);
    }

    /// The median of the rounds' rates.
    pub(crate) fn rate(&self) -> Option<f64> {
        median(self.samples.iter().map(Sample::rate))
    }

    /// The median of one percentile of the rounds.
    pub(crate) fn latency(&self, of: impl Fn(&Latency) -> f64) -> Option<f64> {
        median(
            self.samples
                .iter()
                .filter_map(|s| s.latency.as_ref().map(&of)),
        )
    }

    /// The medians of the notes.
    pub(crate) fn notes(&self) -> BTreeMap<&'static str, f64> {
        let names = self.samples.iter().flat_map(|sample| sample.notes.keys());
        let of = |name| {
            median(
                self.samples
                    .iter()
                    .filter_map(|s| s.notes.get(name).copied()),
            )
        };
        names.filter_map(|name| Some((*name, of(name)?))).collect()
    }
}

/// Counts are far below 2^52.
#[expect(clippy::cast_precision_loss, reason = "counts are far below 2^52")]
pub(crate) fn as_float(count: u64) -> f64 {
    count as f64
}

fn median(values: impl Iterator<Item = f64>) -> Option<f64> {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied()
}
