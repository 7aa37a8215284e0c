//! Whether the log is one that commands may be written to.
//!
//! A log that cannot keep what it acknowledges is worse than none, so until it was looked at no command is taken, and
//! a start on one that will not do ends with one message. A database that is away at the start is looked at when it
//! comes. What changes later is told by the service's health: to stop taking commands then would help nobody.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use event_store::{EventStore, MIGRATOR, StoreError};
use service_kit::config::Reader;
use service_kit::database::{self, Flaw, told};
use tokio_util::sync::CancellationToken;

use crate::refusal::Refusal;

/// Names what is asked of the log's durability.
const VARIABLE: &str = "EVENT_STORE_DURABILITY";

/// What is told where the role cannot even look.
const NOT_ALLOWED: &str =
    "its role may not see which migrations were applied, grant it its rights again";

/// How long the look at the start may take.
const PATIENCE: Duration = Duration::from_secs(5);

/// The pauses between looks at a log that is away.
const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

/// What is asked of the log's durability.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Durability {
    /// What is acknowledged survives a crash of the server and of its machine.
    Required,
    /// It need not: for data that are thrown away.
    Relaxed,
}

impl Durability {
    pub(crate) fn from_vars(reader: &mut Reader<'_>) -> Self {
        match reader.or(VARIABLE, "required".to_owned()).as_str() {
            "required" => Self::Required,
            "relaxed" => Self::Relaxed,
            _ => {
                reader.reject(VARIABLE, "must be `required` or `relaxed`");
                Self::Required
            }
        }
    }
}

/// Whether the log will do. Cheap to clone: all clones know the same.
#[derive(Clone)]
pub(crate) struct Fitness {
    store: EventStore,
    durability: Durability,
    found_fit: Arc<AtomicBool>,
}

impl Fitness {
    /// Nothing is known yet.
    pub(crate) fn new(store: EventStore, durability: Durability) -> Self {
        Self {
            store,
            durability,
            found_fit: Arc::default(),
        }
    }

    /// Looks at the log, if it is there; what keeps commands from being written to it. A log that is away is not unfit.
    pub(crate) async fn look(&self) -> Result<(), String> {
        match tokio::time::timeout(PATIENCE, self.flaws()).await {
            Ok(Ok(flaws)) => self.conclude(&flaws),
            Ok(Err(StoreError::Refused(_))) => Err(NOT_ALLOWED.to_owned()),
            Ok(Err(StoreError::Unavailable(_))) | Err(_) => Ok(()),
        }
    }

    /// Looks until the log was found fit once, or `stopping`.
    pub(crate) async fn look_until_fit(self, stopping: CancellationToken) {
        let looking = async {
            let mut pause = FIRST_PAUSE;
            while !self.was_found_fit() {
                tokio::time::sleep(pause).await;
                pause = (pause * 2).min(LONGEST_PAUSE);
                if let Err(unfit) = self.look().await {
                    tracing::error!("no command is taken, the event log will not do: {unfit}");
                    pause = LONGEST_PAUSE;
                }
            }
        };
        stopping.run_until_cancelled(looking).await;
    }

    /// Lets a command go on if the log was found fit.
    pub(crate) fn admit(&self) -> Result<(), Refusal> {
        if self.was_found_fit() {
            Ok(())
        } else {
            Err(Refusal::Unavailable(None))
        }
    }

    /// For the service's health: whether the log is there and was found fit.
    pub(crate) async fn check(&self) -> Result<(), String> {
        self.store
            .ping()
            .await
            .map_err(|_| "does not answer".to_owned())?;
        if self.was_found_fit() {
            return Ok(());
        }
        match self.flaws().await {
            Ok(flaws) => self.conclude(&flaws),
            Err(StoreError::Refused(_)) => Err(NOT_ALLOWED.to_owned()),
            Err(StoreError::Unavailable(_)) => Err("does not answer".to_owned()),
        }
    }

    /// For the service's health: all that is not as it should be, though commands are taken.
    pub(crate) async fn check_settings(&self) -> Result<(), String> {
        match self.flaws().await {
            Ok(flaws) if flaws.is_empty() => Ok(()),
            Ok(flaws) => Err(told(&flaws)),
            Err(_) => Err("cannot be read".to_owned()),
        }
    }

    fn was_found_fit(&self) -> bool {
        self.found_fit.load(Ordering::Acquire)
    }

    async fn flaws(&self) -> Result<Vec<Flaw>, StoreError> {
        let flaws = database::flaws(self.store.pool(), &MIGRATOR).await?;
        Ok(flaws)
    }

    /// Remembers a log that will do, and warns of what is not as it should be.
    fn conclude(&self, flaws: &[Flaw]) -> Result<(), String> {
        let required = self.durability == Durability::Required;
        let in_the_way =
            |flaw: &&Flaw| flaw.makes_unusable() || (required && flaw.weakens_durability());
        let unfit = told(flaws.iter().filter(in_the_way));
        if !unfit.is_empty() {
            return Err(unfit);
        }
        if !self.found_fit.swap(true, Ordering::AcqRel) && !flaws.is_empty() {
            tracing::warn!("the event log is not as it should be: {}", told(flaws));
        }
        Ok(())
    }
}
