//! Who runs it: an ordinary user, and root in a home that nobody else may enter.

use std::fs::Permissions;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::Path;

use nix::sys::signal::Signal;
use nix::unistd::geteuid;

use crate::program::{ORDERS, Scratch, Up, orders_at, processes_with};

/// An account without rights that every machine has.
const NOBODY: u32 = 65_534;

#[test]
fn an_ordinary_user_can_run_the_platform() {
    if !geteuid().is_root() {
        // Every other test shows it.
        return;
    }
    let scratch = Scratch::new();
    // What was built may lie where only root can go.
    let program = scratch.path().join("orders");
    std::fs::copy(ORDERS, &program).expect("a copy of the program");
    let home = scratch.path().join("home");
    std::fs::create_dir(&home).expect("a folder");
    chown(&home, Some(NOBODY), Some(NOBODY)).expect("root may");

    let arguments = ["up", "--json", "--command-port", "0", "--query-port", "0"];
    let mut command = orders_at(&program, &arguments);
    command
        .current_dir(&home)
        .env("HOME", &home)
        .uid(NOBODY)
        .gid(NOBODY);
    let up = Up::start_command(command);
    let cluster = std::fs::metadata(home.join(".local/postgres")).expect("a cluster");
    assert_eq!(cluster.uid(), NOBODY);
    assert!(up.end(Signal::SIGINT).success());
    assert_eq!(processes_with(scratch.text()), Vec::<i32>::new());
}

#[test]
fn root_in_a_closed_home_keeps_the_cluster_elsewhere_and_says_so() {
    if !geteuid().is_root() {
        return;
    }
    let scratch = Scratch::new();
    std::fs::set_permissions(scratch.path(), Permissions::from_mode(0o700)).expect("root may");
    let data_dir = scratch.path().join(".local");
    let up = Up::start(&data_dir, &[]);
    let note = std::fs::read_to_string(data_dir.join("postgres-lies-in")).expect("a note");
    let elsewhere = Path::new(note.trim());
    assert!(elsewhere.starts_with("/var/lib/order-platform"), "{note}");
    assert!(elsewhere.join("postgres/PG_VERSION").exists());
    assert!(!data_dir.join("postgres").exists());
    let log = up.text("event_store_url").to_owned();
    assert!(up.end(Signal::SIGINT).success());

    let up = Up::start(&data_dir, &[]);
    assert_eq!(up.text("event_store_url"), log, "the same cluster again");
    assert!(up.end(Signal::SIGINT).success());
    std::fs::remove_dir_all(elsewhere).expect("root may");
}
