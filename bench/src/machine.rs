//! What the figures were measured on.

use std::process::Command;
use std::time::Instant;

use anyhow::Result;
use chrono::{DateTime, Utc};
use serde::Serialize;
use sqlx::{Connection as _, PgConnection, Row as _};

/// Server settings that the figures depend on.
const SETTINGS: [&str; 10] = [
    "server_version",
    "fsync",
    "synchronous_commit",
    "full_page_writes",
    "wal_sync_method",
    "shared_buffers",
    "max_wal_size",
    "wal_compression",
    "autovacuum",
    "max_connections",
];

/// The peers' versions come from the lock file that this program was built with.
const LOCK: &str = include_str!("../Cargo.lock");

#[derive(Debug, Clone, Serialize)]
pub(crate) struct Machine {
    pub(crate) began_at: DateTime<Utc>,
    #[serde(skip)]
    began: Instant,
    pub(crate) took_seconds: f64,
    pub(crate) cpu: String,
    pub(crate) cores: usize,
    pub(crate) memory: String,
    pub(crate) kernel: String,
    pub(crate) load_average: String,
    pub(crate) load_average_at_the_end: String,
    pub(crate) commit: String,
    pub(crate) versions: Vec<(String, String)>,
    pub(crate) settings: Vec<(String, String)>,
}

impl Machine {
    pub(crate) async fn look(server: &str) -> Result<Self> {
        let mut connection = PgConnection::connect(server).await?;
        let rows =
            sqlx::query("select name, current_setting(name) from unnest($1::text[]) as name")
                .bind(SETTINGS.map(str::to_owned).to_vec())
                .fetch_all(&mut connection)
                .await?;
        let settings = rows
            .iter()
            .map(|row| Ok::<_, sqlx::Error>((row.try_get(0)?, row.try_get(1)?)))
            .collect::<Result<Vec<(String, String)>, _>>()?;
        connection.close().await?;
        Ok(Self {
            began_at: Utc::now(),
            began: Instant::now(),
            took_seconds: 0.0,
            cpu: line_of("/proc/cpuinfo", "model name"),
            cores: std::thread::available_parallelism()?.get(),
            memory: line_of("/proc/meminfo", "MemTotal"),
            kernel: first_line("/proc/sys/kernel/osrelease"),
            load_average: first_line("/proc/loadavg"),
            load_average_at_the_end: String::new(),
            commit: commit(),
            versions: [
                "sqlx",
                "cqrs-es",
                "postgres-es",
                "disintegrate",
                "disintegrate-postgres",
                "axum",
                "hyper",
                "tokio",
            ]
            .map(|package| (package.to_owned(), version_of(package)))
            .to_vec(),
            settings,
        })
    }

    /// Says how long it took, and how busy the machine was.
    pub(crate) fn finish(&mut self) {
        self.took_seconds = self.began.elapsed().as_secs_f64();
        self.load_average_at_the_end = first_line("/proc/loadavg");
    }
}

/// The CPU time that a process and its threads have used, in seconds; nothing if it is gone.
pub(crate) fn cpu_seconds(process: &str) -> Option<f64> {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    // The name, which may hold spaces, ends with the last parenthesis; user and system time are fields 14 and 15.
    let mut fields = stat.rsplit_once(')')?.1.split_whitespace().skip(11);
    let user: f64 = fields.next()?.parse().ok()?;
    let system: f64 = fields.next()?.parse().ok()?;
    // Linux counts hundredths on all machines that this is built for.
    Some((user + system) / 100.0)
}

/// The most memory that a process has had at once, in MiB; nothing if it is gone.
pub(crate) fn peak_memory(process: u32) -> Option<f64> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kibibytes: f64 = line.trim().strip_suffix(" kB")?.parse().ok()?;
    Some(kibibytes / 1024.0)
}

fn first_line(path: &str) -> String {
    let text = std::fs::read_to_string(path).unwrap_or_default();
    text.lines().next().unwrap_or("unknown").to_owned()
}

fn line_of(path: &str, key: &str) -> String {
    let text = std::fs::read_to_string(path).unwrap_or_default();
    let line = text.lines().find(|line| line.starts_with(key));
    let value = line.and_then(|line| line.split_once(':'));
    value.map_or_else(
        || "unknown".to_owned(),
        |(_, value)| value.trim().to_owned(),
    )
}

fn commit() -> String {
    let said = Command::new("git")
        .args(["describe", "--always", "--dirty"])
        .output();
    match said {
        Ok(said) if said.status.success() => {
            String::from_utf8_lossy(&said.stdout).trim().to_owned()
        }
        _ => "unknown".to_owned(),
    }
}

fn version_of(package: &str) -> String {
    let entry = format!("name = \"{package}\"\nversion = \"");
    let version = LOCK
        .split_once(&entry)
        .and_then(|(_, rest)| rest.split_once('"'));
    version.map_or_else(|| "unknown".to_owned(), |(version, _)| version.to_owned())
}
