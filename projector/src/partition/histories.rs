//! A log that has taken another turn, seen from one partition's views.
//!
//! A standby that lagged was promoted, or a backup restored: positions that the views contain are used again for other
//! events. The views are taken back to the last event that the history view and the log agree on: what lies beyond
//! did not happen. Until every partition has been compared with the log, no frontier is written, so that nobody waits for a
//! position and is told that it is there.

use std::collections::{BTreeSet, HashMap};

use event_store::{Cursor, ORDER, ReadError};
use read_model::{View, forgetting};
use sqlx::{PgConnection, Postgres, Row as _, Transaction};
use uuid::Uuid;

use super::{Partition, PartitionError, metric};
use crate::checkpoints::{self, Target};
use crate::folding::OrderEvents;
use crate::parking::{rows, write_carefully};
use crate::views;

/// Rows of the history that are looked at at a time, newest first.
const PAGE: i64 = 1_000;

/// Orders that are written anew at a time.
const ORDERS: usize = 500;

impl Partition {
    /// Makes sure that the views are of this log's history, taking them back to where they are.
    pub(super) async fn agree_with_the_log(&mut self) -> Result<(), PartitionError> {
        let followed = self.followed().await?;
        if followed == Some((self.log.log_id, self.log.incarnation)) {
            return Ok(());
        }
        for target in &self.targets {
            if !self.log_has(target.checkpoint).await? {
                self.turned().await?;
                return self.turn_back().await;
            }
        }
        let mut connection = self.sources.views.acquire().await?;
        self.follow_from_now_on(&mut connection).await?;
        Ok(())
    }

    /// Refuses generations that are not among the `known` and were built from events that the log has lost since: one transaction moves
    /// all checkpoints of a partition, so nobody would notice later.
    pub(super) async fn refuse_other_histories(
        &mut self,
        known: &[Target],
    ) -> Result<(), PartitionError> {
        let mut refused = Vec::new();
        for target in &self.targets {
            let is_known = known
                .iter()
                .any(|known| (known.view, known.generation) == (target.view, target.generation));
            if is_known {
                continue;
            }
            let position = target.checkpoint.position;
            let found = self.sources.store.event_id(position).await;
            let found = found.map_err(ReadError::from)?;
            // A log that ends before it may be a replica that lags.
            if found.is_some() && found != target.checkpoint.event_id {
                refused.push((target.view, target.generation));
            }
        }
        for (view, generation) in refused {
            let fault = "it was built from events that the log has lost since: build it anew";
            views::fault(&self.sources.views, view, generation, fault).await?;
            self.targets
                .retain(|target| (target.view, target.generation) != (view, generation));
        }
        Ok(())
    }

    /// Notices that the log was found to have taken another turn, here or elsewhere.
    pub(super) async fn still_follows_the_log(&self) -> Result<(), PartitionError> {
        let log = self
            .sources
            .store
            .identity()
            .await
            .map_err(ReadError::from)?;
        let followed = self.followed().await?;
        if log == self.log && followed == Some((log.log_id, log.incarnation)) {
            return Ok(());
        }
        Err(PartitionError::Turned)
    }

    /// Tells all partitions to compare themselves with the log, and that nobody knows how far a view is.
    pub(super) async fn turned(&self) -> Result<PartitionError, sqlx::Error> {
        let mut transaction = self.sources.views.begin().await?;
        // In the order in which going back writes the two.
        empty_the_frontier(&mut transaction).await?;
        sqlx::query("update followed set incarnation = 0")
            .execute(&mut *transaction)
            .await?;
        transaction.commit().await?;
        Ok(PartitionError::Turned)
    }

    /// The log that this partition's rows were last compared with.
    async fn followed(&self) -> Result<Option<(Uuid, i64)>, sqlx::Error> {
        sqlx::query_as("select log_id, incarnation from followed where partition = $1")
            .bind(checkpoints::small(self.place.index))
            .fetch_optional(&self.sources.views)
            .await
    }

    async fn follow_from_now_on(&self, connection: &mut PgConnection) -> Result<(), sqlx::Error> {
        sqlx::query(
            "insert into followed (partition, log_id, incarnation)
            values ($1, $2, $3)
            on conflict (partition) do update
            set log_id = excluded.log_id,
                incarnation = excluded.incarnation",
        )
        .bind(checkpoints::small(self.place.index))
        .bind(self.log.log_id)
        .bind(self.log.incarnation)
        .execute(connection)
        .await?;
        Ok(())
    }

    /// Takes the views back to the last event that they and the log agree on, in one transaction.
    async fn turn_back(&mut self) -> Result<(), PartitionError> {
        let agreed = self.agreed().await?;
        let lost = self.orders_beyond(agreed).await?;
        tracing::error!(
            partition = self.place.index,
            log.position = agreed.position,
            log.incarnation = self.log.incarnation,
            orders = lost.len(),
            "the log has another history than the views: they go back to this position"
        );
        let history = self
            .target(View::OrderHistory)
            .map(|target| target.checkpoint.position);
        // A view that is beyond the history cannot be told which of its orders are.
        let (back, anew): (Vec<Target>, Vec<Target>) = self
            .targets
            .iter()
            .filter(|target| target.checkpoint.position > agreed.position)
            .partition(|target| {
                target.view.is_of_orders() && Some(target.checkpoint.position) <= history
            });

        let mut transaction = self.sources.views.begin().await?;
        for (targets, to) in [(&back, agreed), (&anew, Cursor::START)] {
            let held: Vec<&Target> = targets.iter().collect();
            if !checkpoints::advance(&mut transaction, self.place.index, &held, to).await? {
                transaction.rollback().await?;
                return Err(PartitionError::Doubled);
            }
        }
        // Rare, and as long as it takes.
        sqlx::query("set local statement_timeout = 0")
            .execute(&mut *transaction)
            .await?;
        for target in &anew {
            let (index, count) = (self.place.index, self.place.count);
            forgetting::forget_partition(
                &mut transaction,
                target.view,
                target.generation,
                index,
                count,
            )
            .await?;
            rows::forget_orders(&mut transaction, index, target, &[], Cursor::START).await?;
        }
        for target in &back {
            let index = self.place.index;
            rows::forget_orders(&mut transaction, index, target, &lost, agreed).await?;
        }
        for orders in lost.chunks(ORDERS) {
            self.write_anew(&mut transaction, &back, orders, agreed)
                .await?;
        }
        empty_the_frontier(&mut transaction).await?;
        self.follow_from_now_on(&mut transaction).await?;
        transaction.commit().await?;
        metrics::counter!(metric::OTHER_HISTORIES).increment(1);
        self.look_at_targets().await?;
        Ok(())
    }

    /// Removes these orders, and writes those that the log knows as they were at `agreed`, as far as a view can take them in.
    async fn write_anew(
        &self,
        transaction: &mut Transaction<'_, Postgres>,
        targets: &[Target],
        orders: &[String],
        agreed: Cursor,
    ) -> Result<(), PartitionError> {
        for target in targets {
            let (view, generation) = (target.view, target.generation);
            forgetting::forget_orders(transaction, view, generation, orders, agreed.position)
                .await?;
        }
        let events = self
            .sources
            .store
            .load_many(ORDER, orders, agreed.position)
            .await
            .map_err(ReadError::from)?;
        let orders = OrderEvents::from_the_first(events);
        let orders: Vec<&OrderEvents> = orders.iter().collect();
        for target in targets {
            // The history up to there is as it was.
            if target.view == View::OrderHistory {
                continue;
            }
            let (view, part) = (target.view, target.part(self.place.index));
            let parked = write_carefully(transaction, view, part, &orders).await?;
            rows::insert(transaction, view, part, &parked, &HashMap::new()).await?;
        }
        Ok(())
    }

    /// The last event of this partition that both the history view and the log have.
    async fn agreed(&self) -> Result<Cursor, PartitionError> {
        let Some(history) = self.target(View::OrderHistory) else {
            return Ok(Cursor::START);
        };
        let statement = format!(
            "select position, event_id, order_id
            from {table}
            where position < $1
            order by position desc
            limit $2",
            table = history.view.table(history.generation)
        );
        let mut below = i64::MAX;
        loop {
            let rows = sqlx::query(&statement)
                .bind(below)
                .bind(PAGE)
                .fetch_all(&self.sources.views)
                .await?;
            let Some(last) = rows.last() else {
                return Ok(Cursor::START);
            };
            below = last.try_get(0)?;
            let mut own = Vec::with_capacity(rows.len());
            for row in &rows {
                if self.is_own(row.try_get(2)?) {
                    own.push(Cursor::at(row.try_get(0)?, row.try_get(1)?));
                }
            }
            let Some(lowest) = own.last() else { continue };
            if self.log_has(*lowest).await? {
                return self.newest_agreed(&own).await;
            }
        }
    }

    /// The first of these events, newest first, that the log has; it has the last. Who agrees on an event agrees on all
    /// before it.
    async fn newest_agreed(&self, events: &[Cursor]) -> Result<Cursor, PartitionError> {
        let (mut gone, mut there) = (0, events.len() - 1);
        while gone < there {
            let middle = usize::midpoint(gone, there);
            if self.log_has(events[middle]).await? {
                there = middle;
            } else {
                gone = middle + 1;
            }
        }
        Ok(events[there])
    }

    /// The orders of this partition of which the history has anything beyond `agreed`.
    async fn orders_beyond(&self, agreed: Cursor) -> Result<Vec<String>, PartitionError> {
        let Some(history) = self.target(View::OrderHistory) else {
            return Ok(Vec::new());
        };
        let statement = format!(
            "select distinct order_id from {table} where position > $1",
            table = history.view.table(history.generation)
        );
        let orders: BTreeSet<String> = sqlx::query_scalar(&statement)
            .bind(agreed.position)
            .fetch_all(&self.sources.views)
            .await?
            .into_iter()
            .filter(|order: &String| self.is_own(order))
            .collect();
        Ok(orders.into_iter().collect())
    }

    /// The generation of this view that knows most.
    fn target(&self, view: View) -> Option<&Target> {
        let generations = self.targets.iter().filter(|target| target.view == view);
        generations.max_by_key(|target| target.checkpoint.position)
    }

    fn is_own(&self, order_id: &str) -> bool {
        read_model::partition_of(order_id, self.place.count) == self.place.index
    }

    /// Whether this is the log's event at that position.
    pub(super) async fn log_has(&self, event: Cursor) -> Result<bool, PartitionError> {
        match self.sources.store.read_forward(event, 0).await {
            Ok(_) => Ok(true),
            Err(error) if error.is_other_history() => Ok(false),
            Err(error) => Err(error.into()),
        }
    }
}

async fn empty_the_frontier(connection: &mut PgConnection) -> Result<(), sqlx::Error> {
    sqlx::query("delete from frontier")
        .execute(connection)
        .await?;
    Ok(())
}
