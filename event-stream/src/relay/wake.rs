//! What wakes the relay: a commit in this process, a message from another one, or 20 ms.

use std::time::Duration;

use async_nats::{Client, Subscriber};
use bytes::Bytes;
use futures::{FutureExt as _, StreamExt as _};
use tokio::sync::watch;

use crate::StreamSettings;

/// The guarantee: nothing stays unpublished for longer because a wake-up was lost.
const POLL: Duration = Duration::from_millis(20);

/// Commits of a following process are told at most this often.
const TELL_EVERY: Duration = Duration::from_millis(5);

/// Waits for something to publish.
#[derive(Debug)]
pub(super) struct Wake {
    committed: watch::Receiver<i64>,
    told: Option<Subscriber>,
}

impl Wake {
    pub(super) fn new(committed: watch::Receiver<i64>) -> Self {
        Self {
            committed,
            told: None,
        }
    }

    /// Listens to other processes too. Failing to is no harm: there is the poll.
    pub(super) async fn listen(&mut self, client: &Client, settings: &StreamSettings) {
        if self.told.is_none() {
            self.told = client.subscribe(settings.wake_subject.clone()).await.ok();
        }
    }

    /// Returns when something may have been committed, at the latest after 20 ms.
    pub(super) async fn wait(&mut self) {
        let told = async {
            if let Some(subscriber) = &mut self.told
                && subscriber.next().await.is_some()
            {
                // Whatever else was told meanwhile is covered by the same look at the log.
                while subscriber.next().now_or_never().flatten().is_some() {}
                return;
            }
            std::future::pending::<()>().await;
        };
        tokio::select! {
            () = committed(&mut self.committed) => {}
            () = told => {}
            () = tokio::time::sleep(POLL) => {}
        }
    }

    /// Passes this process's commits on to the leader, wherever it is, until the future is dropped.
    pub(super) async fn pass_on(&mut self, client: &Client, settings: &StreamSettings) {
        self.told = None;
        loop {
            committed(&mut self.committed).await;
            // The leader polls as well.
            let _ = client
                .publish(settings.wake_subject.clone(), Bytes::new())
                .await;
            tokio::time::sleep(TELL_EVERY).await;
        }
    }
}

/// Returns after a commit of this process; never, if nothing commits here any more.
async fn committed(receiver: &mut watch::Receiver<i64>) {
    if receiver.changed().await.is_err() {
        std::future::pending::<()>().await;
    }
}
