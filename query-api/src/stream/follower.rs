//! One client that follows the events.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Bytes;
use read_model::OrderId;
use service_kit::problem::chain;
use tokio::time::Instant;

use super::frame;
use super::hub::Subscription;
use super::window::Since;
use crate::audit::{Entries, Filter, StoredEntry};
use crate::views::{Generation, ReadError, Views};

/// Between two signs of life when nothing happens.
const HEARTBEAT_EVERY: Duration = Duration::from_secs(15);
/// How long a stream lasts: then the client comes again, with a token that is still good.
const LIFETIME: Duration = Duration::from_secs(60 * 60);
/// Entries that are read at a time by who is behind the window.
const PAGE: u16 = 200;
/// About how much is sent at a time, in bytes.
const CHUNK: usize = 128 << 10;

/// Where a client is.
///
/// It is asked for more only when the client has taken what there was: a slow one falls behind the window and reads on
/// from the view, at its own speed, instead of being kept in memory.
#[derive(Debug)]
pub(super) struct Follower {
    views: Views,
    subscription: Subscription,
    /// Only events of this order.
    order_id: Option<OrderId>,
    /// All up to here was sent.
    last: i64,
    greeted: bool,
    ends: Instant,
}

impl Follower {
    pub(super) fn new(
        views: Views,
        subscription: Subscription,
        order_id: Option<OrderId>,
        after: i64,
    ) -> Self {
        Self {
            views,
            subscription,
            order_id,
            last: after,
            greeted: false,
            ends: Instant::now() + LIFETIME,
        }
    }

    /// The next that is to be sent; nothing if the stream ends, and the client has to come again.
    pub(super) async fn next(mut self) -> Option<(Result<Bytes, Infallible>, Self)> {
        if !self.greeted {
            self.greeted = true;
            return Some((Ok(Bytes::from_static(frame::GREETING.as_bytes())), self));
        }
        let heartbeat = Instant::now() + HEARTBEAT_EVERY;
        let chunk = loop {
            let chunk = match self.subscription.since(self.last, CHUNK) {
                Since::News(entries, reached) => {
                    let chunk = self.written(entries.iter().map(Arc::as_ref));
                    self.last = reached;
                    chunk
                }
                Since::TooOld => match self.read_on().await {
                    Ok(chunk) => chunk,
                    Err(error) => {
                        tracing::warn!(error = chain(&error), "a stream of events broke off");
                        return None;
                    }
                },
                Since::Nothing => {
                    tokio::select! {
                        moved = self.subscription.moved() => if !moved {
                            return None;
                        },
                        () = tokio::time::sleep_until(heartbeat) => break frame::HEARTBEAT.to_owned(),
                        () = tokio::time::sleep_until(self.ends) => return None,
                    }
                    continue;
                }
            };
            if !chunk.is_empty() {
                break chunk;
            }
        };
        Some((Ok(chunk.into()), self))
    }

    /// Reads the next events from the view.
    async fn read_on(&mut self) -> Result<String, ReadError> {
        let query = Entries {
            generation: Generation::Live,
            filter: self
                .order_id
                .as_ref()
                .map_or_else(Filter::default, Filter::of_order),
            after: self.last,
            up_to: i64::MAX,
            limit: PAGE,
        };
        let found = self.views.read(&query).await?;
        let entries = found.rows.items;
        let chunk = self.written(entries.iter());
        let reached = match entries.last() {
            Some(last) if found.rows.more => last.position,
            _ => found.position,
        };
        self.last = self.last.max(reached);
        Ok(chunk)
    }

    fn written<'e>(&self, entries: impl Iterator<Item = &'e StoredEntry>) -> String {
        let mut chunk = String::new();
        for entry in entries {
            let wanted = self.order_id.as_ref();
            if wanted.is_none_or(|id| id.as_str() == entry.order_id) {
                frame::write(entry, &mut chunk);
            }
        }
        chunk
    }
}
