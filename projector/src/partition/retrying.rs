//! Parked orders are tried again.
//!
//! Each is folded from the log to exactly the view's checkpoint, in a transaction that begins by taking hold of that checkpoint
//! where it is: so no event of the order passes meanwhile, and its next one finds it parked or not, but never half of either.

use std::collections::HashMap;

use event_store::{ORDER, ReadError};

use super::{Partition, PartitionError};
use crate::folding::{Folded, OrderEvents};
use crate::parking::rows::{self, Again, Taken};
use crate::parking::write_carefully;
use crate::views::{self, Target};

/// Orders of a transaction.
const ORDERS: i64 = 100;

impl Partition {
    /// Tries orders again; those that fail again stay parked, with what is wrong now.
    pub(super) async fn retry(&mut self, again: Again) -> Result<(), PartitionError> {
        for target in self.targets.clone() {
            let (views, index) = (&self.sources.views, self.place.index);
            if !rows::any(views, index, &target, again).await? {
                continue;
            }
            if !self.log_has(target.checkpoint).await? {
                return Err(self.turned().await?);
            }
            let mut after = String::new();
            while let Some(last) = self.retry_some(&target, again, &after).await? {
                after = last;
            }
        }
        Ok(())
    }

    /// Tries the next orders behind `after` again, and says which was the last of them.
    async fn retry_some(
        &mut self,
        target: &Target,
        again: Again,
        after: &str,
    ) -> Result<Option<String>, PartitionError> {
        let index = self.place.index;
        let mut transaction = self.sources.views.begin().await?;
        if !views::advance(&mut transaction, index, &[target], target.checkpoint).await? {
            transaction.rollback().await?;
            return Err(PartitionError::Doubled);
        }
        let taken = rows::take(&mut transaction, index, target, again, after, ORDERS).await?;
        let Some(last) = taken.iter().map(|order| &order.order_id).max().cloned() else {
            transaction.rollback().await?;
            return Ok(None);
        };
        let orders = self.refold(target, &taken).await?;
        let orders: Vec<&OrderEvents> = orders.iter().collect();
        let (view, part) = (target.view, self.part(target));
        let parked = write_carefully(&mut transaction, view, part, &orders).await?;
        let since = taken
            .iter()
            .map(|order| (order.order_id.clone(), order.since));
        let since: HashMap<_, _> = since.collect();
        rows::insert(&mut transaction, view, part, &parked, &since).await?;
        transaction.commit().await?;

        for order in &taken {
            self.parked.release(target, &order.order_id);
        }
        self.parked.park(target, &parked);
        tracing::info!(
            partition = index,
            view = view.as_str(),
            generation = target.generation,
            orders = taken.len(),
            failed = parked.len(),
            "parked orders were tried again"
        );
        Ok(Some(last))
    }

    /// These orders as the view shows them, and the events that were held back.
    async fn refold(
        &self,
        target: &Target,
        taken: &[Taken],
    ) -> Result<Vec<OrderEvents>, PartitionError> {
        let ids: Vec<String> = taken.iter().map(|order| order.order_id.clone()).collect();
        let positions: HashMap<&str, i64> = taken
            .iter()
            .map(|order| (order.order_id.as_str(), order.position))
            .collect();
        let events = self
            .sources
            .store
            .load_many(ORDER, &ids, target.checkpoint.position)
            .await
            .map_err(ReadError::from)?;
        let mut orders = OrderEvents::from_the_first(events);
        for order in &mut orders {
            let first = positions.get(order.order_id.as_str()).copied().unwrap_or(0);
            let shown = order
                .events
                .partition_point(|event| event.position() < first);
            let held_back = order.events.split_off(shown);
            order.before = Folded::of(order.events.iter());
            order.events = held_back;
        }
        Ok(orders)
    }
}
