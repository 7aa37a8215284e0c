//! One order: folded as far as it can be, and shown to the views.

use std::collections::HashSet;

use event_store::StoredEvent;
use read_model::View;
use read_model::order::OrderFold;

use super::{Flaw, FoldError, Incoming};
use crate::caught::caught;
use crate::parking::Parked;
use crate::projections::{self, Gathering};

/// An order, as far as it could be folded.
#[derive(Debug, Clone, Default)]
pub(crate) struct Folded {
    /// What stands before the flaw, if there is one.
    fold: OrderFold,
    /// Its events so far, those behind the flaw among them.
    events: i64,
    flaw: Option<Flaw>,
}

impl Folded {
    /// The order after these events, which are its first.
    pub(crate) fn of(events: &[Incoming]) -> Self {
        let mut folded = Self::default();
        for (index, event) in events.iter().enumerate() {
            if let Err(panic) = caught(|| folded.take(event)) {
                // Half of it may be in: from the beginning, to the event before.
                folded = Self::default();
                for event in &events[..index] {
                    folded.take(event);
                }
                folded.stop_at(event, &panic);
            }
        }
        folded
    }

    /// Takes in the next event. A panic leaves it half changed.
    fn take(&mut self, event: &Incoming) {
        self.events += 1;
        if self.flaw.is_none() {
            match event {
                Incoming::Known(event) => self.fold.apply(&event.recorded),
                Incoming::Unread(event) => self.flaw = Some(event.flaw.clone()),
            }
        }
    }

    /// [`Self::take`], but for a panic: then the order cannot be folded from there on.
    pub(crate) fn take_carefully(&mut self, event: &Incoming) {
        let mut next = self.clone();
        match caught(|| next.take(event)) {
            Ok(()) => *self = next,
            Err(panic) => self.stop_at(event, &panic),
        }
    }

    /// What is wrong with the fold after that event, if anything is.
    pub(crate) fn flaw_with(&self, event: &Incoming) -> Option<String> {
        let mut next = self.clone();
        next.take_carefully(event);
        next.flaw.map(|flaw| flaw.error)
    }

    fn stop_at(&mut self, event: &Incoming, panic: &str) {
        self.events += 1;
        let position = event.position();
        self.flaw = Some(Flaw {
            error: format!("event {position} cannot be folded: {panic}"),
            unknown: false,
        });
    }

    /// As far as it could be folded.
    pub(crate) fn fold(&self) -> &OrderFold {
        &self.fold
    }
}

/// What an order goes through: where it stands, and the events that follow.
#[derive(Debug)]
pub(crate) struct OrderEvents {
    pub(crate) order_id: String,
    pub(crate) before: Folded,
    pub(crate) events: Vec<Incoming>,
    /// The first so many of these events could be taken in before.
    pub(crate) known: usize,
}

impl OrderEvents {
    /// All of these orders, each from its first event. The events of an order stand together, in their order.
    pub(crate) fn from_the_first(events: Vec<StoredEvent>) -> Vec<Self> {
        let mut orders: Vec<Self> = Vec::new();
        for event in events {
            match orders.last_mut() {
                Some(order) if order.order_id == event.aggregate_id => {
                    order.events.push(Incoming::read(event));
                }
                _ => orders.push(Self {
                    order_id: event.aggregate_id.clone(),
                    before: Folded::default(),
                    events: vec![Incoming::read(event)],
                    known: 0,
                }),
            }
        }
        orders
    }
}

/// A generation of a view that is shown orders while they are folded.
#[derive(Debug)]
pub(crate) struct Watcher<'a> {
    /// What the view will hold.
    pub(crate) gathering: Box<dyn Gathering>,
    /// The orders that could not be folded to the end, as far as the view holds back what it cannot be shown.
    pub(crate) parked: Vec<Parked>,
    /// The orders that were parked before and had events again, which were not shown.
    pub(crate) held_back: Vec<String>,
    held: Option<&'a HashSet<String>>,
    /// Of the order that is being folded.
    attention: Attention,
}

/// Whether a view is shown an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Attention {
    Shown,
    /// From an event on it is held back.
    Parked,
    Held,
}

impl<'a> Watcher<'a> {
    /// A watcher of this view that is shown orders of this partition, but nothing of those in `held`.
    pub(crate) fn new(view: View, partition: u16, held: Option<&'a HashSet<String>>) -> Self {
        Self {
            gathering: projections::gathering(view, partition),
            parked: Vec::new(),
            held_back: Vec::new(),
            held: held.filter(|held| !held.is_empty()),
            attention: Attention::Shown,
        }
    }

    fn turn_to(&mut self, order_id: &str) {
        self.attention = Attention::Shown;
        if self.held.is_some_and(|held| held.contains(order_id)) {
            self.attention = Attention::Held;
            self.held_back.push(order_id.to_owned());
        }
    }

    fn unfolded(
        &mut self,
        event: &Incoming,
        so_far: &OrderFold,
        flaw: &Flaw,
    ) -> Result<(), FoldError> {
        if self.attention == Attention::Shown
            && !self.gathering.unfolded(event, so_far, &flaw.error)?
        {
            self.attention = Attention::Parked;
            self.parked
                .push(Parked::at(event, &flaw.error, flaw.unknown));
        }
        Ok(())
    }
}

/// Folds the next events of an order and shows it to the watchers. After an error, or a panic, neither the fold nor what was
/// gathered is to be used.
pub(crate) fn show<'e>(
    order_id: &str,
    order: &mut Folded,
    events: impl IntoIterator<Item = &'e Incoming>,
    watchers: &mut [Watcher<'_>],
) -> Result<(), FoldError> {
    for watcher in &mut *watchers {
        watcher.turn_to(order_id);
    }
    let mut begun = false;
    for event in events {
        if event.sequence() != order.events + 1 {
            return Err(gap(event, order.events));
        }
        if !begun && order.flaw.is_none() && matches!(event, Incoming::Known(_)) {
            begun = true;
            for watcher in watchers
                .iter_mut()
                .filter(|w| w.attention == Attention::Shown)
            {
                watcher.gathering.begin(order_id, &order.fold)?;
            }
        }
        order.take(event);
        if let Some(flaw) = &order.flaw {
            for watcher in &mut *watchers {
                watcher.unfolded(event, &order.fold, flaw)?;
            }
        } else if let Incoming::Known(event) = event {
            for watcher in watchers
                .iter_mut()
                .filter(|w| w.attention == Attention::Shown)
            {
                watcher.gathering.event(event, &order.fold)?;
            }
        }
    }
    if begun {
        for watcher in watchers
            .iter_mut()
            .filter(|w| w.attention != Attention::Held)
        {
            watcher.gathering.end(order_id, &order.fold)?;
        }
    }
    Ok(())
}

fn gap(event: &Incoming, version: i64) -> FoldError {
    FoldError::Gap {
        order_id: event.order_id().to_owned(),
        version,
        sequence: event.sequence(),
    }
}
