//! The two ways of putting load on something: closed, where each of n callers sends its next call when the last was
//! answered, and open, where calls have their times whatever becomes of those before.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use hdrhistogram::Histogram;
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use crate::cell::{Sample, as_float};

/// The part of a cell's time that goes before it, unmeasured: connections, plans and caches become warm.
const WARM_UP: f64 = 0.2;

/// Latencies in nanoseconds, to three digits, up to ten minutes.
pub(crate) fn histogram() -> Result<Histogram<u64>> {
    Histogram::new_with_bounds(1, 600_000_000_000, 3).context("a histogram cannot be made")
}

fn nanoseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

/// `callers` callers, each of which calls again as soon as it was answered. A call is counted if it ended in time.
pub(crate) async fn closed<C, F>(callers: usize, duration: Duration, call: C) -> Result<Sample>
where
    C: Fn(usize) -> F + Send + Sync + 'static,
    F: Future<Output = Result<()>> + Send,
{
    let call = Arc::new(call);
    let begin = Instant::now() + duration.mul_f64(WARM_UP);
    let end = begin + duration;
    let mut running = JoinSet::new();
    for caller in 0..callers {
        let call = Arc::clone(&call);
        running.spawn(async move {
            let mut latencies = histogram()?;
            loop {
                let sent = Instant::now();
                call(caller).await?;
                let answered = Instant::now();
                if answered > end {
                    return anyhow::Ok(latencies);
                }
                if answered > begin {
                    latencies.saturating_record(nanoseconds(answered - sent));
                }
            }
        });
    }
    let mut latencies = histogram()?;
    while let Some(ended) = running.join_next().await {
        latencies.add(ended??)?;
    }
    let mut sample = Sample::timed(duration.as_secs_f64(), &latencies);
    sample.worked = 1.0 + WARM_UP;
    Ok(sample)
}

/// Calls at a fixed rate, carried out by `callers` callers; a call that finds none free waits for one. A latency
/// counts from when the call was due, so that a pause of the server is seen by all who would have called during it.
pub(crate) async fn open<C, F>(
    callers: usize,
    rate: f64,
    duration: Duration,
    call: C,
) -> Result<Sample>
where
    C: Fn(usize) -> F + Send + Sync + 'static,
    F: Future<Output = Result<()>> + Send,
{
    let call = Arc::new(call);
    let (arriving, arrived) = mpsc::unbounded_channel::<Instant>();
    let arrived = Arc::new(tokio::sync::Mutex::new(arrived));
    // What is not answered half as long again after the last call was due shows in the rate.
    let give_up = Instant::now() + duration.mul_f64(1.5);
    let mut running = JoinSet::new();
    for caller in 0..callers {
        let (call, arrived) = (Arc::clone(&call), Arc::clone(&arrived));
        running.spawn(async move {
            let mut latencies = histogram()?;
            loop {
                let next = arrived.lock().await.recv().await;
                let Some(due) = next.filter(|_| Instant::now() < give_up) else {
                    return anyhow::Ok(latencies);
                };
                call(caller).await?;
                latencies.saturating_record(nanoseconds(due.elapsed()));
            }
        });
    }
    let calls = rate * duration.as_secs_f64();
    let began = Instant::now();
    // The runtime's timers are a millisecond coarse, a thread's sleep is not.
    let pacing = tokio::task::spawn_blocking(move || {
        let mut number = 0.0;
        while number < calls {
            let due = began + Duration::from_secs_f64(number / rate);
            std::thread::sleep(due.saturating_duration_since(Instant::now()));
            if arriving.send(due).is_err() {
                return;
            }
            number += 1.0;
        }
    });
    let mut latencies = histogram()?;
    while let Some(ended) = running.join_next().await {
        latencies.add(ended??)?;
    }
    pacing.await?;
    let answered = as_float(latencies.len());
    let seconds = began.elapsed().max(duration).as_secs_f64();
    Ok(Sample::timed(seconds, &latencies).with("answered, share", answered / calls.ceil()))
}
