//! The orders of a partition, folded from their first events and written in sets into tables that have nothing of them yet.
//!
//! Some orders are folded at a time, so memory is bounded whatever the log's length. The next set is folded while one is written.

use std::collections::HashMap;

use event_store::{EventStore, PartitionOf, StoredEvent};
use read_model::View;
use read_model::contributions::Part;
use sqlx::PgConnection;

use super::ReplayError;
use super::report::Report;
use crate::folding::{FoldError, OrderEvents};
use crate::parking::{self, Gathered, Parked};

/// What is filled.
pub(super) struct Filling<'a> {
    pub(super) store: &'a EventStore,
    pub(super) view: View,
    pub(super) part: Part,
    pub(super) place: PartitionOf,
    /// All orders as they were there.
    pub(super) up_to: i64,
    /// Orders of which nothing is taken in from an event on.
    pub(super) held: HashMap<String, i64>,
}

impl Filling<'_> {
    /// Fills the partition; returns the orders that could not be taken in to their end.
    pub(super) async fn fill(
        &self,
        connection: &mut PgConnection,
        report: &Report,
    ) -> Result<Vec<Parked>, ReplayError> {
        let mut parked = Vec::new();
        let mut orders = self.store.read_orders(self.place, self.up_to);
        let mut folded: Option<Folded> = None;
        loop {
            let next = orders.next().await.transpose()?;
            let last = next.is_none();
            let folding = next.map(|events| {
                let (view, orders) = (self.view, self.until_held(events));
                tokio::task::spawn_blocking(move || fold(view, orders))
            });
            if let Some(Folded { orders, gathered }) = folded.take() {
                let (view, part) = (self.view, self.part);
                parked.extend(parking::fill(connection, view, part, &orders, gathered).await?);
                report.did(orders.iter().map(|order| order.events.len()).sum());
            }
            if let Some(folding) = folding {
                folded = Some(folding.await?);
            }
            if last {
                return Ok(parked);
            }
        }
    }

    /// Whole orders, less what is held.
    fn until_held(&self, mut events: Vec<StoredEvent>) -> Vec<StoredEvent> {
        if !self.held.is_empty() {
            events.retain(|event| {
                let held = self.held.get(&event.aggregate_id);
                held.is_none_or(|position| event.position < *position)
            });
        }
        events
    }
}

/// Orders, and what they come to in a view.
struct Folded {
    orders: Vec<OrderEvents>,
    gathered: Result<Gathered, FoldError>,
}

fn fold(view: View, events: Vec<StoredEvent>) -> Folded {
    let orders = OrderEvents::from_the_first(events);
    let gathered = parking::gather_all(view, &orders);
    Folded { orders, gathered }
}
