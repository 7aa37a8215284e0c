//! A cluster for one run of tests, gone afterwards whatever happens.

use std::path::PathBuf;

use anyhow::{Context, Result};
use nix::sys::signal::Signal;

use super::cluster::{Cluster, Login, SUPERUSER};
use super::sweep::NOTE;
use crate::port;
use crate::process::{Account, Child, GRACE, Program, Spawner};
use crate::programs::Postgres;
use crate::secret::Secret;

const SETTINGS: [&str; 5] = [
    "max_connections=400",
    "log_timezone=UTC",
    "timezone=UTC",
    "max_wal_size=2GB",
    // What is read again and again stays in memory; PostgreSQL's own default is for the smallest machines.
    "shared_buffers=512MB",
];

/// Data that are thrown away need not survive a power failure. `synchronous_commit` stays as it is:
/// tests look at it.
const CARELESS: [&str; 2] = ["fsync=off", "full_page_writes=off"];

/// Whether a commit waits for the disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Durability {
    /// It does not: for tests.
    None,
    /// As in production: for measuring.
    AsInProduction,
}

/// A running throw-away cluster.
pub(crate) struct Throwaway {
    root: PathBuf,
    server: Child,
    sweeper: Child,
    url: String,
}

impl Throwaway {
    /// Makes and starts one.
    pub(crate) async fn start(
        spawner: &Spawner,
        programs: Postgres,
        account: Option<Account>,
        durability: Durability,
    ) -> Result<Self> {
        let mut settings = SETTINGS.to_vec();
        if durability == Durability::None {
            settings.extend(CARELESS);
        }
        let root = make_root(spawner, account).await?;
        let sweeper = spawner
            .spawn(
                Program::ourselves()
                    .arg("sweep")
                    .arg(&root)
                    .piped_input()
                    .dir("/")
                    // It outlives us: that is what it is for.
                    .on_our_death(Signal::SIGCONT),
            )
            .await?;
        let cluster = Cluster {
            programs,
            dir: root.join("data"),
            log: root.join("log"),
            account,
            settings,
            on_our_death: Signal::SIGQUIT,
        };
        let superuser = Login::new(SUPERUSER, Secret::generate());
        cluster.init(spawner, &superuser).await?;
        let port = port::any()?;
        let server = cluster.start(spawner, &superuser, port).await?;
        Ok(Self {
            root,
            server,
            sweeper,
            url: superuser.url(port, "postgres"),
        })
    }

    /// URL of the superuser.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// Where a program has to note its process id for everything that it started to go when we do.
    pub(crate) fn note(&self) -> PathBuf {
        self.root.join(NOTE)
    }

    /// Stops the server and removes all that it left.
    pub(crate) async fn stop(mut self) -> Result<()> {
        // Not a shutdown that writes everything: nobody will read it.
        self.server.stop(Signal::SIGQUIT, GRACE).await?;
        // The command has ended, and its process id may be somebody else's by now.
        drop(std::fs::remove_file(self.note()));
        drop(self.sweeper.take_input());
        tokio::time::timeout(GRACE, self.sweeper.wait())
            .await
            .context("the data of the throw-away server could not be removed in time")??;
        Ok(())
    }
}

/// An empty folder for temporary files which `account` can enter.
async fn make_root(spawner: &Spawner, account: Option<Account>) -> Result<PathBuf> {
    let mut base = std::env::temp_dir();
    if let Some(account) = account
        && !account.can_execute(spawner, &base).await
    {
        base = PathBuf::from("/tmp");
    }
    let root = nix::unistd::mkdtemp(&base.join("orders-servers-XXXXXX"))
        .with_context(|| format!("cannot make a folder in {}", base.display()))?;
    if let Some(account) = account {
        account.own(&root)?;
    }
    Ok(root)
}
