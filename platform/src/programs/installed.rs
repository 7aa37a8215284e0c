//! Programs that are on the machine.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};

use super::{Finder, NATS_SERVER, Nats, POSTGRES_BIN, Postgres, Version};
use crate::process::{Output, Program, Spawner};

/// Folders that hold a folder for each version of PostgreSQL: Debian's and its kin's.
const POSTGRES_VERSIONS: &str = "/usr/lib/postgresql";

/// Where `nats-server` lies though an ordinary user's `PATH` may leave it out.
const SYSTEM_FOLDERS: [&str; 2] = ["/usr/local/sbin", "/usr/sbin"];

/// Every PostgreSQL that the account can execute, the one on `PATH` first, then from the newest down.
pub(super) async fn postgres(finder: &Finder<'_>) -> Vec<Postgres> {
    let mut found = Vec::new();
    for bin in on_path("postgres")
        .iter()
        .filter_map(|program| program.parent())
    {
        found.extend(postgres_in(finder, bin).await);
    }
    let mut versions = Vec::new();
    for folder in std::fs::read_dir(POSTGRES_VERSIONS)
        .into_iter()
        .flatten()
        .flatten()
    {
        versions.extend(postgres_in(finder, &folder.path().join("bin")).await);
    }
    versions.sort_by_key(|postgres| std::cmp::Reverse(postgres.version));
    found.extend(versions);
    found
}

/// The PostgreSQL that a variable names.
pub(super) async fn named_postgres(finder: &Finder<'_>, bin: &Path) -> Result<Postgres> {
    let found = postgres_in(finder, bin).await.with_context(|| {
        format!(
            "{POSTGRES_BIN} names {}, where no PostgreSQL can be run",
            bin.display()
        )
    })?;
    ensure!(
        found.version.major >= super::OLDEST_POSTGRES,
        "{POSTGRES_BIN} names PostgreSQL {}; {} or newer is needed",
        found.version,
        super::OLDEST_POSTGRES
    );
    Ok(found)
}

/// The PostgreSQL in `bin`, if all that we need of it is there and runs.
pub(super) async fn postgres_in(finder: &Finder<'_>, bin: &Path) -> Option<Postgres> {
    // Through links (`/usr/local/bin/postgres`) to where the programs lie together.
    let server = bin.join("postgres").canonicalize().ok()?;
    let bin = server.parent()?.to_owned();
    for program in ["postgres", "initdb"] {
        let program = bin.join(program);
        if let Some(account) = finder.account
            && !account.can_execute(finder.spawner, &program).await
        {
            return None;
        }
        if !program.is_file() {
            return None;
        }
    }
    let version = version_of(finder.spawner, &server).await?;
    Some(Postgres { bin, version })
}

/// The first `nats-server` of the machine.
pub(super) async fn nats(finder: &Finder<'_>) -> Option<Nats> {
    let system = SYSTEM_FOLDERS
        .iter()
        .map(|folder| Path::new(folder).join("nats-server"));
    for program in on_path("nats-server").into_iter().chain(system) {
        if let Some(nats) = nats_at(finder, &program).await {
            return Some(nats);
        }
    }
    None
}

/// The `nats-server` that a variable names.
pub(super) async fn named_nats(finder: &Finder<'_>, program: &Path) -> Result<Nats> {
    nats_at(finder, program).await.with_context(|| {
        format!(
            "{NATS_SERVER} names {}, which cannot be run",
            program.display()
        )
    })
}

/// The `nats-server` at `program`, if it runs.
pub(super) async fn nats_at(finder: &Finder<'_>, program: &Path) -> Option<Nats> {
    let version = version_of(finder.spawner, program).await?;
    Some(Nats {
        program: program.to_owned(),
        version,
    })
}

async fn version_of(spawner: &Spawner, program: &Path) -> Option<Version> {
    let asked = Program::new(program).arg("--version").output(Output::Piped);
    let output = spawner.spawn(asked).await.ok()?.output().await.ok()?;
    if !output.status.success() {
        return None;
    }
    Version::find(&String::from_utf8_lossy(&output.stdout))
}

fn on_path(name: &str) -> Vec<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .map(|folder| folder.join(name))
        .filter(|program| program.is_file())
        .collect()
}
