//! One bad event stops one order in one view, not its partition.
//!
//! An event that this program cannot read or fold stops its order in every view but the history. What one view alone cannot
//! show or write is found by halves, down to the order and the event (`carefully`). Such an order is parked in that generation of
//! the view: its row stays as it was before the event, and its later events are held back until it is folded anew. The table
//! `parked` (`rows`) is written in the transaction that moves the checkpoint over the event, so nothing is skipped silently.
//! When too many orders fail at once it is not the orders: the generation is faulted, and stands (`watch`).

mod carefully;
pub(crate) mod rows;
pub(crate) mod watch;

pub(crate) use watch::TOO_MANY;

use std::collections::{HashMap, HashSet};

use read_model::View;
use uuid::Uuid;

pub(crate) use carefully::{CarefulError, refusal, write_carefully};

use crate::checkpoints::Target;
use crate::folding::Incoming;

/// Characters of an error that are kept.
const TOLD: usize = 1_000;

/// An order that a generation of a view could not take in to its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Parked {
    pub(crate) order_id: String,
    /// The first event that could not be taken in.
    pub(crate) position: i64,
    pub(crate) event_id: Uuid,
    pub(crate) error: String,
    /// Whether another program may know the event.
    pub(crate) unknown: bool,
}

impl Parked {
    /// The order of this event, which is the first that could not be taken in.
    pub(crate) fn at(event: &Incoming, error: &str, unknown: bool) -> Self {
        Self {
            order_id: event.order_id().to_owned(),
            position: event.position(),
            event_id: event.event_id(),
            // As a column can hold it.
            error: error.replace('\0', "\u{fffd}").chars().take(TOLD).collect(),
            unknown,
        }
    }
}

/// The parked orders of a partition, by generation.
#[derive(Debug, Default)]
pub(crate) struct ParkedOrders(HashMap<(View, i32), HashSet<String>>);

impl ParkedOrders {
    /// Those of this generation.
    pub(crate) fn of(&self, target: &Target) -> Option<&HashSet<String>> {
        self.0.get(&(target.view, target.generation))
    }

    fn add(&mut self, view: View, generation: i32, order_id: String) {
        self.0
            .entry((view, generation))
            .or_default()
            .insert(order_id);
    }

    /// These orders are parked from now on.
    pub(crate) fn park(&mut self, target: &Target, parked: &[Parked]) {
        for order in parked {
            self.add(target.view, target.generation, order.order_id.clone());
        }
    }

    /// This order is parked no more.
    pub(crate) fn release(&mut self, target: &Target, order_id: &str) {
        if let Some(parked) = self.0.get_mut(&(target.view, target.generation)) {
            parked.remove(order_id);
        }
    }
}
