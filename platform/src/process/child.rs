//! A program to start, and the child that it becomes.

use std::ffi::OsString;
use std::fs::OpenOptions;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};
use std::time::Duration;

use anyhow::{Context, Result};
use nix::sys::signal::{Signal, kill, killpg};
use nix::unistd::{Pid, getpid};

use super::Account;

/// The program that runs, even when its file was replaced by a new build meanwhile.
const OURSELVES: &str = "/proc/self/exe";

/// Where a child's output goes.
#[derive(Debug, Clone)]
pub(crate) enum Output {
    /// To ours.
    Inherit,
    /// Nowhere.
    Discard,
    /// Both streams to the end of this file.
    File(PathBuf),
    /// Into pipes that the caller reads.
    Piped,
}

/// A program to start: what, with whose rights, and what it is told when we die.
#[derive(Debug, Clone)]
pub(crate) struct Program {
    path: PathBuf,
    args: Vec<OsString>,
    env: Vec<(OsString, OsString)>,
    clean_env: bool,
    dir: Option<PathBuf>,
    account: Option<Account>,
    on_our_death: Signal,
    output: Output,
    piped_input: bool,
    note: Option<PathBuf>,
}

impl Program {
    pub(crate) fn new(path: impl Into<PathBuf>) -> Self {
        Self {
            path: path.into(),
            args: Vec::new(),
            env: Vec::new(),
            clean_env: false,
            dir: None,
            account: None,
            on_our_death: Signal::SIGTERM,
            output: Output::Inherit,
            piped_input: false,
            note: None,
        }
    }

    pub(crate) fn arg(mut self, arg: impl Into<OsString>) -> Self {
        self.args.push(arg.into());
        self
    }

    pub(crate) fn args<A: Into<OsString>>(mut self, args: impl IntoIterator<Item = A>) -> Self {
        self.args.extend(args.into_iter().map(Into::into));
        self
    }

    /// This program itself, by its file if that is still the one that runs.
    pub(crate) fn ourselves() -> Self {
        let file = std::env::current_exe().ok().filter(|path| path.exists());
        Self::new(file.unwrap_or_else(|| OURSELVES.into()))
    }

    pub(crate) fn envs<N: Into<OsString>, V: Into<OsString>>(
        mut self,
        variables: impl IntoIterator<Item = (N, V)>,
    ) -> Self {
        self.env.extend(
            variables
                .into_iter()
                .map(|(name, value)| (name.into(), value.into())),
        );
        self
    }

    pub(crate) fn env(mut self, name: impl Into<OsString>, value: impl Into<OsString>) -> Self {
        self.env.push((name.into(), value.into()));
        self
    }

    /// Gives the program nothing of our environment but `PATH`.
    pub(crate) fn clean_env(mut self) -> Self {
        self.clean_env = true;
        self
    }

    pub(crate) fn dir(mut self, dir: impl Into<PathBuf>) -> Self {
        self.dir = Some(dir.into());
        self
    }

    /// Whom to become; `None` stays who we are.
    pub(crate) fn account(mut self, account: Option<Account>) -> Self {
        self.account = account;
        self
    }

    /// What the program gets when we die, instead of SIGTERM.
    pub(crate) fn on_our_death(mut self, signal: Signal) -> Self {
        self.on_our_death = signal;
        self
    }

    pub(crate) fn output(mut self, output: Output) -> Self {
        self.output = output;
        self
    }

    /// Connects the program's input to a pipe that the caller holds; otherwise it has none.
    pub(crate) fn piped_input(mut self) -> Self {
        self.piped_input = true;
        self
    }

    /// Has the process id, which is its group's too, written to this file before the program runs.
    pub(crate) fn note(mut self, file: impl Into<PathBuf>) -> Self {
        self.note = Some(file.into());
        self
    }

    /// The program's name without its folder.
    pub(crate) fn name(&self) -> String {
        self.path.file_name().map_or_else(
            || self.path.display().to_string(),
            |n| n.to_string_lossy().into_owned(),
        )
    }

    pub(super) fn into_command(self) -> Result<Command> {
        let mut command = Command::new(OURSELVES);
        command
            .arg("launch")
            .arg(format!("--parent={}", getpid()))
            .arg(format!("--signal={}", self.on_our_death));
        if let Some(account) = self.account {
            command
                .arg(format!("--uid={}", account.uid))
                .arg(format!("--gid={}", account.gid));
        }
        if let Some(note) = &self.note {
            command.arg("--note").arg(note);
        }
        command.arg("--").arg(&self.path).args(&self.args);
        if self.clean_env {
            command.env_clear();
            if let Some(path) = std::env::var_os("PATH") {
                command.env("PATH", path);
            }
        }
        command.envs(self.env);
        if let Some(dir) = &self.dir {
            command.current_dir(dir);
        }
        command.process_group(0);
        command.stdin(if self.piped_input {
            Stdio::piped()
        } else {
            Stdio::null()
        });
        let (stdout, stderr) = open_output(&self.output)?;
        command.stdout(stdout).stderr(stderr);
        Ok(command)
    }
}

fn open_output(output: &Output) -> Result<(Stdio, Stdio)> {
    Ok(match output {
        Output::Inherit => (Stdio::inherit(), Stdio::inherit()),
        Output::Discard => (Stdio::null(), Stdio::null()),
        Output::Piped => (Stdio::piped(), Stdio::piped()),
        Output::File(path) => {
            let file = open_log(path)?;
            let again = file.try_clone().context("cannot open a log twice")?;
            (file.into(), again.into())
        }
    })
}

fn open_log(path: &Path) -> Result<std::fs::File> {
    OpenOptions::new()
        .create(true)
        .append(true)
        .open(path)
        .with_context(|| format!("cannot write {}", path.display()))
}

/// A running child in its own process group.
#[derive(Debug)]
pub(crate) struct Child {
    name: String,
    pid: Pid,
    inner: tokio::process::Child,
}

impl Child {
    pub(super) fn new(name: String, inner: tokio::process::Child) -> Result<Self> {
        let id = inner.id().context("a child without an id")?;
        let pid = Pid::from_raw(i32::try_from(id).context("a process id out of range")?);
        Ok(Self { name, pid, inner })
    }

    pub(crate) fn pid(&self) -> Pid {
        self.pid
    }

    /// Takes the pipe of the program's input.
    pub(crate) fn take_input(&mut self) -> Option<tokio::process::ChildStdin> {
        self.inner.stdin.take()
    }

    /// Waits for the end of the program and for all that it writes (`Output::Piped`).
    pub(crate) async fn output(self) -> Result<std::process::Output> {
        let name = self.name;
        self.inner
            .wait_with_output()
            .await
            .with_context(|| format!("cannot wait for {name}"))
    }

    /// Waits for the end of the program. May be cancelled and called again.
    pub(crate) async fn wait(&mut self) -> Result<ExitStatus> {
        self.inner
            .wait()
            .await
            .with_context(|| format!("cannot wait for {}", self.name))
    }

    /// The status, if the program has ended.
    pub(crate) fn try_wait(&mut self) -> Result<Option<ExitStatus>> {
        self.inner
            .try_wait()
            .with_context(|| format!("cannot wait for {}", self.name))
    }

    /// Signals the program alone. It may have ended by itself, which is as good.
    pub(crate) fn signal(&self, signal: Signal) {
        let _ = kill(self.pid, signal);
    }

    /// Signals the program and all that it started in its group.
    pub(crate) fn signal_group(&self, signal: Signal) {
        let _ = killpg(self.pid, signal);
    }

    /// Asks the program to stop and kills its whole group when `grace` has passed.
    pub(crate) async fn stop(&mut self, signal: Signal, grace: Duration) -> Result<ExitStatus> {
        self.signal(signal);
        if let Ok(status) = tokio::time::timeout(grace, self.wait()).await {
            return status;
        }
        self.signal_group(Signal::SIGKILL);
        self.wait().await
    }
}
