//! The directory in which a platform on this machine keeps everything.
//!
//! ```text
//! order-platform   says that the directory is ours
//! lock             held by the running `orders up`
//! state.json       secrets that were generated, ports that were chosen (0600)
//! run/             <name>.pid of each running part
//! log/             <name>.log of each part that is a process of its own
//! postgres/        the cluster, or postgres-lies-in with its path where its account cannot come here
//! nats/, nats.conf the broker's store and configuration
//! programs/        PostgreSQL and NATS, where they had to be downloaded
//! ```

use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use nix::errno::Errno;
use nix::fcntl::{Flock, FlockArg};
use nix::unistd::{Pid, geteuid};

/// Variable that names the directory, unless `--data-dir` does.
pub(crate) const VARIABLE: &str = "ORDERS_DATA_DIR";

const MARKER: &str = "order-platform";
const MARKER_TEXT: &str = "The data of an order platform, made by `orders up`.\n";
const LOCK: &str = "lock";

/// A data directory that is ours.
#[derive(Debug, Clone)]
pub(crate) struct DataDir {
    path: PathBuf,
}

/// Held while a platform runs on a directory.
#[derive(Debug)]
pub(crate) struct Lock {
    _file: Flock<File>,
}

impl DataDir {
    /// Opens the directory, made if it is missing.
    pub(crate) fn open(path: &Path) -> Result<Self> {
        std::fs::create_dir_all(path).with_context(|| {
            format!(
                "cannot make {}: choose another place with --data-dir",
                path.display()
            )
        })?;
        let dir = Self::find(path)?;
        let marker = dir.path.join(MARKER);
        if !marker.exists() {
            std::fs::write(&marker, MARKER_TEXT).with_context(|| {
                format!(
                    "cannot write to {}: choose another place with --data-dir",
                    path.display()
                )
            })?;
        }
        for name in ["run", "log"] {
            let sub = dir.path.join(name);
            std::fs::create_dir_all(&sub)
                .with_context(|| format!("cannot make {}", sub.display()))?;
        }
        Ok(dir)
    }

    /// The directory as it is. Refuses one of another user or another program.
    pub(crate) fn find(path: &Path) -> Result<Self> {
        let path = path
            .canonicalize()
            .with_context(|| format!("there is no data directory {}", path.display()))?;
        let owner = std::fs::metadata(&path)
            .with_context(|| format!("cannot look at {}", path.display()))?
            .uid();
        if owner != geteuid().as_raw() {
            bail!(
                "the data directory {} belongs to another user ({owner}): run orders as that user, or choose \
                 another place with --data-dir",
                path.display()
            );
        }
        if !path.join(MARKER).exists()
            && let Some(name) = foreign_entry(&path)?
        {
            bail!(
                "{} is no data directory of orders, it holds `{name}`: choose an empty place with --data-dir",
                path.display()
            );
        }
        Ok(Self { path })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) fn join(&self, name: impl AsRef<Path>) -> PathBuf {
        self.path.join(name)
    }

    /// The file that holds the process id of a running part.
    pub(crate) fn pid_file(&self, name: &str) -> PathBuf {
        self.path.join("run").join(format!("{name}.pid"))
    }

    /// What a platform that is ready says about itself; holds secrets.
    pub(crate) fn ready_file(&self) -> PathBuf {
        self.path.join("run/ready.json")
    }

    /// The log of a part that is a process of its own.
    pub(crate) fn log_file(&self, name: &str) -> PathBuf {
        self.path.join("log").join(format!("{name}.log"))
    }

    /// Keeps other platforms off this directory until the lock is dropped.
    pub(crate) fn lock(&self) -> Result<Lock> {
        let path = self.path.join(LOCK);
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(&path)
            .with_context(|| format!("cannot write {}", path.display()))?;
        let mut holder = String::new();
        // A holder that cannot be read is only missing from the message.
        drop(file.read_to_string(&mut holder));
        match Flock::lock(file, FlockArg::LockExclusiveNonblock) {
            Ok(mut file) => {
                file.set_len(0)
                    .and_then(|()| std::io::Seek::rewind(&mut *file))
                    .and_then(|()| writeln!(file, "{}", Pid::this()))
                    .with_context(|| format!("cannot write {}", path.display()))?;
                Ok(Lock { _file: file })
            }
            Err((_, Errno::EWOULDBLOCK)) => bail!(
                "a platform already runs on {} (process {}): stop that one, or choose another place with \
                 --data-dir",
                self.path.display(),
                holder.trim()
            ),
            Err((_, error)) => {
                Err(error).with_context(|| format!("cannot lock {}", path.display()))
            }
        }
    }

    /// Forgets secrets, ports and logs.
    pub(crate) fn forget(&self) -> Result<()> {
        for file in std::fs::read_dir(self.path.join("log"))
            .into_iter()
            .flatten()
            .flatten()
        {
            std::fs::remove_file(file.path()).context("cannot remove a log")?;
        }
        match std::fs::remove_file(self.path.join("state.json")) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                Err(error).context("cannot remove state.json")
            }
            _ => Ok(()),
        }
    }

    /// Whether an `orders up` runs on this directory.
    pub(crate) fn is_locked(&self) -> bool {
        let Ok(file) = File::open(self.path.join(LOCK)) else {
            return false;
        };
        matches!(
            Flock::lock(file, FlockArg::LockSharedNonblock),
            Err((_, Errno::EWOULDBLOCK))
        )
    }
}

/// Something in a directory without our marker that shows that others use it. Logs are nobody's data, and our
/// own downloads may be there before the first platform.
fn foreign_entry(path: &Path) -> Result<Option<String>> {
    let entries =
        std::fs::read_dir(path).with_context(|| format!("cannot look into {}", path.display()))?;
    for entry in entries {
        let name = entry
            .with_context(|| format!("cannot look into {}", path.display()))?
            .file_name();
        let name = name.to_string_lossy().into_owned();
        if name != "programs" && Path::new(&name).extension().is_none_or(|end| end != "log") {
            return Ok(Some(name));
        }
    }
    Ok(None)
}

/// Writes a file that only its owner may read, whole or not at all.
pub(crate) fn write_private(path: &Path, text: &str) -> Result<()> {
    let half = path.with_extension("half");
    let write = || {
        let mut file = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(&half)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        std::fs::rename(&half, path)
    };
    write().with_context(|| format!("cannot write {}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scratch() -> PathBuf {
        let path = std::env::temp_dir().join(format!("orders-dir-{}", uuid::Uuid::new_v4()));
        std::fs::create_dir(&path).unwrap();
        path
    }

    #[test]
    fn an_empty_directory_becomes_ours_and_stays_ours() {
        let path = scratch();
        std::fs::write(path.join("orders.log"), "").unwrap();
        DataDir::open(&path).unwrap();
        std::fs::write(path.join("more"), "").unwrap();
        DataDir::open(&path).unwrap();
        std::fs::remove_dir_all(path).unwrap();
    }

    #[test]
    fn a_directory_with_other_things_in_it_is_refused_untouched() {
        let path = scratch();
        std::fs::write(path.join("PG_VERSION"), "15").unwrap();
        let error = DataDir::open(&path).unwrap_err().to_string();
        assert!(
            error.contains("`PG_VERSION`") && error.contains("--data-dir"),
            "{error}"
        );
        assert_eq!(std::fs::read_dir(&path).unwrap().count(), 1);
        std::fs::remove_dir_all(path).unwrap();
    }

    #[test]
    fn the_second_lock_is_refused_and_says_who_holds_the_first() {
        let path = scratch();
        let dir = DataDir::open(&path).unwrap();
        assert!(!dir.is_locked());
        let lock = dir.lock().unwrap();
        assert!(dir.is_locked());
        let error = dir.lock().unwrap_err().to_string();
        assert!(
            error.contains(&format!("process {}", std::process::id())),
            "{error}"
        );
        drop(lock);
        dir.lock().unwrap();
        std::fs::remove_dir_all(path).unwrap();
    }
}
