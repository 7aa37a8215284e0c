//! One partition, as long as this worker owns it: messages in, views and checkpoints out.
//!
//! Each message is skipped (`position ≤ checkpoint`), applied (`prevposition = checkpoint`), or makes the worker read
//! the log up to it. A partition that got nothing for a second looks into the log. So nothing depends on what the
//! broker keeps, and with no broker at all the views follow a second later.

mod applying;
mod histories;
pub(crate) mod metric;
mod page_size;
mod retrying;
pub(crate) mod together;

use std::sync::Arc;
use std::time::Duration;

use event_store::{EventStore, LogIdentity, PartitionOf, ReadError};
use event_stream::{
    Client, ConnectionState, PartitionReader, ReaderError, Received, StreamSettings,
};
use sqlx::PgPool;
use tokio::sync::{Semaphore, watch};
use tokio::time::Instant;

use crate::checkpoints::{self, Target};
use crate::folding::{FoldError, Folding};
use crate::layout::Layout;
use crate::parking::rows::{self, Again};
use crate::parking::{CarefulError, ParkedOrders};
use crate::rounds::{Rounds, Seat};
use page_size::PageSize;

use together::{Batch, NewlyParked};

/// Events of a partition that one transaction takes in.
pub(crate) const BATCH: usize = 1_000;

/// So many events at most are written together with those of other partitions. More are worth a transaction of their own, and would
/// keep the others waiting.
const FEW: usize = 100;

/// A partition that got nothing for so long looks into the log.
const IDLE: Duration = Duration::from_secs(1);

/// How long the log, which may be a replica, may lack what a message says that it has.
const REPLICA_LAG: Duration = Duration::from_secs(2);

/// Why a partition stopped.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PartitionError {
    /// The views' database failed.
    #[error("the views' database failed")]
    Views(#[from] sqlx::Error),
    /// The log could not be read; see there.
    #[error(transparent)]
    Log(#[from] ReadError),
    /// The events could not be folded, or what they say could not be written.
    #[error(transparent)]
    Fold(#[from] FoldError),
    /// Another worker moved the checkpoint, or the views' database lost what was committed last.
    #[error(
        "a checkpoint is not where this worker left it: another one has this partition as well, or the database crashed"
    )]
    Doubled,
    /// The log is another than the views were made from, or has taken another turn; the next beginning puts that right.
    #[error("the log is not what this partition's views were made from")]
    Turned,
    /// The log lacks what a message says that it has.
    #[error("the log ends before position {position}, of which a message tells")]
    LogBehind {
        /// The message's position.
        position: i64,
    },
}

impl From<CarefulError> for PartitionError {
    fn from(error: CarefulError) -> Self {
        match error {
            CarefulError::Views(error) => Self::Views(error),
            CarefulError::Fold(error) => Self::Fold(error),
        }
    }
}

/// What all partitions of a worker share.
#[derive(Debug, Clone)]
pub(crate) struct Sources {
    pub(crate) store: EventStore,
    pub(crate) views: PgPool,
    /// Where partitions with few events write together.
    pub(crate) rounds: Rounds<Batch, NewlyParked>,
    /// How many partitions write alone at a time: those with many events, and those with events that cannot be taken in.
    pub(crate) turns: Arc<Semaphore>,
    /// Connections to the views' database for what must not wait behind batches: leases, frontier, health.
    pub(crate) control: PgPool,
    pub(crate) client: Client,
    pub(crate) stream: StreamSettings,
    /// Which generations are to be kept, as it was last seen.
    pub(crate) layout: watch::Receiver<Layout>,
}

impl Sources {
    /// Ends the connections to both databases, in order.
    pub(crate) async fn close(&self) {
        tokio::join!(self.store.close(), self.views.close(), self.control.close());
    }
}

/// A partition at work.
#[derive(Debug)]
pub(crate) struct Partition {
    sources: Sources,
    place: PartitionOf,
    log: LogIdentity,
    /// The generations that this partition keeps, each with how far it is; all the same but for one that is new.
    targets: Vec<Target>,
    /// The orders that these generations hold back.
    parked: ParkedOrders,
    folding: Folding,
    page: PageSize,
    /// None while the broker is away.
    reader: Option<PartitionReader>,
    /// Held from before the last messages of a batch are taken to the end of its transaction.
    seat: Option<Seat<Batch, NewlyParked>>,
}

impl Partition {
    /// Reads the checkpoints, as they are now, and makes sure that they are of this log's history.
    pub(crate) async fn open(mut sources: Sources, index: u16) -> Result<Self, PartitionError> {
        // What changes from here on is noticed.
        sources.layout.mark_unchanged();
        let identity = sources.store.identity().await.map_err(ReadError::from)?;
        let mut partition = Self {
            place: PartitionOf {
                index,
                count: sources.stream.partitions,
            },
            log: identity,
            targets: Vec::new(),
            parked: ParkedOrders::default(),
            folding: Folding::default(),
            page: PageSize::new(BATCH),
            reader: None,
            seat: None,
            sources,
        };
        partition.look_at_targets().await?;
        partition.agree_with_the_log().await?;
        partition.retry(Again::Unknown).await?;
        Ok(partition)
    }

    /// Which generations are kept, how far each is, and which orders it holds back.
    async fn look_at_targets(&mut self) -> Result<(), sqlx::Error> {
        self.targets = checkpoints::targets(&self.sources.views, self.place.index).await?;
        self.parked = rows::of_partition(&self.sources.views, self.place.index).await?;
        // What is folded may be further than a generation that is new.
        self.folding = Folding::default();
        Ok(())
    }

    /// A partition of a generation that is not followed yet, for whoever builds it.
    pub(crate) async fn of_builder(
        sources: Sources,
        index: u16,
        target: Target,
    ) -> Result<Self, PartitionError> {
        let log = sources.store.identity().await.map_err(ReadError::from)?;
        let parked = rows::of_partition(&sources.views, index).await?;
        Ok(Self {
            place: PartitionOf {
                index,
                count: sources.stream.partitions,
            },
            log,
            targets: vec![target],
            parked,
            folding: Folding::default(),
            page: PageSize::new(BATCH),
            reader: None,
            seat: None,
            sources,
        })
    }

    /// Takes the consumer away from the broker, which may not answer.
    pub(crate) async fn close(mut self) {
        self.seat = None;
        self.close_reader().await;
    }

    /// Follows the log until something fails. `progressed` is called whenever all is written that is known of.
    pub(crate) async fn follow(&mut self, progressed: impl Fn()) -> Result<(), PartitionError> {
        // The reader begins before the log is read, so that nothing falls between the two.
        self.open_reader(None).await;
        self.read_log().await?;
        progressed();
        let mut finds_in_a_row = 0;
        let mut heard = Instant::now();
        loop {
            self.follow_the_layout().await?;
            let received = self.listen(heard + IDLE).await;
            if received.is_empty() {
                self.still_follows_the_log().await?;
                self.still_has_its_checkpoints().await?;
                let found = self.read_log().await?;
                if found > 0 {
                    metrics::counter!(metric::HEALED, "why" => "silent").increment(1);
                }
                finds_in_a_row = if found == 0 { 0 } else { finds_in_a_row + 1 };
            } else {
                let received = self.wait_for_round(received).await;
                let taken = self.take(received).await;
                self.seat = None;
                taken?;
                finds_in_a_row = 0;
            }
            if finds_in_a_row == 2 && self.reader.is_some() {
                tracing::info!(
                    partition = self.place.index,
                    "the stream is silent about this partition: a new consumer"
                );
                self.close_reader().await;
                finds_in_a_row = 0;
            }
            heard = Instant::now();
            progressed();
        }
    }

    /// Makes sure that the checkpoints are where they were left. A crash of the views' database takes back what it had not stored yet,
    /// since commits do not wait for that. Whoever writes next notices it by the checkpoint, and so must who has nothing to write.
    async fn still_has_its_checkpoints(&self) -> Result<(), PartitionError> {
        let stored = checkpoints::targets(&self.sources.views, self.place.index).await?;
        let is_moved = |known: &Target| {
            let same =
                |other: &&Target| (other.view, other.generation) == (known.view, known.generation);
            // What is not kept any more is the layout's business.
            let stored = stored.iter().find(same);
            stored.is_some_and(|stored| stored.checkpoint != known.checkpoint)
        };
        if self.targets.iter().any(is_moved) {
            metrics::counter!(metric::DOUBLED).increment(1);
            return Err(PartitionError::Doubled);
        }
        Ok(())
    }

    /// Takes on generations that are new, and lets go of those that are kept no more.
    async fn follow_the_layout(&mut self) -> Result<(), PartitionError> {
        // An error means that nobody looks any more: the service is stopping.
        if self.sources.layout.has_changed().unwrap_or(false) {
            self.sources.layout.mark_unchanged();
            let known = std::mem::take(&mut self.targets);
            self.look_at_targets().await?;
            self.refuse_other_histories(&known).await?;
            self.read_log().await?;
        }
        // All of them are of another shape than this program's: nothing to do until one is not.
        while self.targets.is_empty() && self.sources.layout.changed().await.is_ok() {
            self.look_at_targets().await?;
        }
        let retries = self.sources.layout.borrow().has_retries(self.place.index);
        if retries {
            self.retry(Again::Asked).await?;
        }
        Ok(())
    }

    /// What the stream brings until `deadline`; nothing if it brings nothing.
    async fn listen(&mut self, deadline: Instant) -> Vec<Received> {
        if self.reader.is_none() {
            self.open_reader(None).await;
        }
        let Some(reader) = &mut self.reader else {
            tokio::time::sleep_until(deadline).await;
            return Vec::new();
        };
        let patience = deadline.saturating_duration_since(Instant::now());
        match reader.next(BATCH, patience).await {
            Ok(received) => received,
            Err(error) => {
                let after = reader.last_sequence();
                self.reopen_reader(&error, after).await;
                Vec::new()
            }
        }
    }

    /// Waits until this partition may write, and adds what has arrived by then.
    async fn wait_for_round(&mut self, mut received: Vec<Received>) -> Vec<Received> {
        if received.len() <= FEW {
            self.seat = Some(self.sources.rounds.join().await);
        }
        if let Some(reader) = &mut self.reader
            && let Err(error) = reader.arrived(BATCH, &mut received)
        {
            let after = reader.last_sequence();
            // The broker may take its time.
            self.seat = None;
            self.reopen_reader(&error, after).await;
        }
        received
    }

    async fn reopen_reader(&mut self, error: &ReaderError, after: u64) {
        tracing::debug!(partition = self.place.index, %error, "the consumer is gone");
        self.open_reader(Some(after)).await;
    }

    /// A new reader, unless the broker is away: then the log must do.
    async fn open_reader(&mut self, after: Option<u64>) {
        self.reader = None;
        let Sources { client, stream, .. } = &self.sources;
        if client.connection_state() != ConnectionState::Connected {
            return;
        }
        match PartitionReader::open(client, stream, self.log.log_id, self.place.index, after).await
        {
            Ok(reader) => {
                metrics::counter!(metric::CONSUMERS).increment(1);
                self.reader = Some(reader);
            }
            // The relay makes the stream, in a moment.
            Err(ReaderError::NoStream(_)) => {}
            Err(error) => {
                tracing::warn!(partition = self.place.index, %error, "no consumer: this partition follows the log alone");
            }
        }
    }

    async fn close_reader(&mut self) {
        if let Some(reader) = self.reader.take() {
            // A consumer that stays is forgotten by the broker.
            let _ = tokio::time::timeout(IDLE, reader.close()).await;
        }
    }
}
