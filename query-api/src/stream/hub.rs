//! One task a process follows the history for everybody who listens.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use read_model::View;
use service_kit::problem::chain;
use tokio::sync::{Notify, watch};
use tokio_util::sync::CancellationToken;

use super::start::Start;
use super::window::{Since, Window};
use crate::audit::{Entries, Filter};
use crate::views::{Generation, ReadError, Views};

/// Entries that are read at a time.
const PAGE: u16 = 500;
/// Between two attempts when the database does not answer.
const PAUSE_AFTER_ERROR: Duration = Duration::from_millis(200);

/// Whom to ask for what is new. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Hub {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    /// None while nobody listens.
    window: Mutex<Option<Window>>,
    /// The end of the window.
    end: watch::Sender<i64>,
    listening: AtomicUsize,
    came_or_left: Notify,
    stopping: CancellationToken,
}

/// Somebody who listens.
#[derive(Debug)]
pub(super) struct Subscription {
    shared: Arc<Shared>,
    end: watch::Receiver<i64>,
}

impl Hub {
    /// Begins to follow, whenever somebody listens, until `stopping`.
    pub(crate) fn start(views: Views, stopping: CancellationToken) -> Self {
        let shared = Arc::new(Shared {
            window: Mutex::new(None),
            end: watch::Sender::new(0),
            listening: AtomicUsize::new(0),
            came_or_left: Notify::new(),
            stopping: stopping.clone(),
        });
        tell(&shared);
        let following = shared.clone();
        tokio::spawn(async move {
            stopping
                .run_until_cancelled(async move { following.follow(&views).await })
                .await;
        });
        Self { shared }
    }

    /// Joins those who listen.
    pub(super) fn subscribe(&self) -> Subscription {
        self.shared.listening.fetch_add(1, Ordering::SeqCst);
        self.shared.came_or_left.notify_one();
        tell(&self.shared);
        Subscription {
            shared: self.shared.clone(),
            end: self.shared.end.subscribe(),
        }
    }
}

impl Subscription {
    /// What the window has behind `position`, up to so many bytes.
    pub(super) fn since(&self, position: i64, most: usize) -> Since {
        let window = self.shared.window();
        let since = window.as_ref().map(|window| window.since(position, most));
        since.unwrap_or(Since::Nothing)
    }

    /// Waits until the window has moved since the last call; `false` when the service stops.
    pub(super) async fn moved(&mut self) -> bool {
        tokio::select! {
            moved = self.end.changed() => moved.is_ok(),
            () = self.shared.stopping.cancelled() => false,
        }
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        self.shared.listening.fetch_sub(1, Ordering::SeqCst);
        self.shared.came_or_left.notify_one();
        tell(&self.shared);
    }
}

impl Shared {
    async fn follow(&self, views: &Views) {
        loop {
            while self.listening.load(Ordering::SeqCst) == 0 {
                self.came_or_left.notified().await;
            }
            // Joined before the first look, so that whatever that misses is followed by a change.
            let mut progress = views.watch(View::OrderHistory);
            while self.listening.load(Ordering::SeqCst) > 0 {
                let Err(error) = self.take_in(views).await else {
                    tokio::select! {
                        _ = progress.changed() => {}
                        () = self.came_or_left.notified() => {}
                    }
                    continue;
                };
                tracing::warn!(error = chain(&error), "the events cannot be followed");
                tokio::time::sleep(PAUSE_AFTER_ERROR).await;
            }
            *self.window() = None;
        }
    }

    /// Takes in all that the view has behind the window, or begins one where the view is.
    async fn take_in(&self, views: &Views) -> Result<(), ReadError> {
        loop {
            let end = self.window().as_ref().map(Window::end);
            let Some(end) = end else {
                let here = views.read(&Start { order_id: None }).await?;
                *self.window() = Some(Window::at(here.position));
                self.end.send_replace(here.position);
                return Ok(());
            };
            let found = views.read(&next_entries(end)).await?;
            let (entries, more) = (found.rows.items, found.rows.more);
            let reached = match entries.last() {
                Some(last) if more => last.position,
                _ => found.position,
            };
            if reached <= end {
                return Ok(());
            }
            if let Some(window) = self.window().as_mut() {
                window.extend(entries, reached);
            }
            self.end.send_replace(reached);
            if !more {
                return Ok(());
            }
        }
    }

    fn window(&self) -> MutexGuard<'_, Option<Window>> {
        self.window.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn next_entries(after: i64) -> Entries {
    Entries {
        generation: Generation::Live,
        filter: Filter::default(),
        after,
        up_to: i64::MAX,
        limit: PAGE,
    }
}

fn tell(shared: &Shared) {
    let listening = u32::try_from(shared.listening.load(Ordering::SeqCst));
    metrics::gauge!("query_stream_clients").set(listening.unwrap_or(u32::MAX));
}
