//! The cluster that `orders up` keeps: made once, started at every start, adopted when it still runs.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use nix::sys::signal::Signal;
use nix::unistd::Pid;
use tokio::time::{Instant, sleep};

use super::cluster::{Cluster, LogIn, Login, SUPERUSER};
use super::database;
use crate::data_dir::DataDir;
use crate::elsewhere;
use crate::port;
use crate::process::{self, Account, Spawner};
use crate::programs::{Downloads, Finder, Sources};
use crate::state::State;
use crate::up::Running;

/// Names the cluster's folder, where it does not lie in the data directory.
const NOTE: &str = "postgres-lies-in";

/// How long a server that is on its way up or down may take.
const SETTLE: Duration = Duration::from_secs(60);

/// The cluster keeps what was acknowledged: nothing here weakens it.
const SETTINGS: [&str; 6] = [
    "max_connections=200",
    "log_timezone=UTC",
    "timezone=UTC",
    "max_wal_size=2GB",
    // What is read again and again stays in memory; PostgreSQL's own default is for the smallest machines.
    "shared_buffers=512MB",
    // A client that vanished while it waited is noticed.
    "tcp_keepalives_idle=60",
];

/// The private cluster of a data directory.
#[derive(Debug, Clone)]
pub(crate) struct Private {
    cluster: Cluster,
    spawner: Spawner,
    superuser: Login,
    port: u16,
}

impl Private {
    /// Finds or makes the cluster, and decides on its port. Starts nothing.
    pub(crate) async fn prepare(
        dir: &DataDir,
        state: &mut State,
        spawner: &Spawner,
    ) -> Result<Self> {
        let superuser = database::login(&state.postgres, SUPERUSER)?;
        let home = existing_home(dir)?;
        if home.is_none() && state.postgres.port.is_some() {
            bail!(
                "the PostgreSQL cluster that holds the orders of {} is gone{}: put it back, or begin anew with --fresh",
                dir.path().display(),
                noted(dir).map_or_else(String::new, |place| format!(" from {place}"))
            );
        }
        let account =
            Account::for_postgres(home.as_ref().map(|home| home.join("postgres")).as_deref())?;
        let home = match home {
            Some(home) => home,
            None => choose_home(dir, account, spawner).await?,
        };
        let data = home.join("postgres");
        let downloads = Downloads::of(dir.path());
        let finder = Finder {
            account,
            downloads: &downloads,
            spawner,
            sources: Sources::from_env()?,
        };
        let programs = finder.postgres(major_of(&data)?).await?;
        let mut cluster = Cluster {
            programs,
            dir: data.clone(),
            log: dir.log_file("postgres"),
            account,
            settings: SETTINGS.to_vec(),
            on_our_death: Signal::SIGINT,
        };
        if !data.exists() {
            cluster.dir = home.join("postgres.half");
            if cluster.dir.exists() {
                std::fs::remove_dir_all(&cluster.dir).context("cannot remove half a cluster")?;
            }
            cluster.init(spawner, &superuser).await?;
            std::fs::rename(&cluster.dir, &data)
                .context("cannot put the cluster into its place")?;
            cluster.dir = data;
        }
        let port = cluster.choose_port(state.postgres.port)?;
        state.postgres.port = Some(port);
        state.save(dir)?;
        Ok(Self {
            cluster,
            spawner: spawner.clone(),
            superuser,
            port,
        })
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// What is started, for the person who waits.
    pub(crate) fn describe(&self) -> String {
        format!("PostgreSQL {}", self.cluster.programs.version)
    }

    /// Starts the server, or adopts one that was left running.
    pub(crate) async fn start(&self) -> Result<Running> {
        if let Some(left) = self.cluster.left_running() {
            if let Some(pid) = self.settled(left).await? {
                tracing::info!(
                    process.pid = pid.as_raw(),
                    "adopting the PostgreSQL server that was left running"
                );
                return Ok(Running::Adopted {
                    pid,
                    stop: Signal::SIGINT,
                });
            }
        } else {
            self.cluster.forget_dead_server()?;
        }
        let child = self
            .cluster
            .start(&self.spawner, &self.superuser, self.port)
            .await?;
        Ok(Running::Process {
            child: Box::new(child),
            stop: Signal::SIGINT,
            log: self.cluster.log.clone(),
        })
    }

    /// Makes the roles and databases that are missing.
    pub(crate) async fn ensure_databases(&self, state: &State) -> Result<()> {
        database::ensure(&state.postgres, self.port).await
    }

    /// Waits until a server that was left running accepts us, or is gone.
    async fn settled(&self, left: Left) -> Result<Option<Pid>> {
        let deadline = Instant::now() + SETTLE;
        while process::is_alive(left.pid) {
            let refused = match self.cluster.log_in(&self.superuser, self.port).await {
                Ok(()) => return Ok(Some(left.pid)),
                Err(LogIn::Refused(error)) => return Err(error),
                Err(LogIn::NotYet(error)) => error,
            };
            if Instant::now() > deadline {
                bail!(
                    "a PostgreSQL server (process {}) was left running on {} and does not answer ({refused}): stop it \
                     with `kill -INT {}`",
                    left.pid,
                    self.cluster.dir.display(),
                    left.pid
                );
            }
            sleep(Duration::from_millis(50)).await;
        }
        Ok(None)
    }
}

/// A server that runs on the cluster though we did not start it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Left {
    pid: Pid,
    port: u16,
}

impl Cluster {
    /// The server that runs on this cluster, by the file that it keeps there.
    fn left_running(&self) -> Option<Left> {
        let (pid, port) = self.postmaster()?;
        (process::is_alive(pid) && self.is_ours(pid)).then_some(Left { pid, port })
    }

    /// Removes the file of a server that is gone while another process got its id, after a restart of the machine
    /// or in a copied directory: PostgreSQL itself cannot tell and would refuse to start.
    fn forget_dead_server(&self) -> Result<()> {
        match self.postmaster() {
            Some((pid, _)) if process::is_alive(pid) => {
                std::fs::remove_file(self.dir.join("postmaster.pid"))
                    .context("cannot remove the file of a server that is gone")
            }
            _ => Ok(()),
        }
    }

    /// Process id and port out of `postmaster.pid`: its first and fourth line.
    fn postmaster(&self) -> Option<(Pid, u16)> {
        let file = std::fs::read_to_string(self.dir.join("postmaster.pid")).ok()?;
        let mut lines = file.lines().map(str::trim);
        let pid = lines.next()?.parse().ok().map(Pid::from_raw)?;
        let port = lines.nth(2)?.parse().ok()?;
        Some((pid, port))
    }

    fn is_ours(&self, pid: Pid) -> bool {
        process::command_line(pid).is_some_and(|line| {
            line.contains("postgres") && line.contains(&self.dir.display().to_string())
        })
    }

    /// The port of a server that runs already, else the one of last time if it is free, else a free one.
    fn choose_port(&self, last: Option<u16>) -> Result<u16> {
        if let Some(left) = self.left_running() {
            return Ok(left.port);
        }
        port::same_or_any(last)
    }
}

/// Where the cluster of this data directory lies, if there is one.
fn existing_home(dir: &DataDir) -> Result<Option<PathBuf>> {
    if dir.join("postgres").exists() {
        return Ok(Some(dir.path().to_owned()));
    }
    let note = dir.join(NOTE);
    if !note.exists() {
        return Ok(None);
    }
    // A copied data directory holds a note about another one's cluster.
    let noted = std::fs::read_to_string(&note)
        .with_context(|| format!("cannot read {}", note.display()))?;
    let home = elsewhere::folder_for(dir.path())?;
    let ours = Path::new(noted.trim()) == home;
    Ok((ours && home.join("postgres").exists()).then_some(home))
}

/// Where the data directory says that its cluster lies.
fn noted(dir: &DataDir) -> Option<String> {
    let place = std::fs::read_to_string(dir.join(NOTE)).ok()?;
    Some(place.trim().to_owned())
}

/// Where a new cluster goes: into the data directory, if the account that runs it can come there.
async fn choose_home(
    dir: &DataDir,
    account: Option<Account>,
    spawner: &Spawner,
) -> Result<PathBuf> {
    let Some(account) = account else {
        return Ok(dir.path().to_owned());
    };
    if account.can_execute(spawner, dir.path()).await {
        return Ok(dir.path().to_owned());
    }
    let home = elsewhere::folder_for(dir.path())?;
    let note = dir.join(NOTE);
    std::fs::write(&note, format!("{}\n", home.display()))
        .with_context(|| format!("cannot write {}", note.display()))?;
    Ok(home)
}

/// The version that made the cluster, if it is there.
fn major_of(data: &Path) -> Result<Option<u32>> {
    let path = data.join("PG_VERSION");
    match std::fs::read_to_string(&path) {
        Ok(text) => Ok(text.trim().parse().ok()),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error).with_context(|| format!("cannot read {}", path.display())),
    }
}

/// Removes the cluster of a data directory; a server that still runs on it is killed.
pub(crate) async fn remove(dir: &DataDir) -> Result<()> {
    let mut folders = vec![dir.join("postgres"), dir.join("postgres.half")];
    if dir.join(NOTE).exists() {
        folders.push(elsewhere::folder_for(dir.path())?.join("postgres"));
        folders.push(elsewhere::folder_for(dir.path())?.join("postgres.half"));
    }
    for folder in folders.into_iter().filter(|folder| folder.exists()) {
        if let Some(pid) = server_of(&folder) {
            process::end(pid, Signal::SIGQUIT).await;
        }
        std::fs::remove_dir_all(&folder)
            .with_context(|| format!("cannot remove {}", folder.display()))?;
    }
    Ok(())
}

fn server_of(data: &Path) -> Option<Pid> {
    let file = std::fs::read_to_string(data.join("postmaster.pid")).ok()?;
    let pid = file
        .lines()
        .next()?
        .trim()
        .parse()
        .ok()
        .map(Pid::from_raw)?;
    let line = process::command_line(pid)?;
    line.contains(&data.display().to_string()).then_some(pid)
}
