//! Which partitions this worker owns: leases, spread evenly over the live workers.
//!
//! Leases are for efficiency. That a partition is written by one worker at a time is held by the checkpoint's
//! compare-and-set, whatever two workers believe.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use event_store::{StoreError, lease};
use service_kit::problem::chain;
use tokio::task::JoinHandle;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::board::Board;
use crate::partition::{Partition, PartitionError, Sources};

/// How long a worker or an owner counts as alive without renewing.
const LEASE: Duration = Duration::from_secs(5);

/// How often leases are renewed and the work is spread.
const RENEW: Duration = Duration::from_secs(1);

/// How long partitions may take to stop, before they are cut off.
const STOP: Duration = Duration::from_secs(2);

const WORKERS: &str = "worker:";
const PARTITIONS: &str = "partition:";

/// The first pause before a partition that failed is tried again.
const SHORTEST_PAUSE: Duration = Duration::from_millis(100);

/// The longest pause before a partition that failed is tried again.
const LONGEST_PAUSE: Duration = Duration::from_secs(10);

/// A worker with the partitions that it owns.
#[derive(Debug)]
pub(crate) struct Worker {
    id: Uuid,
    sources: Sources,
    board: Arc<Board>,
    owned: BTreeMap<u16, Owned>,
    /// When the leases were last known to be held.
    renewed: Instant,
}

#[derive(Debug)]
struct Owned {
    stop: CancellationToken,
    task: JoinHandle<()>,
}

impl Worker {
    pub(crate) fn new(sources: Sources, board: Arc<Board>) -> Self {
        Self {
            id: Uuid::now_v7(),
            sources,
            board,
            owned: BTreeMap::new(),
            renewed: Instant::now(),
        }
    }

    /// Owns its share of the partitions until `shutdown`, then gives all of them back.
    pub(crate) async fn run(mut self, shutdown: CancellationToken) {
        tracing::info!(worker.id = %self.id, "this worker begins");
        loop {
            match tokio::time::timeout(LEASE, self.spread()).await {
                Ok(Ok(())) => self.board.hindered(None),
                Ok(Err(error)) => self.leases_failed(&chain(&error)).await,
                Err(_) => {
                    self.leases_failed("the views' database does not answer")
                        .await;
                }
            }
            self.board.owns(self.owned.len());
            if shutdown
                .run_until_cancelled(tokio::time::sleep(RENEW))
                .await
                .is_none()
            {
                break;
            }
        }
        let all: Vec<u16> = self.owned.keys().copied().collect();
        self.give_back(&all).await;
        let name = self.name();
        let release = lease::release(&self.sources.control, &name, self.id);
        let _ = tokio::time::timeout(RENEW, release).await;
        self.board.owns(0);
    }

    /// One round: say that this worker lives, keep what it owns, take or give back until it has its share.
    async fn spread(&mut self) -> Result<(), StoreError> {
        let control = self.sources.control.clone();
        let began = Instant::now();
        lease::acquire(&control, &self.name(), self.id, LEASE).await?;
        let mut lost = Vec::new();
        for partition in self.owned.keys() {
            if !lease::renew(&control, &partition_name(*partition), self.id, LEASE).await? {
                lost.push(*partition);
            }
        }
        self.renewed = began;
        self.stop(&lost).await;
        self.restart_the_dead();

        let held = lease::held(&control, "").await?;
        let workers = held
            .iter()
            .filter(|lease| lease.name.starts_with(WORKERS))
            .count()
            .max(1);
        let owners: HashMap<&str, Uuid> = held
            .iter()
            .filter_map(|lease| Some((lease.name.strip_prefix(PARTITIONS)?, lease.owner)))
            .collect();
        let share = usize::from(self.sources.stream.partitions).div_ceil(workers);

        let surplus: Vec<u16> = self
            .owned
            .keys()
            .rev()
            .take(self.owned.len().saturating_sub(share))
            .copied()
            .collect();
        self.give_back(&surplus).await;
        for partition in self.in_own_order() {
            if self.owned.len() >= share {
                break;
            }
            let free = !self.owned.contains_key(&partition)
                && owners
                    .get(number(partition).as_str())
                    .is_none_or(|owner| *owner == self.id);
            if free
                && !surplus.contains(&partition)
                && lease::acquire(&control, &partition_name(partition), self.id, LEASE).await?
            {
                self.begin(partition);
            }
        }
        Ok(())
    }

    /// Without renewal the leases run out, and then the partitions are others'.
    async fn leases_failed(&mut self, problem: &str) {
        tracing::warn!(error = problem, "the leases could not be renewed");
        self.board
            .hindered(Some("the views' database is away".to_owned()));
        if self.renewed.elapsed() >= LEASE {
            let all: Vec<u16> = self.owned.keys().copied().collect();
            self.stop(&all).await;
        }
    }

    /// All partitions, from one that depends on the worker, so that two workers do not reach for the same.
    fn in_own_order(&self) -> impl Iterator<Item = u16> + use<> {
        let count = self.sources.stream.partitions;
        let first = u16::try_from(self.id.as_u128() % u128::from(count)).unwrap_or(0);
        (0..count).map(move |step| (first + step) % count)
    }

    fn begin(&mut self, partition: u16) {
        let stop = CancellationToken::new();
        let work = work(
            self.sources.clone(),
            partition,
            self.board.clone(),
            stop.clone(),
        );
        let task = tokio::spawn(work);
        tracing::debug!(partition, "this worker takes the partition");
        self.owned.insert(partition, Owned { stop, task });
    }

    /// A partition's task ends only when it is told to, or by a panic.
    fn restart_the_dead(&mut self) {
        let dead: Vec<u16> = self
            .owned
            .iter()
            .filter(|(_, owned)| owned.task.is_finished())
            .map(|(p, _)| *p)
            .collect();
        for partition in dead {
            self.board
                .failed(partition, "the partition's task panicked");
            self.begin(partition);
        }
    }

    async fn give_back(&mut self, partitions: &[u16]) {
        self.stop(partitions).await;
        let releasing = async {
            for partition in partitions {
                let name = partition_name(*partition);
                lease::release(&self.sources.control, &name, self.id).await?;
            }
            Ok::<(), StoreError>(())
        };
        // What cannot be given back runs out.
        let _ = tokio::time::timeout(RENEW, releasing).await;
    }

    async fn stop(&mut self, partitions: &[u16]) {
        let mut stopping = Vec::with_capacity(partitions.len());
        for partition in partitions {
            if let Some(owned) = self.owned.remove(partition) {
                owned.stop.cancel();
                stopping.push(owned);
            }
        }
        let deadline = Instant::now() + STOP;
        for mut owned in stopping {
            if tokio::time::timeout_at(deadline, &mut owned.task)
                .await
                .is_err()
            {
                owned.task.abort();
            }
        }
        for partition in partitions {
            self.board.is_well(*partition);
        }
    }

    fn name(&self) -> String {
        format!("{WORKERS}{}", self.id)
    }
}

fn number(partition: u16) -> String {
    format!("{partition:03}")
}

fn partition_name(partition: u16) -> String {
    format!("{PARTITIONS}{}", number(partition))
}

/// Works on one partition until `stop`; what fails is tried again, from the checkpoints as they are then.
async fn work(sources: Sources, index: u16, board: Arc<Board>, stop: CancellationToken) {
    let mut pause = SHORTEST_PAUSE;
    loop {
        let progressed = AtomicBool::new(false);
        let well = || {
            progressed.store(true, Ordering::Relaxed);
            board.is_well(index);
        };
        match attempt(&sources, index, &stop, well).await {
            Ok(()) => return,
            Err(error @ (PartitionError::Doubled | PartitionError::Turned)) => {
                tracing::info!(partition = index, %error, "the partition begins anew");
            }
            Err(error) => board.failed(index, &chain(&error)),
        }
        pause = if progressed.into_inner() {
            SHORTEST_PAUSE
        } else {
            (pause * 2).min(LONGEST_PAUSE)
        };
        let waiting = tokio::time::sleep(event_stream::jittered(pause));
        if stop.run_until_cancelled(waiting).await.is_none() {
            return;
        }
    }
}

/// Works on one partition until `stop` (`Ok`) or a failure.
async fn attempt(
    sources: &Sources,
    index: u16,
    stop: &CancellationToken,
    well: impl Fn(),
) -> Result<(), PartitionError> {
    let opening = Partition::open(sources.clone(), index);
    let Some(opened) = stop.run_until_cancelled(opening).await else {
        return Ok(());
    };
    let mut partition = opened?;
    let followed = stop.run_until_cancelled(partition.follow(well)).await;
    partition.close().await;
    followed.unwrap_or(Ok(()))
}
