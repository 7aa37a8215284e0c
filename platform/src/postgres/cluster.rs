//! One cluster: its directory, who runs it, and how it is started.

use std::fs::{OpenOptions, Permissions};
use std::io::Write;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, anyhow, bail};
use nix::sys::signal::Signal;
use sqlx::postgres::{PgConnectOptions, PgSslMode};
use sqlx::{Connection, PgConnection};
use tokio::time::{Instant, sleep};

use crate::process::{self, Account, Child, Output, Program, Spawner};
use crate::programs::Postgres;
use crate::secret::Secret;

/// How long a server may take to accept connections; recovery after a crash is part of it.
const START_TIMEOUT: Duration = Duration::from_secs(60);

/// SQLSTATE `invalid_password`.
const WRONG_PASSWORD: &str = "28P01";

/// The cluster's superuser.
pub(crate) const SUPERUSER: &str = "postgres";

/// A role's name and password.
#[derive(Debug, Clone)]
pub(crate) struct Login {
    pub(crate) name: String,
    pub(crate) password: Secret,
}

impl Login {
    pub(crate) fn new(name: &str, password: Secret) -> Self {
        Self {
            name: name.to_owned(),
            password,
        }
    }

    /// The URL of a database for this role.
    pub(crate) fn url(&self, port: u16, database: &str) -> String {
        // Generated passwords hold hexadecimal digits only, nothing to escape.
        format!(
            "postgres://{}:{}@127.0.0.1:{port}/{database}",
            self.name,
            self.password.expose()
        )
    }

    /// How to log in to the database `postgres`.
    pub(crate) fn options(&self, port: u16) -> PgConnectOptions {
        PgConnectOptions::new_without_pgpass()
            .host("127.0.0.1")
            .port(port)
            .username(&self.name)
            .password(self.password.expose())
            .database("postgres")
            .ssl_mode(PgSslMode::Disable)
    }
}

/// A cluster's directory and who runs it. Needs no server to run.
#[derive(Debug, Clone)]
pub(crate) struct Cluster {
    pub(crate) programs: Postgres,
    /// `PGDATA`.
    pub(crate) dir: PathBuf,
    /// File that the server's log goes to.
    pub(crate) log: PathBuf,
    pub(crate) account: Option<Account>,
    /// Settings for the server's command line, `name=value`.
    pub(crate) settings: Vec<&'static str>,
    /// What the server gets when we die.
    pub(crate) on_our_death: Signal,
}

impl Cluster {
    /// Makes the cluster, in an empty or missing directory whose parent the account can enter.
    pub(crate) async fn init(&self, spawner: &Spawner, superuser: &Login) -> Result<()> {
        std::fs::create_dir_all(&self.dir)
            .with_context(|| format!("cannot make {}", self.dir.display()))?;
        std::fs::set_permissions(&self.dir, Permissions::from_mode(0o700))
            .with_context(|| format!("cannot protect {}", self.dir.display()))?;
        let password = self.dir.with_extension("password");
        write_secret(&password, superuser.password.expose())?;
        if let Some(account) = self.account {
            account.own(&self.dir)?;
            account.own(&password)?;
        }
        let initdb = Program::new(self.programs.bin.join("initdb"))
            .arg("--pgdata")
            .arg(&self.dir)
            .args(["--username", &superuser.name])
            .arg("--pwfile")
            .arg(&password)
            .args([
                "--auth=scram-sha-256",
                "--encoding=UTF8",
                "--locale=C",
                "--no-sync",
            ])
            .clean_env()
            .dir("/")
            .account(self.account)
            .output(Output::Piped);
        let output = spawner.spawn(initdb).await?.output().await?;
        std::fs::remove_file(&password).context("cannot remove a password file")?;
        if !output.status.success() {
            let reason = String::from_utf8_lossy(&output.stderr)
                .trim()
                .replace('\n', "; ");
            bail!(
                "initdb cannot make a cluster in {}: {reason}",
                self.dir.display()
            );
        }
        Ok(())
    }

    /// Starts the server on `port` and waits until `superuser` can log in.
    pub(crate) async fn start(
        &self,
        spawner: &Spawner,
        superuser: &Login,
        port: u16,
    ) -> Result<Child> {
        let server = Program::new(self.programs.bin.join("postgres"))
            .arg("-D")
            .arg(&self.dir)
            .arg("-c")
            .arg("listen_addresses=127.0.0.1")
            .arg("-c")
            .arg(format!("port={port}"))
            // A socket's path may be too long, and nothing of ours uses one.
            .arg("-c")
            .arg("unix_socket_directories=")
            .args(self.settings.iter().flat_map(|setting| ["-c", *setting]))
            .clean_env()
            .dir("/")
            .account(self.account)
            .on_our_death(self.on_our_death)
            .output(Output::File(self.log.clone()));
        let mut child = spawner.spawn(server).await?;
        if let Err(error) = self.await_login(&mut child, superuser, port).await {
            drop(child.stop(Signal::SIGINT, crate::process::GRACE).await);
            return Err(error);
        }
        Ok(child)
    }

    async fn await_login(&self, child: &mut Child, superuser: &Login, port: u16) -> Result<()> {
        let deadline = Instant::now() + START_TIMEOUT;
        loop {
            if let Some(status) = child.try_wait()? {
                let said = process::last_words(&self.log);
                bail!("PostgreSQL ended at its start ({status}): {said}");
            }
            match self.log_in(superuser, port).await {
                Ok(()) => return Ok(()),
                Err(LogIn::Refused(error)) => return Err(error),
                Err(LogIn::NotYet(error)) if Instant::now() > deadline => {
                    bail!(
                        "PostgreSQL does not answer: {error}; its log is {}",
                        self.log.display()
                    )
                }
                Err(LogIn::NotYet(_)) => sleep(Duration::from_millis(30)).await,
            }
        }
    }

    /// Logs in and out again.
    pub(super) async fn log_in(&self, superuser: &Login, port: u16) -> Result<(), LogIn> {
        match PgConnection::connect_with(&superuser.options(port)).await {
            Ok(connection) => {
                // A failed goodbye changes nothing.
                drop(connection.close().await);
                Ok(())
            }
            Err(sqlx::Error::Database(error))
                if error.code().as_deref() == Some(WRONG_PASSWORD) =>
            {
                Err(LogIn::Refused(anyhow!(
                    "the cluster in {} does not know our password, its secrets were lost: restore state.json, or begin \
                     anew with --fresh",
                    self.dir.display()
                )))
            }
            Err(error) => Err(LogIn::NotYet(error)),
        }
    }
}

/// Why nobody is logged in.
#[derive(Debug)]
pub(super) enum LogIn {
    /// The server is there and never will let us in.
    Refused(anyhow::Error),
    /// It is not there, or not ready.
    NotYet(sqlx::Error),
}

fn write_secret(path: &Path, secret: &str) -> Result<()> {
    OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(path)
        .and_then(|mut file| file.write_all(secret.as_bytes()))
        .with_context(|| format!("cannot write {}", path.display()))
}
