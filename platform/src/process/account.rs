//! The account that runs PostgreSQL where we are root: the server refuses to run as root.

use std::os::unix::fs::MetadataExt;
use std::path::Path;

use anyhow::{Context, Result, bail};
use nix::unistd::{Gid, Uid, User, geteuid, setgid, setgroups, setuid};

use super::{Output, Program, Spawner};

/// Accounts that a machine has for this, best first.
const CANDIDATES: [&str; 2] = ["postgres", "nobody"];

/// An account without rights of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Account {
    pub(crate) uid: Uid,
    pub(crate) gid: Gid,
}

impl Account {
    /// Whom PostgreSQL runs as: `None` (ourselves) unless we are root. The owner of an `existing`
    /// cluster is kept, since only the owner can start it.
    pub(crate) fn for_postgres(existing: Option<&Path>) -> Result<Option<Self>> {
        if !geteuid().is_root() {
            return Ok(None);
        }
        if let Some(metadata) = existing.and_then(|dir| std::fs::metadata(dir).ok())
            && metadata.uid() != 0
        {
            return Ok(Some(Self {
                uid: Uid::from_raw(metadata.uid()),
                gid: Gid::from_raw(metadata.gid()),
            }));
        }
        for name in CANDIDATES {
            let user = User::from_name(name).context("cannot read the machine's accounts")?;
            if let Some(user) = user.filter(|user| !user.uid.is_root()) {
                return Ok(Some(Self {
                    uid: user.uid,
                    gid: user.gid,
                }));
            }
        }
        bail!(
            "PostgreSQL cannot run as root and this machine has neither an account `postgres` nor \
             `nobody`: make one, or run orders as an ordinary user"
        )
    }

    /// Makes `path` this account's.
    pub(crate) fn own(self, path: &Path) -> Result<()> {
        std::os::unix::fs::chown(path, Some(self.uid.as_raw()), Some(self.gid.as_raw()))
            .with_context(|| format!("cannot give {} to another user", path.display()))
    }

    /// Whether this account can enter the directory, or execute the program, at `path`.
    ///
    /// Asked of the kernel, by a process with the account's rights, so that access lists and mount
    /// options count too.
    pub(crate) async fn can_execute(self, spawner: &Spawner, path: &Path) -> bool {
        let question = Program::ourselves()
            .arg("reach")
            .arg(format!("--uid={}", self.uid))
            .arg(format!("--gid={}", self.gid))
            .arg(path)
            .output(Output::Discard);
        match spawner.spawn(question).await {
            Ok(mut child) => child.wait().await.is_ok_and(|status| status.success()),
            Err(_) => false,
        }
    }

    /// Gives up root for this account, for good.
    pub(super) fn become_it(self) -> Result<()> {
        setgroups(&[self.gid]).context("cannot leave root's groups")?;
        setgid(self.gid).context("cannot change the group")?;
        setuid(self.uid).context("cannot change the user")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_ordinary_user_runs_postgres_as_himself_and_root_as_somebody_else() {
        let account = Account::for_postgres(None).unwrap();
        assert_eq!(account.is_some(), geteuid().is_root());
        assert!(account.is_none_or(|account| !account.uid.is_root()));
    }
}
