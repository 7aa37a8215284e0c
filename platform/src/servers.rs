//! `orders servers`: throw-away PostgreSQL and NATS for a command, e.g. for the tests.

use std::ffi::OsString;
use std::os::unix::process::ExitStatusExt;
use std::path::PathBuf;
use std::process::ExitStatus;

use anyhow::{Context, Result};
use nix::sys::signal::Signal;

use crate::postgres::{Durability, Throwaway};
use crate::process::{Account, Child, GRACE, Program, Spawner};
use crate::programs::{self, Downloads, Finder, Sources};
use crate::signals::Signals;

/// Arguments of `orders servers`.
#[derive(Debug, clap::Args)]
pub(crate) struct Servers {
    /// Folder for programs that have to be downloaded
    #[arg(
        long,
        value_name = "DIR",
        default_value = ".local",
        env = "ORDERS_DATA_DIR"
    )]
    data_dir: PathBuf,
    /// PostgreSQL writes to disk before it answers, as in production: to measure, not to test
    #[arg(long)]
    durable: bool,
    /// The command and its arguments
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, required = true)]
    command: Vec<OsString>,
}

impl Servers {
    /// Runs the command and returns its exit code.
    pub(crate) async fn run(self) -> Result<u8> {
        let spawner = Spawner::start()?;
        let account = Account::for_postgres(None)?;
        let downloads = Downloads::of(&self.data_dir);
        let finder = Finder {
            account,
            downloads: &downloads,
            spawner: &spawner,
            sources: Sources::from_env()?,
        };
        let postgres = finder.postgres(None).await?;
        let nats = finder.nats().await?;
        let bin = postgres.bin.clone();
        // From here on a signal must not end us before everything is cleared away.
        let mut signals = Signals::listen()?;
        let durability = if self.durable {
            Durability::AsInProduction
        } else {
            Durability::None
        };
        let cluster = Throwaway::start(&spawner, postgres, account, durability).await?;
        let mut words = self.command.into_iter();
        let command = Program::new(words.next().context("no command was given")?)
            .args(words)
            .env("TEST_POSTGRES_URL", cluster.url())
            .env("TEST_NATS_SERVER", &nats.program)
            .note(cluster.note())
            // For tests that start a platform or a server of their own.
            .env(
                "ORDERS_BIN",
                std::env::current_exe().context("cannot tell where orders lies")?,
            )
            .env(programs::POSTGRES_BIN, bin)
            .env(programs::NATS_SERVER, &nats.program);
        let status = match spawner.spawn(command).await {
            Ok(mut child) => supervise(&mut child, &mut signals).await,
            Err(error) => Err(error),
        };
        cluster.stop().await?;
        status.map(exit_code)
    }
}

/// Waits for the command; hands on what we are told, and kills it when it does not stop then.
async fn supervise(child: &mut Child, signals: &mut Signals) -> Result<ExitStatus> {
    let told = tokio::select! {
        status = child.wait() => {
            // What it left running in its group would meet servers that are gone.
            child.signal_group(Signal::SIGKILL);
            return status;
        }
        told = signals.next() => told,
    };
    child.signal_group(told);
    let status = tokio::select! {
        status = tokio::time::timeout(GRACE, child.wait()) => status.ok(),
        _ = signals.next() => None,
    };
    child.signal_group(Signal::SIGKILL);
    match status {
        Some(status) => status,
        None => child.wait().await,
    }
}

/// The exit code of a shell: 128 and the signal's number for a program that a signal ended.
fn exit_code(status: ExitStatus) -> u8 {
    let code = status
        .code()
        .or_else(|| status.signal().map(|signal| 128 + signal));
    code.and_then(|code| u8::try_from(code).ok())
        .unwrap_or(u8::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_exit_code_is_the_commands_or_tells_the_signal() {
        assert_eq!(exit_code(ExitStatus::from_raw(0)), 0);
        assert_eq!(exit_code(ExitStatus::from_raw(7 << 8)), 7);
        assert_eq!(exit_code(ExitStatus::from_raw(15)), 143);
    }
}
