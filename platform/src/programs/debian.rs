//! Programs out of Debian's packages, for root.

use std::path::Path;

use anyhow::{Context, Result, ensure};

use super::{Finder, Nats, Postgres, installed, run, tell};
use crate::process::Program;

/// Says whether the package makes a cluster of its own, and starts it, when it is installed.
const CREATE_CLUSTER: &str = "/etc/postgresql-common/createcluster.conf";

/// Installs PostgreSQL without a cluster of the machine's own.
pub(super) async fn postgres(finder: &Finder<'_>) -> Result<Vec<Postgres>> {
    tell("PostgreSQL from Debian's packages");
    apt_get(finder, &["install", "postgresql-common"]).await?;
    let before = std::fs::read_to_string(CREATE_CLUSTER)
        .with_context(|| format!("cannot read {CREATE_CLUSTER}"))?;
    std::fs::write(
        CREATE_CLUSTER,
        format!("{before}\ncreate_main_cluster = false\n"),
    )
    .with_context(|| format!("cannot write {CREATE_CLUSTER}"))?;
    let done = apt_get(finder, &["install", "postgresql"]).await;
    // The machine's own rule for later installations is its administrator's.
    std::fs::write(CREATE_CLUSTER, before)
        .with_context(|| format!("cannot write {CREATE_CLUSTER}"))?;
    done?;
    let found = installed::postgres(finder).await;
    ensure!(
        !found.is_empty(),
        "Debian's package postgresql brought no program that runs"
    );
    Ok(found)
}

/// Unpacks the package of NATS into the programs' folder.
///
/// Not installed: the package would start a server of the machine's own.
pub(super) async fn nats(finder: &Finder<'_>) -> Result<Nats> {
    let download = finder.downloads.open("debian", finder).await?;
    let program = download.path().join("usr/sbin/nats-server");
    if let Some(nats) = installed::nats_at(finder, &program).await {
        return Ok(nats);
    }
    tell("NATS from Debian's package");
    let half = download.begin()?;
    apt_get_in(finder, &["download", "nats-server"], &half).await?;
    let package = std::fs::read_dir(&half)
        .context("cannot read the downloads")?
        .flatten()
        .map(|entry| entry.path())
        .find(|path| path.extension().is_some_and(|extension| extension == "deb"))
        .context("apt-get downloaded no package")?;
    let unpack = Program::new("dpkg-deb")
        .arg("--extract")
        .arg(&package)
        .arg(&half);
    run(finder, unpack).await?;
    std::fs::remove_file(&package).context("cannot remove a download")?;
    download.finish()?;
    installed::nats_at(finder, &program)
        .await
        .context("Debian's package nats-server holds no program that runs")
}

async fn apt_get(finder: &Finder<'_>, words: &[&str]) -> Result<()> {
    apt_get_in(finder, words, Path::new("/")).await
}

/// Runs `apt-get`; once more with fresh lists of packages when it fails.
async fn apt_get_in(finder: &Finder<'_>, words: &[&str], dir: &Path) -> Result<()> {
    let command = |words: &[&str]| {
        Program::new("apt-get")
            // What is installed already is its administrator's to upgrade.
            .args([
                "--yes",
                "--quiet",
                "--no-install-recommends",
                "--no-upgrade",
            ])
            .args(words)
            .env("DEBIAN_FRONTEND", "noninteractive")
            .dir(dir)
    };
    if run(finder, command(words)).await.is_ok() {
        return Ok(());
    }
    run(finder, command(&["update"])).await?;
    run(finder, command(words)).await
}
