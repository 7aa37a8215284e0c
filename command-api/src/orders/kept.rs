//! The orders that are kept in memory: those that were used last, within bounds.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use domain::OrderId;
use hashlink::LinkedHashMap;
use metrics::gauge;

use super::Known;

/// Gauge: orders that are kept.
const ORDERS: &str = "order_cache_orders";
/// Gauge: about how many bytes they take.
const BYTES: &str = "order_cache_bytes";

/// What an order takes however little is known of it: its structs, and its place in the map.
const LEAST: usize = 2 * 1024;

/// How much is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Limits {
    /// The most orders; with 0 none is kept.
    pub(crate) orders: usize,
    /// The most bytes, by estimate.
    pub(crate) bytes: usize,
}

/// The orders that are kept. Cheap to clone: all clones are the same shelf.
#[derive(Clone)]
pub(super) struct Kept {
    shelf: Arc<Mutex<Shelf>>,
    limits: Limits,
}

#[derive(Default)]
struct Shelf {
    /// The one that was put there last is the last.
    orders: LinkedHashMap<OrderId, Known>,
    bytes: usize,
}

impl Kept {
    pub(super) fn new(limits: Limits) -> Self {
        Self {
            shelf: Arc::default(),
            limits,
        }
    }

    /// Takes an order from the shelf.
    pub(super) fn take(&self, order_id: &OrderId) -> Option<Known> {
        let mut locked = self.shelf();
        let known = locked.orders.remove(order_id)?;
        locked.bytes -= weight(order_id, &known);
        locked.report();
        Some(known)
    }

    /// Puts an order on the shelf. Those that were used longest ago make room for it; one that is larger than the shelf
    /// is not kept.
    pub(super) fn put(&self, order_id: &OrderId, known: Known) {
        let weight_of_it = weight(order_id, &known);
        if self.limits.orders == 0 || weight_of_it > self.limits.bytes {
            return;
        }
        // What has to go is dropped when nobody waits for the shelf.
        let mut gone = Vec::new();
        let mut locked = self.shelf();
        if let Some(replaced) = locked.orders.insert(order_id.clone(), known) {
            locked.bytes -= weight(order_id, &replaced);
            gone.push(replaced);
        }
        locked.bytes += weight_of_it;
        while locked.orders.len() > self.limits.orders || locked.bytes > self.limits.bytes {
            let Some((oldest, known)) = locked.orders.pop_front() else {
                break;
            };
            locked.bytes -= weight(&oldest, &known);
            gone.push(known);
        }
        locked.report();
        drop(locked);
    }

    fn shelf(&self) -> MutexGuard<'_, Shelf> {
        // No statement here panics between two that belong together.
        self.shelf.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Shelf {
    #[expect(clippy::cast_precision_loss, reason = "neither number comes near 2^52")]
    fn report(&self) {
        gauge!(ORDERS).set(self.orders.len() as f64);
        gauge!(BYTES).set(self.bytes as f64);
    }
}

/// About how much memory an order takes: texts are as long as in the JSON that they came in, and the structs around
/// them about as much again.
fn weight(order_id: &OrderId, known: &Known) -> usize {
    LEAST + 2 * (order_id.as_str().len() + known.bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(n: usize) -> OrderId {
        OrderId::parse(format!("o-{n}").as_str()).unwrap()
    }

    fn of_bytes(bytes: usize) -> Known {
        Known {
            bytes,
            ..Known::default()
        }
    }

    fn shelf(orders: usize, bytes: usize) -> Kept {
        Kept::new(Limits { orders, bytes })
    }

    /// Which of the first ten orders are on the shelf; leaves them there.
    fn on(kept: &Kept) -> Vec<usize> {
        let locked = kept.shelf();
        (0..10)
            .filter(|n| locked.orders.contains_key(&id(*n)))
            .collect()
    }

    #[test]
    fn no_more_orders_are_kept_than_allowed_and_those_used_last_stay() {
        let kept = shelf(3, usize::MAX);
        for n in 0..3 {
            kept.put(&id(n), of_bytes(1));
        }
        let used = kept.take(&id(0)).unwrap();
        kept.put(&id(0), used);
        kept.put(&id(3), of_bytes(1));
        assert_eq!(on(&kept), [0, 2, 3]);
        assert!(kept.take(&id(1)).is_none());
    }

    #[test]
    fn no_more_bytes_are_kept_than_allowed_whatever_becomes_of_orders() {
        let one = weight(&id(0), &of_bytes(1_000));
        let kept = shelf(100, 3 * one);
        for n in 0..10 {
            kept.put(&id(n), of_bytes(1_000));
        }
        assert_eq!(on(&kept), [7, 8, 9]);
        kept.put(&id(8), of_bytes(1));
        kept.put(&id(8), of_bytes(1_000));
        assert_eq!(on(&kept), [7, 8, 9], "replaced, and not counted twice");
        kept.put(&id(1), of_bytes(2_000 + LEAST / 2));
        assert_eq!(on(&kept), [1, 8], "a large one takes the place of two");
        kept.put(&id(2), of_bytes(1_000_000));
        assert_eq!(on(&kept), [1, 8], "one that is too large takes no place");
        for n in [1, 8] {
            kept.take(&id(n)).unwrap();
        }
        assert_eq!(kept.shelf().bytes, 0);
    }

    #[test]
    fn a_shelf_for_no_orders_keeps_none() {
        let kept = shelf(0, usize::MAX);
        kept.put(&id(0), of_bytes(1));
        assert!(kept.take(&id(0)).is_none());
    }
}
