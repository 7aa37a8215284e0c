//! Keeps one part of the platform running, as an orchestrator would: what ends is started again.

use std::time::Duration;

use anyhow::{Context, Result};
use futures::future::BoxFuture;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use super::running::{Backoff, Running};
use crate::data_dir::DataDir;

/// Starts a part, the first time and every later one.
pub(crate) type Start = Box<dyn FnMut() -> BoxFuture<'static, Result<Running>> + Send>;

/// A part that is kept running.
#[derive(Debug)]
pub(crate) struct Kept {
    name: String,
    stop: CancellationToken,
    replace: mpsc::Sender<&'static str>,
    ends: watch::Receiver<Option<String>>,
    task: JoinHandle<()>,
}

/// Replaces a part that runs but does not work.
#[derive(Debug, Clone)]
pub(crate) struct Replace(mpsc::Sender<&'static str>);

impl Replace {
    /// Has the part killed and started again, unless that is about to happen anyway.
    pub(crate) fn now(&self, reason: &'static str) {
        let _ = self.0.try_send(reason);
    }
}

impl Kept {
    /// Starts the part; an error of this first start is the caller's. From then on it is kept running until `stop`.
    pub(crate) async fn start(
        name: &str,
        dir: &DataDir,
        hasten: &CancellationToken,
        mut start: Start,
    ) -> Result<Self> {
        let running = start()
            .await
            .with_context(|| format!("{name} cannot be started"))?;
        let (replace, replaced) = mpsc::channel(1);
        let (end, ends) = watch::channel(None);
        let keeper = Keeper {
            name: name.to_owned(),
            dir: dir.clone(),
            stop: CancellationToken::new(),
            hasten: hasten.clone(),
            replaced,
            end,
            start,
        };
        keeper.note(&running)?;
        Ok(Self {
            name: name.to_owned(),
            stop: keeper.stop.clone(),
            replace,
            ends,
            task: tokio::spawn(keeper.run(running)),
        })
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    pub(crate) fn replacer(&self) -> Replace {
        Replace(self.replace.clone())
    }

    /// Waits until the part has ended by itself for the first time, and says how.
    pub(crate) fn first_end(&self) -> impl Future<Output = String> + use<> {
        let mut ends = self.ends.clone();
        async move {
            match ends.wait_for(Option::is_some).await {
                Ok(how) => how.clone().unwrap_or_default(),
                // Its keeper is gone: it was stopped, which is no end by itself.
                Err(_) => std::future::pending().await,
            }
        }
    }

    /// Ends the part and waits until it has ended.
    pub(crate) async fn stop(self) {
        self.stop.cancel();
        if let Err(error) = self.task.await {
            tracing::error!(part = self.name, %error, "the keeper of a part failed");
        }
    }
}

struct Keeper {
    name: String,
    dir: DataDir,
    stop: CancellationToken,
    hasten: CancellationToken,
    replaced: mpsc::Receiver<&'static str>,
    end: watch::Sender<Option<String>>,
    start: Start,
}

/// Why a part is not watched any more.
enum Over {
    Ended(String),
    Replaced(&'static str),
    Stopped,
}

impl Keeper {
    async fn run(mut self, mut running: Running) {
        let mut backoff = Backoff::new();
        loop {
            let over = tokio::select! {
                how = running.ended() => Over::Ended(how),
                Some(reason) = self.replaced.recv() => Over::Replaced(reason),
                () = self.stop.cancelled() => Over::Stopped,
            };
            match over {
                Over::Ended(how) => {
                    tracing::warn!(
                        part = self.name,
                        how,
                        "a part of the platform ended, it is started again"
                    );
                    self.end.send_replace(Some(how));
                }
                Over::Replaced(reason) => {
                    tracing::warn!(
                        part = self.name,
                        reason,
                        "a part of the platform is killed and started again"
                    );
                    running.kill();
                    running.ended().await;
                }
                Over::Stopped => {
                    running.stop(&self.hasten).await;
                    // A file that is gone says as much.
                    drop(std::fs::remove_file(self.dir.pid_file(&self.name)));
                    return;
                }
            }
            match self.start_again(&mut backoff).await {
                Some(started) => running = started,
                None => return,
            }
        }
    }

    /// Starts the part, as often as it takes; nothing when it is to stop instead.
    async fn start_again(&mut self, backoff: &mut Backoff) -> Option<Running> {
        loop {
            let pause: Duration = backoff.pause();
            tokio::select! {
                () = sleep(pause) => {}
                () = self.stop.cancelled() => return None,
            }
            let started = tokio::select! {
                started = (self.start)() => started,
                () = self.stop.cancelled() => return None,
            };
            match started.and_then(|running| self.note(&running).map(|()| running)) {
                Ok(running) => {
                    backoff.started();
                    return Some(running);
                }
                Err(error) => {
                    tracing::error!(
                        part = self.name,
                        error = format!("{error:#}"),
                        "a part of the platform cannot be started"
                    );
                }
            }
        }
    }

    /// Writes down which process the part runs in.
    fn note(&self, running: &Running) -> Result<()> {
        let path = self.dir.pid_file(&self.name);
        // Whole or not at all: others read it at any time.
        let half = path.with_extension("half");
        std::fs::write(&half, format!("{}\n", running.pid()))
            .and_then(|()| std::fs::rename(&half, &path))
            .with_context(|| format!("cannot write {}", path.display()))
    }
}
