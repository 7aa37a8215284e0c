//! Commands of one order take turns in this process.
//!
//! Without it, of many commands that arrive for one order at once each round of appends would let one
//! through and send the others back to load again. What holds across processes, and is the guarantee,
//! is the sequence that the append checks.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use domain::OrderId;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Who waits for which order.
#[derive(Clone, Default)]
pub(crate) struct Turns {
    orders: Arc<Mutex<HashMap<OrderId, Line>>>,
}

/// Those who wait for one order, and the one whose turn it is.
struct Line {
    turn: Arc<Semaphore>,
    people: usize,
}

/// A place in the line of an order; the place is free again when this is dropped.
struct Place {
    turns: Turns,
    order: OrderId,
}

/// It is the holder's turn until this is dropped.
#[must_use]
pub(crate) struct Turn {
    // The order of the fields matters: the turn ends before the place is given up.
    _permit: Option<OwnedSemaphorePermit>,
    _place: Place,
}

impl Turns {
    /// Waits for the turn of a command of this order, first come, first served.
    pub(crate) async fn wait(&self, order: &OrderId) -> Turn {
        let (turn, place) = self.line_up(order);
        // Never closed, and if it were: the append is what keeps writers apart.
        let permit = turn.acquire_owned().await.ok();
        Turn {
            _permit: permit,
            _place: place,
        }
    }

    fn line_up(&self, order: &OrderId) -> (Arc<Semaphore>, Place) {
        let mut orders = self.orders();
        let new = || Line {
            turn: Arc::new(Semaphore::new(1)),
            people: 0,
        };
        let line = orders.entry(order.clone()).or_insert_with(new);
        line.people += 1;
        let place = Place {
            turns: self.clone(),
            order: order.clone(),
        };
        (Arc::clone(&line.turn), place)
    }

    fn orders(&self) -> MutexGuard<'_, HashMap<OrderId, Line>> {
        // No statement here panics between two that belong together.
        self.orders.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut orders = self.turns.orders();
        if let Some(line) = orders.get_mut(&self.order) {
            line.people -= 1;
            if line.people == 0 {
                orders.remove(&self.order);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures::FutureExt as _;

    #[tokio::test]
    async fn one_order_is_served_in_turn_and_others_at_once() {
        let turns = Turns::default();
        let (one, two) = (OrderId::parse("1").unwrap(), OrderId::parse("2").unwrap());
        let first = turns.wait(&one).await;
        assert!(turns.wait(&one).now_or_never().is_none());
        assert!(turns.wait(&two).now_or_never().is_some());
        drop(first);
        assert!(turns.wait(&one).now_or_never().is_some());
        assert!(
            turns.orders().is_empty(),
            "nothing is kept of an order that nobody waits for"
        );
    }
}
