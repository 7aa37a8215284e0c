//! The test suite of `postgres-es` itself, run against this log.
//!
//! Its source is copied from where cargo keeps it, and in the copy only the connection string is replaced. Its manifest is
//! not taken: cargo would want all that its optional features could need, which is not there without the network. The suite names
//! its tables as it likes: `events` is a view of the log's table `event`, without a column or a row of its own, and
//! `snapshots` and `test_view`, which belong to the crate's user and not to the log, are made as its `db/init.sql` does. It runs
//! with the rights of a service that writes the log.
//!
//! The copy is built by another cargo into a folder of its own, from the versions of our lock file and without the network.
//! The first time, that takes a minute or two.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;
use sqlx::postgres::PgConnectOptions;
use uuid::Uuid;

use crate::log::Log;

const CONNECTION: &str = "postgresql://test_user:test_pass@127.0.0.1:5432/test";

/// What the suite finds besides the log, from the crate's `db/init.sql`.
const AROUND: &str = "
create view events with (security_invoker = true) as
select aggregate_type, aggregate_id, sequence, event_type, event_version, payload, metadata
from event;

create table snapshots (
    aggregate_type text not null,
    aggregate_id text not null,
    last_sequence bigint check (last_sequence >= 0) not null,
    current_snapshot bigint check (current_snapshot >= 0) not null,
    payload json not null,
    primary key (aggregate_type, aggregate_id, last_sequence)
);

create table test_view (
    view_id text not null,
    version bigint check (version >= 0) not null,
    payload json not null,
    primary key (view_id)
);

insert into events (aggregate_type, aggregate_id, sequence, event_type, event_version, payload, metadata)
values ('Customer', 'previous_event_in_need_of_upcast', 1, 'NameAdded', '1.0', '{\"NameAdded\": {}}', '{}')";

/// The crate's dependencies, with the features of `sqlx` that we use it with.
const MANIFEST: &str = r#"
[package]
name = "postgres-es"
version = "0.5.0"
edition = "2021"

[workspace]

[dependencies]
cqrs-es = "0.5"
futures = "0.3"
serde = { version = "1", features = ["derive"] }
serde_json = "1"
sqlx = { version = "0.8", default-features = false, features = ["json", "postgres", "runtime-tokio"] }
thiserror = "2"
tokio = { version = "1", features = ["macros", "rt-multi-thread"] }

[dev-dependencies]
uuid = { version = "1", features = ["v4"] }
"#;

/// Tests that the crate has in version 0.5.0, those of its documentation left out.
const TESTS: usize = 8;

#[tokio::test]
async fn the_crates_own_suite_passes() {
    let log = Log::new().await;
    let role = format!("suite_{}", Uuid::new_v4().simple());
    let server: PgConnectOptions = log.database.url.parse().unwrap();
    let (host, port) = (server.get_host(), server.get_port());
    let copy = copy(&format!(
        "postgresql://{role}:suite@{host}:{port}/{}",
        log.database.name
    ));
    log.run(AROUND).await;
    log.run(&format!("create role {role} login password 'suite'"))
        .await;
    log.run(&format!("select grant_log_writer('{role}')")).await;
    log.run(&format!(
        "grant select, insert, update on events, snapshots, test_view to {role}"
    ))
    .await;

    let said = tokio::task::spawn_blocking(move || run(&copy))
        .await
        .unwrap();
    let written = log.assert_continuous().await;

    log.run(&format!("drop owned by {role}")).await;
    log.run(&format!("drop role {role}")).await;
    assert_eq!(passed(&said), TESTS, "{said}");
    assert!(written.len() > 5, "it wrote {} events", written.len());
}

/// Copies the crate's source, with this connection string, and says where to.
fn copy(url: &str) -> PathBuf {
    let copy = Path::new(env!("CARGO_TARGET_TMPDIR")).join("postgres-es");
    let _ = std::fs::remove_dir_all(&copy);
    let replaced = copy_folder(&source(), &copy, url);
    assert_eq!(replaced, 2, "files that name the connection string");
    std::fs::write(copy.join("Cargo.toml"), MANIFEST).unwrap();
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    std::fs::copy(workspace.join("Cargo.lock"), copy.join("Cargo.lock")).unwrap();
    copy
}

/// Copies all files of a folder, and says in how many the connection string was replaced.
fn copy_folder(from: &Path, to: &Path, url: &str) -> usize {
    std::fs::create_dir_all(to).unwrap();
    let mut replaced = 0;
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            replaced += copy_folder(&entry.path(), &target, url);
            continue;
        }
        let text = std::fs::read_to_string(entry.path()).unwrap();
        replaced += usize::from(text.contains(CONNECTION));
        std::fs::write(&target, text.replace(CONNECTION, url)).unwrap();
    }
    replaced
}

/// Where cargo keeps the crate's source.
fn source() -> PathBuf {
    let output = cargo()
        .args(["metadata", "--format-version", "1", "--offline", "--locked"])
        // Of other platforms not all that the lock file names may be there.
        .args(["--filter-platform", &host_platform()])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let metadata: Value = serde_json::from_slice(&output.stdout).unwrap();
    let package = metadata["packages"]
        .as_array()
        .unwrap()
        .iter()
        .find(|package| package["name"] == "postgres-es")
        .expect("postgres-es is one of our dependencies");
    let manifest = package["manifest_path"].as_str().unwrap();
    Path::new(manifest).parent().unwrap().to_owned()
}

fn host_platform() -> String {
    let output = Command::new("rustc").arg("-vV").output().unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    let host = said.lines().find_map(|line| line.strip_prefix("host: "));
    host.expect("rustc says for which platform it is")
        .to_owned()
}

/// Runs the suite and returns what it said.
fn run(copy: &Path) -> String {
    let output = cargo()
        .args(["test", "--offline", "--lib", "--tests"])
        .arg("--target-dir")
        .arg(copy.with_file_name("postgres-es-target"))
        .current_dir(copy)
        // What the surrounding cargo says to its tests is not for this one.
        .env_remove("CARGO_TARGET_DIR")
        .output()
        .unwrap();
    String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned()
}

fn cargo() -> Command {
    Command::new(env!("CARGO"))
}

/// The number of tests that passed, over all of the suite's programs.
fn passed(said: &str) -> usize {
    said.lines()
        .filter_map(|line| line.strip_prefix("test result: ok. "))
        .filter_map(|line| line.split_once(" passed")?.0.parse::<usize>().ok())
        .sum()
}
