//! Metrics of this process, for Prometheus to fetch.
//!
//! Everybody counts through the macros of the crate `metrics`; whatever services run in one process share its metrics.

use std::sync::OnceLock;
use std::time::Duration;

use metrics_exporter_prometheus::{BuildError, Matcher, PrometheusBuilder, PrometheusHandle};

/// Upper bounds of the buckets of every metric whose name ends in `_seconds`.
const SECONDS: &[f64] = &[
    0.0001, 0.000_25, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5,
    5.0, 10.0, 30.0,
];
/// Upper bounds of the buckets of every other histogram: sizes of batches and the like.
const SIZES: &[f64] = &[
    1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 500.0, 1_000.0, 2_000.0, 5_000.0, 10_000.0,
];

/// How often values of histograms are folded into their buckets; between, they take memory.
const UPKEEP: Duration = Duration::from_secs(5);

static HANDLE: OnceLock<Option<PrometheusHandle>> = OnceLock::new();

/// Makes this process count. Called again, it does nothing.
pub fn install() {
    HANDLE.get_or_init(|| match start() {
        Ok(handle) => Some(handle),
        Err(error) => {
            tracing::error!(%error, "metrics are not counted");
            None
        }
    });
}

/// All metrics in the text format of Prometheus.
pub fn render() -> String {
    install();
    HANDLE
        .get()
        .and_then(Option::as_ref)
        .map(PrometheusHandle::render)
        .unwrap_or_default()
}

fn start() -> Result<PrometheusHandle, BuildError> {
    let handle = PrometheusBuilder::new()
        .set_buckets(SIZES)?
        .set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), SECONDS)?
        .install_recorder()?;
    let upkeep = handle.clone();
    // A thread, because a runtime that a test or a service brought may end before the process does.
    let spawned = std::thread::Builder::new()
        .name("metrics-upkeep".to_owned())
        .spawn(move || {
            loop {
                std::thread::sleep(UPKEEP);
                upkeep.run_upkeep();
            }
        });
    if let Err(error) = spawned {
        tracing::warn!(%error, "histograms are only folded when they are fetched");
    }
    Ok(handle)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_counted_is_rendered() {
        install();
        install();
        ::metrics::counter!("kit_test_total", "kind" => "a").increment(2);
        ::metrics::histogram!("kit_test_seconds").record(0.002);
        let text = render();
        assert!(text.contains(r#"kit_test_total{kind="a"} 2"#), "{text}");
        assert!(
            text.contains(r#"kit_test_seconds_bucket{le="0.0025"} 1"#),
            "{text}"
        );
    }
}
