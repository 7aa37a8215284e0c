//! Where PostgreSQL and NATS come from, and what is said when they come from nowhere.

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;

use crate::program::{Scratch, complaint, orders, output};

/// `orders servers -- true` with its downloads in `scratch`, and nothing found by an outer run.
fn servers(scratch: &Scratch) -> std::process::Command {
    let mut command = orders(&["servers", "--data-dir", scratch.text(), "--", "true"]);
    command
        .env_remove("ORDERS_POSTGRES_BIN")
        .env_remove("ORDERS_NATS_SERVER");
    command
}

#[test]
fn programs_that_are_nowhere_are_told_in_one_sentence_with_the_remedy() {
    let scratch = Scratch::new();
    let mut command = servers(&scratch);
    // No npm, no Python, and the machine's own programs hidden.
    command
        .env("ORDERS_PROGRAMS", "registries")
        .env("PATH", "/nonexistent");
    let said = complaint(&output(&mut command));
    for part in [
        "PostgreSQL 15 or newer",
        "npm",
        "Debian: postgresql",
        "ORDERS_POSTGRES_BIN",
    ] {
        assert!(said.contains(part), "{said}");
    }
}

#[test]
fn a_source_that_does_not_exist_is_told() {
    let scratch = Scratch::new();
    let said = complaint(&output(servers(&scratch).env("ORDERS_PROGRAMS", "cellar")));
    assert!(
        said.contains("`cellar`") && said.contains("`debian`"),
        "{said}"
    );
}

#[test]
fn a_named_program_that_does_not_run_is_told() {
    let scratch = Scratch::new();
    let said = complaint(&output(
        servers(&scratch).env("ORDERS_POSTGRES_BIN", scratch.text()),
    ));
    assert!(
        said.contains("ORDERS_POSTGRES_BIN") && said.contains(scratch.text()),
        "{said}"
    );
    let said = complaint(&output(
        servers(&scratch).env("ORDERS_NATS_SERVER", "/bin/false"),
    ));
    assert!(
        said.contains("ORDERS_NATS_SERVER") && said.contains("/bin/false"),
        "{said}"
    );
}

#[test]
fn a_postgres_that_is_too_old_is_told() {
    let scratch = Scratch::new();
    for program in ["postgres", "initdb"] {
        let path = scratch.path().join(program);
        std::fs::write(&path, "#!/bin/sh\necho 'postgres (PostgreSQL) 14.9'\n").expect("a file");
        std::fs::set_permissions(&path, Permissions::from_mode(0o755)).expect("a file");
    }
    let said = complaint(&output(
        servers(&scratch).env("ORDERS_POSTGRES_BIN", scratch.text()),
    ));
    assert!(
        said.contains("14.9") && said.contains("15 or newer"),
        "{said}"
    );
}
