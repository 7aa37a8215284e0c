//! Parked orders are tried again.
//!
//! Each is folded from the log to exactly the view's checkpoint, in a transaction that begins by taking hold of that checkpoint
//! where it is: so no event of the order passes meanwhile, and its next one finds it parked or not, but never half of either.

use std::collections::HashMap;

use event_store::{ORDER, ReadError};

use super::{Partition, PartitionError};
use crate::checkpoints::{self, Target};
use crate::folding::{Incoming, OrderEvents};
use crate::parking::rows::{self, Again, Taken};
use crate::parking::write_carefully;

/// Orders of a transaction.
const ORDERS: i64 = 100;

impl Partition {
    /// Tries orders again; those that fail again stay parked, with what is wrong now.
    pub(super) async fn retry(&mut self, again: Again) -> Result<(), PartitionError> {
        for target in self.targets.clone() {
            let (views, index) = (&self.sources.views, self.place.index);
            let is_any = self
                .parked
                .of(&target)
                .is_some_and(|parked| !parked.is_empty());
            if !is_any || !rows::any(views, index, &target, again).await? {
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
        if !checkpoints::advance(&mut transaction, index, &[target], target.checkpoint).await? {
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
        let (view, part) = (target.view, target.part(self.place.index));
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

    /// These orders, from their first events to where the view is.
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
        let store = &self.sources.store;
        let events = store
            .load_many(ORDER, &ids, target.checkpoint.position)
            .await
            .map_err(ReadError::from)?;
        let mut orders = OrderEvents::from_the_first(events);
        for order in &mut orders {
            let parked = positions.get(order.order_id.as_str()).copied();
            let is_shown = |event: &Incoming| Some(event.position()) < parked;
            order.known = order.events.partition_point(is_shown);
        }
        Ok(orders)
    }
}
