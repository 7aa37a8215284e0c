//! `orders sweep`, hidden: removes what a throw-away cluster leaves, also when `orders` was killed.
//!
//! A small process beside `orders servers`, which holds the other end of its input. When that closes,
//! for whatever reason, everything goes: the noted process with all that it started, the server, the data.

use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use nix::sys::signal::{Signal, kill, killpg};
use nix::unistd::Pid;

use crate::process::{GRACE, is_alive};

/// The file, in the cluster's folder, with the id of the process group that uses the servers.
pub(super) const NOTE: &str = "command.pid";

/// Arguments of the hidden command.
#[derive(Debug, clap::Args)]
pub(crate) struct Sweep {
    /// The throw-away cluster's folder.
    root: PathBuf,
}

impl Sweep {
    /// Waits for the end of the input, then sweeps.
    pub(crate) fn run(&self) -> Result<()> {
        // Nobody writes: this waits for the end, however it comes.
        drop(std::io::copy(
            &mut std::io::stdin().lock(),
            &mut std::io::sink(),
        ));
        if let Some(group) = first_line(&self.root.join(NOTE)) {
            let _ = killpg(group, Signal::SIGKILL);
        }
        if let Some(server) = first_line(&self.root.join("data/postmaster.pid")) {
            end(server);
        }
        remove(&self.root)
    }
}

/// The process id in a file's first line, if there is such a file.
fn first_line(path: &Path) -> Option<Pid> {
    let text = std::fs::read_to_string(path).ok()?;
    text.lines().next()?.trim().parse().ok().map(Pid::from_raw)
}

/// Waits for the end of a server that was told to stop, and kills it when that takes too long.
fn end(server: Pid) {
    let deadline = Instant::now() + GRACE;
    while is_alive(server) {
        if Instant::now() > deadline {
            let _ = kill(server, Signal::SIGKILL);
        }
        sleep(Duration::from_millis(20));
    }
}

/// Removes the folder; again when a server's last process still wrote something into it.
fn remove(root: &Path) -> Result<()> {
    let deadline = Instant::now() + GRACE;
    loop {
        match std::fs::remove_dir_all(root) {
            Err(error) if root.exists() => {
                if Instant::now() > deadline {
                    return Err(error).with_context(|| format!("cannot remove {}", root.display()));
                }
                sleep(Duration::from_millis(50));
            }
            _ => return Ok(()),
        }
    }
}
