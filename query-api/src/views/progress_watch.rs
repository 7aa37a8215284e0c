//! One poller a process tells everybody who waits how far the views are.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use read_model::View;
use read_model::position::{self, Progress};
use service_kit::Kept;
use tokio::sync::{Notify, watch};
use tokio_util::sync::CancellationToken;

/// Between two looks, while somebody waits. A view is a few milliseconds behind the log.
const POLL: Duration = Duration::from_millis(4);
/// Between two looks when the database does not answer.
const POLL_AFTER_ERROR: Duration = Duration::from_millis(100);

/// How far each view is, as long as somebody wants to know. Cheap to clone.
#[derive(Debug, Clone)]
pub(super) struct ProgressWatch {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    channels: BTreeMap<View, Channel>,
    wanted: Notify,
}

#[derive(Debug)]
struct Channel {
    view: View,
    waiting: AtomicUsize,
    progress: watch::Sender<Option<Progress>>,
}

/// Somebody who waits; as long as this lives, the view is looked at.
#[derive(Debug)]
pub(crate) struct Waiting {
    shared: Arc<Shared>,
    view: View,
    progress: watch::Receiver<Option<Progress>>,
}

impl ProgressWatch {
    /// Begins to look, whenever somebody waits, until `stopping`.
    pub(super) fn start(views: Kept, stopping: CancellationToken) -> Self {
        let shared = Arc::new(Shared {
            channels: View::ALL
                .iter()
                .map(|view| (*view, Channel::new(*view)))
                .collect(),
            wanted: Notify::new(),
        });
        let looking = shared.clone();
        tokio::spawn(async move {
            stopping
                .run_until_cancelled(async move { looking.look(&views).await })
                .await;
        });
        Self { shared }
    }

    /// Joins those who wait for this view. What is read after this call and seen as too old will be followed by a change.
    pub(super) fn wait(&self, view: View) -> Waiting {
        let channel = self.shared.channel(view);
        let mut progress = channel.progress.subscribe();
        progress.mark_unchanged();
        channel.waiting.fetch_add(1, Ordering::SeqCst);
        self.shared.wanted.notify_one();
        Waiting {
            shared: self.shared.clone(),
            view,
            progress,
        }
    }
}

impl Waiting {
    /// The next progress that differs from the last one seen. Never, if the poller has ended.
    pub(crate) async fn changed(&mut self) -> Progress {
        loop {
            if self.progress.changed().await.is_err() {
                std::future::pending::<()>().await;
            }
            if let Some(progress) = self.progress.borrow_and_update().clone() {
                return progress;
            }
        }
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        let channel = self.shared.channel(self.view);
        channel.waiting.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Shared {
    fn channel(&self, view: View) -> &Channel {
        &self.channels[&view]
    }

    async fn look(&self, views: &Kept) {
        loop {
            let mut pause = None;
            for channel in self.channels.values() {
                if channel.waiting.load(Ordering::SeqCst) == 0 {
                    continue;
                }
                let next = channel.look(views).await;
                pause = pause.max(Some(next));
            }
            match pause {
                Some(pause) => tokio::time::sleep(pause).await,
                None => self.wanted.notified().await,
            }
        }
    }
}

impl Channel {
    fn new(view: View) -> Self {
        Self {
            view,
            waiting: AtomicUsize::new(0),
            progress: watch::Sender::new(None),
        }
    }

    /// Looks once; how long to pause after it.
    async fn look(&self, views: &Kept) -> Duration {
        match self.progress(views).await {
            Ok(progress) => {
                self.progress.send_if_modified(|known| {
                    let changed = *known != progress;
                    if changed {
                        *known = progress;
                    }
                    changed
                });
                POLL
            }
            Err(error) => {
                tracing::warn!(view = %self.view, %error, "nobody knows how far the view is");
                POLL_AFTER_ERROR
            }
        }
    }

    async fn progress(&self, views: &Kept) -> Result<Option<Progress>, sqlx::Error> {
        let mut connection = views.take().await?;
        let progress = position::progress(&mut *connection, self.view).await?;
        connection.give_back();
        Ok(progress)
    }
}
