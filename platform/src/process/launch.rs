//! `orders launch`, hidden: the step between `orders` and a program that it starts.
//!
//! What has to happen in the new process before the program runs (give up root, ask to be told of
//! the parent's death) happens here, in an ordinary process of our own, so that nothing needs to
//! run between `fork` and `exec`.

use std::ffi::OsString;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Error, Result, ensure};
use nix::sys::prctl::set_pdeathsig;
use nix::sys::signal::Signal;
use nix::unistd::{AccessFlags, Gid, Pid, Uid, access, getpid, getppid};

use super::Account;

/// Arguments of the hidden command.
#[derive(Debug, clap::Args)]
pub(crate) struct Launch {
    /// Process whose death ends the program.
    #[arg(long)]
    parent: i32,
    /// Signal that the program gets then, e.g. SIGTERM.
    #[arg(long)]
    signal: Signal,
    /// Account to become, together with --gid.
    #[arg(long, requires = "gid")]
    uid: Option<u32>,
    /// Group to become.
    #[arg(long, requires = "uid")]
    gid: Option<u32>,
    /// File to write the process id to before the program runs.
    #[arg(long)]
    note: Option<PathBuf>,
    /// The program.
    program: PathBuf,
    /// Its arguments.
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    args: Vec<OsString>,
}

impl Launch {
    /// Becomes the program. Returns only when that failed.
    pub(crate) fn run(self) -> Error {
        if let Err(error) = self.prepare() {
            return error;
        }
        let error = Command::new(&self.program).args(&self.args).exec();
        Error::new(error).context(format!("cannot run {}", self.program.display()))
    }

    fn prepare(&self) -> Result<()> {
        if let (Some(uid), Some(gid)) = (self.uid, self.gid) {
            account(uid, gid).become_it()?;
        }
        // After the change of credentials, which clears it.
        set_pdeathsig(self.signal).context("cannot ask for the parent-death signal")?;
        // A parent that died before that call sends no signal any more.
        ensure!(
            getppid() == Pid::from_raw(self.parent),
            "the parent is gone"
        );
        if let Some(note) = &self.note {
            std::fs::write(note, format!("{}\n", getpid()))
                .with_context(|| format!("cannot write {}", note.display()))?;
        }
        Ok(())
    }
}

/// Arguments of `orders reach`, hidden: fails unless that account can enter or execute the path.
#[derive(Debug, clap::Args)]
pub(crate) struct Reach {
    #[arg(long)]
    uid: u32,
    #[arg(long)]
    gid: u32,
    path: PathBuf,
}

impl Reach {
    /// Becomes the account and tries.
    pub(crate) fn run(&self) -> Result<()> {
        account(self.uid, self.gid).become_it()?;
        access(&self.path, AccessFlags::X_OK).context("out of reach")
    }
}

fn account(uid: u32, gid: u32) -> Account {
    Account {
        uid: Uid::from_raw(uid),
        gid: Gid::from_raw(gid),
    }
}
