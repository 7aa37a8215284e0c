//! The folder that downloaded programs go to and stay in.

use std::fs::File;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow};
use nix::fcntl::{Flock, FlockArg};

use super::Finder;
use crate::elsewhere;

/// Where downloads go: into the data directory, or, where the account that has to run the programs
/// cannot reach that, elsewhere.
#[derive(Debug)]
pub(crate) struct Downloads {
    data_dir: PathBuf,
}

impl Downloads {
    pub(crate) fn of(data_dir: &Path) -> Self {
        Self {
            data_dir: data_dir.to_owned(),
        }
    }

    /// Opens the download `name`, waiting for others who may be getting it right now.
    pub(super) async fn open(&self, name: &str, finder: &Finder<'_>) -> Result<Download> {
        let mut folder = self.data_dir.join("programs");
        make(&folder)?;
        folder = folder
            .canonicalize()
            .context("cannot tell the programs' folder")?;
        if let Some(account) = finder.account
            && !account.can_execute(finder.spawner, &folder).await
        {
            folder = elsewhere::folder_for(&self.data_dir)?.join("programs");
            make(&folder)?;
        }
        let lock = folder.join(format!("{name}.lock"));
        let file =
            File::create(&lock).with_context(|| format!("cannot write {}", lock.display()))?;
        let lock = tokio::task::spawn_blocking(move || Flock::lock(file, FlockArg::LockExclusive))
            .await?
            .map_err(|(_, error)| anyhow!(error).context("cannot lock the programs' folder"))?;
        Ok(Download {
            path: folder.join(name),
            _lock: lock,
        })
    }
}

fn make(folder: &Path) -> Result<()> {
    std::fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))
}

/// A download that appears at its place only when it is whole.
#[derive(Debug)]
pub(super) struct Download {
    path: PathBuf,
    _lock: Flock<File>,
}

impl Download {
    /// Where it is when it is whole.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// An empty folder to download into.
    pub(super) fn begin(&self) -> Result<PathBuf> {
        let half = self.half();
        // What is left of an attempt that was killed.
        if half.exists() {
            std::fs::remove_dir_all(&half)
                .with_context(|| format!("cannot remove {}", half.display()))?;
        }
        make(&half)?;
        Ok(half)
    }

    /// Puts what was downloaded into its place.
    pub(super) fn finish(&self) -> Result<()> {
        if self.path.exists() {
            std::fs::remove_dir_all(&self.path)
                .with_context(|| format!("cannot replace {}", self.path.display()))?;
        }
        std::fs::rename(self.half(), &self.path)
            .with_context(|| format!("cannot make {}", self.path.display()))
    }

    fn half(&self) -> PathBuf {
        self.path.with_extension("half")
    }
}
