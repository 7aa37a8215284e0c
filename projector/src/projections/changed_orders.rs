//! Views of which most events change nothing: an order is written only if what it shows there is not what it showed before.

use std::collections::HashMap;
use std::fmt::Debug;

use read_model::contributions::OfOrder;
use read_model::order::OrderFold;
use sqlx::PgConnection;

use super::{Gathering, Writing, of_the_same_view};

/// A projection that is a function of an order, whatever its events were and however many at once.
pub(super) trait OfOneOrder: Debug + 'static {
    /// What an order shows in the view, or adds to it.
    type Shown: Debug + PartialEq + Send + Sync;

    /// What this order shows; `None`: nothing yet. Once it shows something it goes on doing so, be it that it has left.
    fn shown(fold: &OrderFold) -> Result<Option<Self::Shown>, serde_json::Error>;

    /// Writes what orders show now, each once, in place of what they showed before.
    fn write(
        connection: &mut PgConnection,
        generation: i32,
        changed: &[OfOrder<Self::Shown>],
    ) -> impl Future<Output = Result<(), sqlx::Error>> + Send;
}

/// The orders of a batch that show something else than before.
#[derive(Debug)]
pub(super) struct ChangedOrders<P: OfOneOrder> {
    partition: u16,
    before: HashMap<String, P::Shown>,
    changed: Vec<OfOrder<P::Shown>>,
}

impl<P: OfOneOrder> ChangedOrders<P> {
    /// Nothing yet, of orders of this partition.
    pub(super) fn new(partition: u16) -> Self {
        Self {
            partition,
            before: HashMap::new(),
            changed: Vec::new(),
        }
    }
}

impl<P: OfOneOrder> Gathering for ChangedOrders<P> {
    fn begin(&mut self, order_id: &str, before: &OrderFold) -> Result<(), serde_json::Error> {
        if let Some(shown) = P::shown(before)? {
            self.before.insert(order_id.to_owned(), shown);
        }
        Ok(())
    }

    fn end(&mut self, order_id: &str, after: &OrderFold) -> Result<(), serde_json::Error> {
        let before = self.before.remove(order_id);
        match P::shown(after)? {
            Some(now) if before.as_ref() != Some(&now) => self.changed.push(OfOrder {
                order_id: order_id.to_owned(),
                partition: self.partition,
                contribution: now,
            }),
            _ => {}
        }
        Ok(())
    }

    fn absorb(&mut self, other: Box<dyn Gathering>) {
        let other: Self = of_the_same_view(other);
        self.changed.extend(other.changed);
    }

    fn write<'a>(&'a self, connection: &'a mut PgConnection, generation: i32) -> Writing<'a> {
        Box::pin(async move {
            if self.changed.is_empty() {
                return Ok(());
            }
            P::write(connection, generation, &self.changed).await
        })
    }
}
