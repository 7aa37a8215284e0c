//! Reading the log order by order, for whoever folds whole orders.
//!
//! In the order of positions the events of many orders are mixed, and a reader must keep all of these orders. Order by order it
//! keeps one, whatever the log's length. The database sorts a slot, which is a 256th of the log, at a time.

use futures::TryStreamExt as _;
use tokio::sync::mpsc;

use crate::{EventStore, ORDER, PartitionOf, StoreError, StoredEvent};

/// Events of a batch, at least, unless there are no more. A batch ends with an order's last event, and an order can have more.
const BATCH: usize = 2_000;

/// Batches that are read ahead of who takes them.
const AHEAD: usize = 2;

/// Memory in which the database sorts a slot before it takes to the disk.
const WORK_MEM: &str = "64MB";

/// The orders of a partition, some at a time. Reading ends when this is dropped.
#[derive(Debug)]
pub struct OrdersOfPartition {
    batches: mpsc::Receiver<Result<Vec<StoredEvent>, StoreError>>,
}

impl EventStore {
    /// Reads the events of one partition's orders up to a position, order by order, each order's from its first on.
    ///
    /// Takes a connection until the last batch is read, and leaves it with more memory to sort in. A slot is one statement, however
    /// long it is: the connections should be without a `statement_timeout`.
    pub fn read_orders(&self, partition: PartitionOf, up_to: i64) -> OrdersOfPartition {
        let (sender, batches) = mpsc::channel(AHEAD);
        let store = self.clone();
        tokio::spawn(async move {
            let reading = store.send_orders(partition, up_to, &sender);
            // Whoever does not want any more need not wait for the database to notice.
            let result = tokio::select! {
                result = reading => result,
                () = sender.closed() => return,
            };
            if let Err(error) = result {
                let _ = sender.send(Err(error)).await;
            }
        });
        OrdersOfPartition { batches }
    }

    async fn send_orders(
        &self,
        partition: PartitionOf,
        up_to: i64,
        batches: &mpsc::Sender<Result<Vec<StoredEvent>, StoreError>>,
    ) -> Result<(), StoreError> {
        let columns = StoredEvent::COLUMNS;
        let statement = format!(
            "select {columns}
            from event e
            where e.slot = $1
            and e.position <= $2
            and e.aggregate_type = $3
            order by e.aggregate_id, e.sequence"
        );
        // No transaction: it would lie idle while whoever takes the batches is busy.
        let mut connection = self.pool().acquire().await?;
        sqlx::query("select set_config('work_mem', $1, false)")
            .bind(WORK_MEM)
            .execute(&mut *connection)
            .await?;
        let (first, last) = partition.slots();
        let mut batch: Vec<StoredEvent> = Vec::with_capacity(BATCH);
        for slot in first..=last {
            let mut events = sqlx::query_as::<_, StoredEvent>(&statement)
                .bind(slot)
                .bind(up_to)
                .bind(ORDER)
                .fetch(&mut *connection);
            while let Some(event) = events.try_next().await? {
                let is_of_another_order = batch
                    .last()
                    .is_some_and(|last| last.aggregate_id != event.aggregate_id);
                if is_of_another_order && batch.len() >= BATCH {
                    let full = std::mem::replace(&mut batch, Vec::with_capacity(BATCH));
                    if batches.send(Ok(full)).await.is_err() {
                        return Ok(());
                    }
                }
                batch.push(event);
            }
        }
        if !batch.is_empty() {
            let _ = batches.send(Ok(batch)).await;
        }
        Ok(())
    }
}

impl OrdersOfPartition {
    /// The next orders, each with all of its events; none at the end.
    pub async fn next(&mut self) -> Option<Result<Vec<StoredEvent>, StoreError>> {
        self.batches.recv().await
    }
}
