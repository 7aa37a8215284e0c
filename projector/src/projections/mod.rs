//! The projections, one folder each: what events make of a view.
//!
//! A projection is pure: it is shown orders before and after their events and gathers what its view will hold. Nothing is
//! read, no clock is asked. What was gathered is written in sets, all views and checkpoints in one transaction.
//!
//! A new projection is a folder here, its shape in `read-model`, and a line in [`gathering`].

mod changed_orders;
mod customers;
mod fulfillment_queue;
mod order_history;
mod orders;
mod products;
mod returns;
mod revenue;

use std::fmt::Debug;
use std::pin::Pin;

use read_model::View;
use read_model::contributions::Part;
use read_model::order::OrderFold;
use sqlx::PgConnection;

use crate::folding::{Incoming, OrderEventAt};
use changed_orders::ChangedOrders;

/// A write under way.
pub(crate) type Writing<'a> = Pin<Box<dyn Future<Output = Result<(), sqlx::Error>> + Send + 'a>>;

/// What a batch of events leads to in one view: gathered while orders are folded, then written.
///
/// An order is folded once, whatever the number of views: all are shown the same fold.
pub(crate) trait Gathering: Debug + Send + Sync {
    /// An order before the first of its events in the batch.
    fn begin(&mut self, _order_id: &str, _before: &OrderFold) -> Result<(), serde_json::Error> {
        Ok(())
    }

    /// An order after one of its events.
    fn event(
        &mut self,
        _event: &OrderEventAt,
        _after: &OrderFold,
    ) -> Result<(), serde_json::Error> {
        Ok(())
    }

    /// An event of an order that cannot be folded, since it or one before it is flawed; `so_far` is what stands before the
    /// flaw, and `error` says which event that is. `false`: the view has nothing to tell of it, and its row stays as it is.
    fn unfolded(
        &mut self,
        _event: &Incoming,
        _so_far: &OrderFold,
        _error: &str,
    ) -> Result<bool, serde_json::Error> {
        Ok(false)
    }

    /// An order after the last of its events in the batch.
    fn end(&mut self, _order_id: &str, _after: &OrderFold) -> Result<(), serde_json::Error> {
        Ok(())
    }

    /// Writes what was gathered; nothing, if that is nothing.
    fn write<'a>(&'a self, connection: &'a mut PgConnection, part: Part) -> Writing<'a>;

    /// As [`Gathering::write`], of orders that the view does not have yet: may be faster.
    fn fill<'a>(&'a self, connection: &'a mut PgConnection, part: Part) -> Writing<'a> {
        self.write(connection, part)
    }
}

/// An empty gathering of this view.
pub(crate) fn gathering(view: View) -> Box<dyn Gathering> {
    match view {
        View::Orders => Box::<orders::Orders>::default(),
        View::OrderHistory => Box::<order_history::OrderHistory>::default(),
        View::Customers => Box::<ChangedOrders<customers::Customers>>::default(),
        View::Products => Box::<ChangedOrders<products::Products>>::default(),
        View::Revenue => Box::<ChangedOrders<revenue::Revenue>>::default(),
        View::FulfillmentQueue => {
            Box::<ChangedOrders<fulfillment_queue::FulfillmentQueue>>::default()
        }
        View::Returns => Box::<ChangedOrders<returns::Returns>>::default(),
    }
}
