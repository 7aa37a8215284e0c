//! From the log into the stream, by one leader.
//!
//! Every message names the stream sequence that it expects before its own, so that a second relay, a late retry or
//! a reordering is refused by the broker instead of being stored. The lease that makes one relay the leader is for
//! efficiency only. While the broker is away the relay waits; commands notice nothing.

mod healing;
mod publishing;
mod status;
mod wake;

use std::convert::Infallible;
use std::time::Duration;

use async_nats::Client;
use async_nats::jetstream::context::PublishError;
use event_store::{EventStore, ReadError, StoreError, lease, relay_row};
use tokio::sync::watch;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use self::status::StatusBoard;
pub use self::status::{RelayState, RelayStatus};
use self::wake::Wake;
use crate::connection::jittered;
use crate::{StreamError, StreamSettings};

/// How long a leader leads without renewing.
const LEASE: Duration = Duration::from_secs(5);

/// How often a leader renews, and how often a follower looks.
const RENEW: Duration = Duration::from_secs(1);

/// The longest pause between two attempts to publish.
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

/// The pause where only an operator can help.
const HALTED_PAUSE: Duration = Duration::from_secs(5);

/// Why nothing could be published.
#[derive(Debug, thiserror::Error)]
pub enum RelayError {
    /// There is no connection to the broker.
    #[error("the broker is away")]
    BrokerAway,
    /// The stream cannot be used.
    #[error(transparent)]
    Stream(#[from] StreamError),
    /// The log could not be read.
    #[error("the log could not be read")]
    Log(#[source] ReadError),
    /// The log did not tell which it is, or where its relay or its partitions were.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The log does not have an event that was published: it was restored, or a standby took over. The next start
    /// finds where the two last agreed.
    #[error("the log has no more the event at position {position} that was published")]
    AnotherHistory {
        /// The position of an event that is gone.
        position: i64,
    },
    /// Something else was stored in between: another relay, or a message that was late.
    #[error("the stream holds something that this relay did not publish")]
    Overtaken,
    /// The broker acknowledged something else than was sent.
    #[error("the broker stored a message at sequence {stored} where {expected} was expected")]
    Misplaced {
        /// Where the message stands.
        stored: u64,
        /// Where it should.
        expected: u64,
    },
    /// The broker took a message and did not answer in time, or refused it.
    #[error("the broker did not store a message")]
    NotStored(#[source] PublishError),
}

impl RelayError {
    /// Whether trying again cannot help.
    fn needs_operator(&self) -> bool {
        matches!(self, Self::Stream(StreamError::AnotherLog { .. }))
    }
}

impl From<ReadError> for RelayError {
    fn from(error: ReadError) -> Self {
        match error {
            ReadError::AnotherHistory { position, .. } | ReadError::EndsBefore { position } => {
                Self::AnotherHistory { position }
            }
            ReadError::Store(error) => Self::Log(ReadError::Store(error)),
        }
    }
}

/// What can be chosen about a relay.
#[derive(Debug, Clone)]
pub struct RelaySettings {
    /// The stream to fill.
    pub stream: StreamSettings,
    /// Messages that may be unacknowledged at a time.
    pub window: usize,
    /// How long an acknowledgement may take.
    pub ack_timeout: Duration,
}

impl Default for RelaySettings {
    fn default() -> Self {
        Self {
            stream: StreamSettings::default(),
            window: 1_000,
            ack_timeout: Duration::from_secs(2),
        }
    }
}

/// Publishes the log's events, if it is the leader.
#[derive(Debug)]
pub struct Relay {
    store: EventStore,
    client: Client,
    settings: RelaySettings,
    committed: watch::Receiver<i64>,
    board: StatusBoard,
}

impl Relay {
    /// A relay from `store` to the broker of `client`. `committed` changes with each commit of this process; a relay
    /// that runs alone gives a channel on which nothing is sent.
    pub fn new(
        store: EventStore,
        client: Client,
        settings: RelaySettings,
        committed: watch::Receiver<i64>,
    ) -> Self {
        Self {
            store,
            client,
            settings,
            committed,
            board: StatusBoard::new(),
        }
    }

    /// What the relay does, at any time.
    pub fn status(&self) -> watch::Receiver<RelayStatus> {
        self.board.subscribe()
    }

    /// Leads whenever nobody else does, until `shutdown`. Fails never: what fails is tried again.
    pub async fn run(self, shutdown: CancellationToken) {
        let owner = Uuid::now_v7();
        let name = format!("relay:{}", self.settings.stream.name);
        let mut wake = Wake::new(self.committed.clone());
        let running = async {
            loop {
                match lease::acquire(self.store.pool(), &name, owner, LEASE).await {
                    Ok(true) => self.lead(&name, owner, &mut wake).await,
                    Ok(false) => self.follow(&mut wake).await,
                    Err(error) => {
                        tracing::warn!(%error, "the relay's lease could not be looked at");
                        self.follow(&mut wake).await;
                    }
                }
            }
        };
        let _: Option<Infallible> = shutdown.run_until_cancelled(running).await;
        // Another replica need not wait for the lease to run out.
        let release = lease::release(self.store.pool(), &name, owner);
        let _ = tokio::time::timeout(RENEW, release).await;
        self.board.following();
    }

    async fn follow(&self, wake: &mut Wake) {
        self.board.following();
        let pause = tokio::time::sleep(jittered(RENEW));
        tokio::select! {
            () = wake.pass_on(&self.client, &self.settings.stream) => {}
            () = pause => {}
        }
    }

    /// Publishes until the lease is lost.
    async fn lead(&self, name: &str, owner: Uuid, wake: &mut Wake) {
        tracing::info!(relay.owner = %owner, "this relay leads");
        self.board.leading();
        tokio::select! {
            () = self.keep_lease(name, owner) => tracing::warn!("this relay leads no more"),
            never = self.publish_always(wake) => match never {},
        }
        self.board.following();
    }

    /// Renews the lease each second; returns when it is another's or may have run out.
    async fn keep_lease(&self, name: &str, owner: Uuid) {
        let mut renewed = Instant::now();
        while renewed.elapsed() < LEASE {
            tokio::time::sleep(RENEW).await;
            let asked = Instant::now();
            let renewing = lease::renew(self.store.pool(), name, owner, LEASE);
            match tokio::time::timeout_at(renewed + LEASE, renewing).await {
                Ok(Ok(true)) => {
                    renewed = asked;
                    self.measure_lag(renewed + LEASE).await;
                }
                Ok(Err(error)) => tracing::warn!(%error, "the relay's lease could not be renewed"),
                Ok(Ok(false)) | Err(_) => return,
            }
        }
    }

    /// Tells how far the log is ahead, also while the broker is away.
    async fn measure_lag(&self, deadline: Instant) {
        let measuring = async {
            let position = match self.board.position() {
                0 => relay_row::read(self.store.pool(), &self.settings.stream.name)
                    .await?
                    .map_or(0, |row| row.position),
                position => position,
            };
            self.store.backlog(position).await
        };
        // What keeps it from being measured is told by the lease's renewal.
        if let Ok(Ok(backlog)) = tokio::time::timeout_at(deadline, measuring).await {
            StatusBoard::lags(backlog);
        }
    }

    async fn publish_always(&self, wake: &mut Wake) -> Infallible {
        let mut pause = Duration::from_millis(20);
        loop {
            let Err(error) = self.publish(wake).await;
            if self.board.is_well() {
                pause = Duration::from_millis(20);
            }
            self.board.failed(&error);
            pause = (pause * 2).min(LONGEST_PAUSE);
            let pause = if error.needs_operator() {
                HALTED_PAUSE
            } else {
                jittered(pause)
            };
            tokio::time::sleep(pause).await;
        }
    }
}
