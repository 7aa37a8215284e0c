//! Notices a broker that runs but does not work, e.g. because its disk was full, and has it replaced: it does
//! not come back by itself.

use std::time::Duration;

use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

use super::keeper::Replace;
use crate::nats;

/// How often we look.
const PERIOD: Duration = Duration::from_secs(5);

/// So many bad looks in a row are half a minute: a broker that reads a large store, or was paused, may come back.
const BAD_LOOKS: u32 = 6;

/// Metric of the command API: 1 while the relay has waited for an acknowledgement for too long.
const STALLED: &str = "relay_stalled";

/// Watches until `end` or the end of the process.
pub(super) fn start(
    broker: nats::Private,
    replace: Replace,
    command_url: &str,
    http: &reqwest::Client,
    end: &CancellationToken,
) {
    let (metrics, http, end) = (format!("{command_url}/metrics"), http.clone(), end.clone());
    tokio::spawn(end.run_until_cancelled_owned(async move {
        let mut ticks = interval(PERIOD);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut unhealthy = 0;
        let mut stalled = 0;
        loop {
            ticks.tick().await;
            unhealthy = if broker.is_healthy().await {
                0
            } else {
                unhealthy + 1
            };
            stalled = if is_stalled(&http, &metrics).await {
                stalled + 1
            } else {
                0
            };
            let reason = if unhealthy >= BAD_LOOKS {
                "the broker does not answer as healthy"
            } else if stalled >= 1 {
                "the relay gets no acknowledgements"
            } else {
                continue;
            };
            replace.now(reason);
            // A new broker gets the time to become well.
            (unhealthy, stalled) = (0, 0);
            tokio::time::sleep(PERIOD * BAD_LOOKS).await;
        }
    }));
}

async fn is_stalled(http: &reqwest::Client, url: &str) -> bool {
    let answer = http.get(url).timeout(Duration::from_secs(2)).send().await;
    match answer {
        Ok(answer) => answer
            .text()
            .await
            .is_ok_and(|metrics| says_stalled(&metrics)),
        Err(_) => false,
    }
}

fn says_stalled(metrics: &str) -> bool {
    metrics.lines().any(|line| {
        line.starts_with(STALLED)
            && line
                .rsplit(' ')
                .next()
                .and_then(|value| value.parse().ok())
                .is_some_and(|v: f64| v > 0.0)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_metric_says_whether_the_relay_is_stalled() {
        assert!(says_stalled(
            "# TYPE relay_stalled gauge\nrelay_stalled 1\n"
        ));
        assert!(!says_stalled(
            "# TYPE relay_stalled gauge\nrelay_stalled 0\n"
        ));
        assert!(!says_stalled(""));
    }
}
