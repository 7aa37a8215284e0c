//! How far the log reached: its last position and every partition's last position, of one moment.
//!
//! A view's checkpoint of a partition without new events stays behind the log although the view misses nothing;
//! with a frontier one can tell (pipeline.md, "Read your own write").

use async_nats::Client;
use bytes::Bytes;
use futures::StreamExt as _;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::StreamSettings;

/// All events up to `position` are in the log, and `last[p]` is the last of them in partition p (0: none).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Frontier {
    /// The log that is spoken of: two platforms may share a broker.
    pub log: Uuid,
    /// The log's incarnation.
    pub incarnation: i64,
    /// Up to here.
    pub position: i64,
    /// One position a partition.
    pub last: Vec<i64>,
}

impl Frontier {
    /// Tells everybody who listens. A core message: who misses it has the idle check.
    pub(crate) async fn publish(&self, client: &Client, settings: &StreamSettings) {
        let Ok(payload) = serde_json::to_vec(self) else {
            return;
        };
        // Not being heard is allowed, see above.
        let _ = client
            .publish(settings.frontier_subject.clone(), Bytes::from(payload))
            .await;
    }
}

/// Listens to frontier messages.
#[derive(Debug)]
pub struct FrontierSubscription {
    subscriber: async_nats::Subscriber,
}

impl FrontierSubscription {
    /// Begins to listen; survives the broker's absence.
    pub async fn open(
        client: &Client,
        settings: &StreamSettings,
    ) -> Result<Self, async_nats::SubscribeError> {
        let subscriber = client.subscribe(settings.frontier_subject.clone()).await?;
        Ok(Self { subscriber })
    }

    /// The next frontier; `None` when the client is closed. What is no frontier is stepped over.
    pub async fn next(&mut self) -> Option<Frontier> {
        loop {
            let message = self.subscriber.next().await?;
            if let Ok(frontier) = serde_json::from_slice(&message.payload) {
                return Some(frontier);
            }
        }
    }

    /// A frontier that has arrived already, if there is one.
    pub fn waiting(&mut self) -> Option<Frontier> {
        use futures::FutureExt as _;
        self.next().now_or_never().flatten()
    }
}
