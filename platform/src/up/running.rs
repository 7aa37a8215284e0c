//! A part of the platform that runs: a process of ours, one that was left running, or a task.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::Result;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep, timeout};
use tokio_util::sync::CancellationToken;

use crate::process::{self, Child, GRACE};

/// How often a process that is not our child is looked at.
const LOOK: Duration = Duration::from_millis(200);

/// One run of one part.
#[derive(Debug)]
pub(crate) enum Running {
    /// A child of ours; `stop` asks it to end, `log` holds its last words.
    Process {
        child: Box<Child>,
        stop: Signal,
        log: PathBuf,
    },
    /// A process that an earlier `orders` started.
    Adopted { pid: Pid, stop: Signal },
    /// A service in this process.
    Task {
        task: JoinHandle<Result<()>>,
        stop: CancellationToken,
    },
}

impl Running {
    /// The process that it runs in.
    pub(crate) fn pid(&self) -> Pid {
        match self {
            Self::Process { child, .. } => child.pid(),
            Self::Adopted { pid, .. } => *pid,
            Self::Task { .. } => Pid::this(),
        }
    }

    /// Waits until it ends by itself and says how. May be cancelled, but not called again after it returned.
    pub(crate) async fn ended(&mut self) -> String {
        match self {
            Self::Process { child, log, .. } => match child.wait().await {
                Ok(status) if status.code().is_none() => status.to_string(),
                Ok(status) => format!("{} ({status})", process::last_words(log)),
                Err(error) => format!("{error:#}"),
            },
            Self::Adopted { pid, .. } => {
                while process::is_alive(*pid) {
                    sleep(LOOK).await;
                }
                "its process is gone".to_owned()
            }
            Self::Task { task, .. } => match task.await {
                Ok(Ok(())) => "it returned".to_owned(),
                Ok(Err(error)) => format!("{error:#}"),
                Err(error) => error.to_string(),
            },
        }
    }

    /// Ends it: asks, and kills what still runs after ten seconds, or as soon as `hasten` is cancelled.
    pub(crate) async fn stop(&mut self, hasten: &CancellationToken) {
        self.ask();
        let patient = async {
            tokio::select! {
                () = sleep(GRACE) => {}
                () = hasten.cancelled() => {}
            }
        };
        tokio::select! {
            _ = self.ended() => return,
            () = patient => {}
        }
        self.kill();
        // A process that even SIGKILL does not end waits for a disk; our own end must not wait with it.
        drop(timeout(GRACE, self.ended()).await);
    }

    /// Ends it at once, e.g. because it does not work any more though it runs.
    pub(crate) fn kill(&self) {
        match self {
            Self::Process { child, .. } => child.signal_group(Signal::SIGKILL),
            Self::Adopted { pid, .. } => {
                let _ = kill(*pid, Signal::SIGKILL);
            }
            Self::Task { task, .. } => task.abort(),
        }
    }

    fn ask(&self) {
        match self {
            Self::Process { child, stop, .. } => child.signal(*stop),
            Self::Adopted { pid, stop } => {
                let _ = kill(*pid, *stop);
            }
            Self::Task { stop, .. } => stop.cancel(),
        }
    }
}

/// Pauses between starts of a part that ends again and again.
#[derive(Debug)]
pub(super) struct Backoff {
    next: Duration,
    started: Instant,
}

impl Backoff {
    const SHORTEST: Duration = Duration::from_millis(100);
    const LONGEST: Duration = Duration::from_secs(10);
    /// Who ran this long was well.
    const WELL: Duration = Duration::from_secs(30);

    pub(super) fn new() -> Self {
        Self {
            next: Self::SHORTEST,
            started: Instant::now(),
        }
    }

    /// The part runs now.
    pub(super) fn started(&mut self) {
        self.started = Instant::now();
    }

    /// How long to wait before the next start.
    pub(super) fn pause(&mut self) -> Duration {
        if self.started.elapsed() >= Self::WELL {
            self.next = Self::SHORTEST;
        }
        let pause = self.next;
        self.next = (self.next * 2).min(Self::LONGEST);
        pause
    }
}

#[cfg(test)]
mod tests {
    use std::future::pending;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn pauses_grow_to_a_cap_and_begin_anew_after_a_good_run() {
        let mut backoff = Backoff::new();
        let pauses: Vec<_> = (0..9).map(|_| backoff.pause()).collect();
        assert_eq!(pauses[0], Backoff::SHORTEST);
        assert_eq!(pauses[1], Backoff::SHORTEST * 2);
        assert_eq!(pauses[8], Backoff::LONGEST);
        backoff.started();
        tokio::time::advance(Backoff::WELL).await;
        assert_eq!(backoff.pause(), Backoff::SHORTEST);
    }

    #[tokio::test(start_paused = true)]
    async fn a_task_that_does_not_stop_when_asked_is_aborted() {
        let stop = CancellationToken::new();
        let task = tokio::spawn(async {
            pending::<()>().await;
            Ok(())
        });
        let mut running = Running::Task {
            task,
            stop: stop.clone(),
        };
        running.stop(&CancellationToken::new()).await;
        assert!(stop.is_cancelled());
    }
}
