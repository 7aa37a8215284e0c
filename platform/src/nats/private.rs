//! The private broker's process.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use nix::sys::signal::Signal;
use nix::sys::statvfs::statvfs;
use nix::unistd::Pid;
use tokio::time::{Instant, sleep};

use super::configuration;
use crate::data_dir::{DataDir, write_private};
use crate::port;
use crate::process::{self, Child, GRACE, Output, Program, Spawner};
use crate::programs::{Downloads, Finder, Nats, Sources};
use crate::state::{NatsState, State};
use crate::up::Running;

/// Where the broker keeps its data, within the data directory.
const STORE: &str = "nats";
const CONFIGURATION: &str = "nats.conf";

/// How long the broker may take until it serves `JetStream`; it reads its store first.
const START_TIMEOUT: Duration = Duration::from_secs(30);

/// With less free disk than this a broker that does not start has nothing wrong with its data.
const ROOM: u64 = 64 << 20;

/// The private broker of a data directory.
#[derive(Debug, Clone)]
pub(crate) struct Private {
    programs: Nats,
    spawner: Spawner,
    dir: DataDir,
    http: reqwest::Client,
    state: NatsState,
    port: u16,
    monitor_port: u16,
}

impl Private {
    /// Finds the program, decides on ports and writes the configuration. Starts nothing.
    pub(crate) async fn prepare(
        dir: &DataDir,
        state: &mut State,
        spawner: &Spawner,
        http: &reqwest::Client,
    ) -> Result<Self> {
        let downloads = Downloads::of(dir.path());
        let finder = Finder {
            account: None,
            downloads: &downloads,
            spawner,
            sources: Sources::from_env()?,
        };
        let programs = finder.nats().await?;
        end_left_over(dir).await;
        let broker = Self {
            programs,
            spawner: spawner.clone(),
            dir: dir.clone(),
            http: http.clone(),
            port: port::same_or_any(state.nats.port)?,
            monitor_port: port::same_or_any(state.nats.monitor_port)?,
            state: state.nats.clone(),
        };
        state.nats.port = Some(broker.port);
        state.nats.monitor_port = Some(broker.monitor_port);
        state.save(dir)?;
        let text = configuration::render(
            &state.nats,
            broker.port,
            broker.monitor_port,
            &broker.store(),
        )?;
        write_private(&broker.configuration(), &text)?;
        Ok(broker)
    }

    /// What is started, for the person who waits.
    pub(crate) fn describe(&self) -> String {
        format!("NATS {}", self.programs.version)
    }

    /// The broker's URL with a user's credentials.
    pub(crate) fn url(&self, user: &str) -> Result<String> {
        let password = self.state.passwords.get(user).with_context(|| {
            format!(
                "state.json holds no password of {user}: restore it, or begin anew with --fresh"
            )
        })?;
        Ok(format!(
            "nats://{user}:{}@127.0.0.1:{}",
            password.expose(),
            self.port
        ))
    }

    /// Starts the broker and waits until it serves. Data that it cannot read are set aside: the log has everything,
    /// and the stream is filled anew from where the relay was.
    pub(crate) async fn start(&self) -> Result<Running> {
        let started = match self.try_start().await {
            Err(Unstarted::Ended(error)) if self.may_be_unreadable() => {
                let aside = self.set_aside()?;
                tracing::warn!(
                    error,
                    aside = %aside.display(),
                    "the broker could not start on its data, they are set aside"
                );
                self.try_start().await
            }
            started => started,
        };
        match started {
            Ok(child) => Ok(Running::Process {
                child: Box::new(child),
                stop: Signal::SIGTERM,
                log: self.dir.log_file("nats"),
            }),
            Err(Unstarted::Ended(error)) => bail!("nats-server ended at its start: {error}"),
            Err(Unstarted::Other(error)) => Err(error),
        }
    }

    /// Whether the broker answers and serves `JetStream`.
    pub(crate) async fn is_healthy(&self) -> bool {
        let url = format!("http://127.0.0.1:{}/healthz", self.monitor_port);
        let answer = self
            .http
            .get(url)
            .timeout(Duration::from_secs(2))
            .send()
            .await;
        answer.is_ok_and(|answer| answer.status().is_success())
    }

    async fn try_start(&self) -> Result<Child, Unstarted> {
        let log = self.dir.log_file("nats");
        let program = Program::new(&self.programs.program)
            .arg("--config")
            .arg(self.configuration())
            .clean_env()
            .dir("/")
            .output(Output::File(log.clone()));
        let mut child = self
            .spawner
            .spawn(program)
            .await
            .map_err(Unstarted::Other)?;
        let deadline = Instant::now() + START_TIMEOUT;
        while !self.is_healthy().await {
            if let Some(status) = child.try_wait().map_err(Unstarted::Other)? {
                let said = process::last_words(&log);
                return Err(Unstarted::Ended(format!("{said} ({status})")));
            }
            if Instant::now() > deadline {
                drop(child.stop(Signal::SIGTERM, GRACE).await);
                return Err(Unstarted::Ended(format!("not ready in {START_TIMEOUT:?}")));
            }
            sleep(Duration::from_millis(30)).await;
        }
        Ok(child)
    }

    /// Whether its data are what keeps a broker from starting: nothing else does that we know of.
    fn may_be_unreadable(&self) -> bool {
        let free = statvfs(self.dir.path()).map_or(u64::MAX, |disk| {
            disk.blocks_available().saturating_mul(disk.fragment_size())
        });
        let ports_free = [self.port, self.monitor_port]
            .into_iter()
            .all(port::is_free);
        self.store().exists() && ports_free && free > ROOM
    }

    fn set_aside(&self) -> Result<PathBuf> {
        let seconds = std::time::SystemTime::now()
            .duration_since(std::time::UNIX_EPOCH)
            .map_or(0, |since| since.as_secs());
        let aside = self.dir.join(format!("{STORE}.unreadable-{seconds}"));
        std::fs::rename(self.store(), &aside)
            .with_context(|| format!("cannot set {} aside", self.store().display()))?;
        Ok(aside)
    }

    fn store(&self) -> PathBuf {
        self.dir.join(STORE)
    }

    fn configuration(&self) -> PathBuf {
        self.dir.join(CONFIGURATION)
    }
}

/// Why a broker does not run.
enum Unstarted {
    /// It ended, with these last words.
    Ended(String),
    /// It never began.
    Other(anyhow::Error),
}

/// Removes the broker's data and ends a broker that was left running on them.
pub(crate) async fn remove(dir: &DataDir) -> Result<()> {
    end_left_over(dir).await;
    let entries = std::fs::read_dir(dir.path()).context("cannot look into the data directory")?;
    for entry in entries.flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        if name == STORE || name.starts_with(&format!("{STORE}.unreadable-")) {
            std::fs::remove_dir_all(entry.path())
                .with_context(|| format!("cannot remove {}", entry.path().display()))?;
        }
    }
    Ok(())
}

/// Ends a broker that a killed `orders` left: it would hold the store and the ports.
async fn end_left_over(dir: &DataDir) {
    let Ok(text) = std::fs::read_to_string(dir.pid_file("nats")) else {
        return;
    };
    let Ok(pid) = text.trim().parse().map(Pid::from_raw) else {
        return;
    };
    let configuration = dir.join(CONFIGURATION).display().to_string();
    if process::command_line(pid).is_some_and(|line| line.contains(&configuration)) {
        process::end(pid, Signal::SIGTERM).await;
    }
}
