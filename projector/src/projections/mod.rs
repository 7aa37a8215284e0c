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

use std::any::Any;
use std::fmt::Debug;
use std::pin::Pin;

use read_model::View;
use read_model::order::OrderFold;
use sqlx::PgConnection;

use crate::folding::{Incoming, OrderEventAt};
use changed_orders::{ChangedOrders, OfOneOrder};

/// A write under way.
pub(crate) type Writing<'a> = Pin<Box<dyn Future<Output = Result<(), sqlx::Error>> + Send + 'a>>;

/// What a batch of events leads to in one view: gathered while orders are folded, then written.
///
/// An order is folded once, whatever the number of views: all are shown the same fold.
pub(crate) trait Gathering: Any + Debug + Send + Sync {
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

    /// Takes in what another gathering of the same view has, of other partitions: so that it is written with what is here.
    fn absorb(&mut self, other: Box<dyn Gathering>);

    /// Writes what was gathered; nothing, if that is nothing.
    fn write<'a>(&'a self, connection: &'a mut PgConnection, generation: i32) -> Writing<'a>;

    /// As [`Gathering::write`], of orders that the view does not have yet: may be faster.
    fn fill<'a>(&'a self, connection: &'a mut PgConnection, generation: i32) -> Writing<'a> {
        self.write(connection, generation)
    }
}

/// An empty gathering of this view, for orders of this partition.
pub(crate) fn gathering(view: View, partition: u16) -> Box<dyn Gathering> {
    match view {
        View::Orders => Box::<orders::Orders>::default(),
        View::OrderHistory => Box::<order_history::OrderHistory>::default(),
        View::Customers => of_one_order::<customers::Customers>(partition),
        View::Products => of_one_order::<products::Products>(partition),
        View::Revenue => of_one_order::<revenue::Revenue>(partition),
        View::FulfillmentQueue => of_one_order::<fulfillment_queue::FulfillmentQueue>(partition),
        View::Returns => of_one_order::<returns::Returns>(partition),
    }
}

fn of_one_order<P: OfOneOrder>(partition: u16) -> Box<dyn Gathering> {
    Box::new(ChangedOrders::<P>::new(partition))
}

/// What another gathering is, which is one of the same view.
///
/// # Panics
///
/// If it is not, which is a fault of this program.
fn of_the_same_view<G: Gathering>(other: Box<dyn Gathering>) -> G {
    let other: Box<dyn Any> = other;
    *other
        .downcast()
        .unwrap_or_else(|_| unreachable!("what is gathered for one view is of one type"))
}
