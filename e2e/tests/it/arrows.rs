//! Who may know whom: the arrows of the house, read from `cargo metadata`.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use serde_json::Value;

/// The rooms that each room may depend on. A room that is missing here fails the test.
const ALLOWED: &[(&str, &[&str])] = &[
    ("domain", &[]),
    ("event-store", &["domain", "shared-reads"]),
    ("event-stream", &["event-store"]),
    ("read-model", &["domain"]),
    ("service-kit", &[]),
    ("shared-reads", &[]),
    (
        "command-api",
        &[
            "domain",
            "event-store",
            "event-stream",
            "read-model",
            "service-kit",
        ],
    ),
    (
        "projector",
        &[
            "domain",
            "event-store",
            "event-stream",
            "read-model",
            "service-kit",
        ],
    ),
    ("query-api", &["read-model", "service-kit", "shared-reads"]),
    (
        "platform",
        &[
            "domain",
            "event-store",
            "event-stream",
            "read-model",
            "service-kit",
            "shared-reads",
            "command-api",
            "projector",
            "query-api",
        ],
    ),
    ("test-kit", &[]),
    // What a view should hold, folded event by event without the pipeline that is under test.
    ("e2e", &["domain", "read-model"]),
    ("bench", &["domain", "event-store", "event-stream"]),
    ("peer", &[]),
];

/// The benchmarks are a workspace of their own.
const WORKSPACES: [&str; 2] = ["../Cargo.toml", "../bench/Cargo.toml"];

/// Rooms that know nothing of ours but the test servers may be used by tests only.
const TESTS_ONLY: &str = "test-kit";

#[derive(Debug, PartialEq, Eq, PartialOrd, Ord, Clone)]
struct Arrow {
    from: String,
    to: String,
    dev: bool,
}

/// The packages of all workspaces.
fn packages() -> Vec<Value> {
    WORKSPACES
        .into_iter()
        .flat_map(|manifest| match metadata(manifest)["packages"].take() {
            Value::Array(packages) => packages,
            other => panic!("packages are {other}"),
        })
        .collect()
}

fn metadata(manifest: &str) -> Value {
    let output = Command::new(env!("CARGO"))
        .args([
            "metadata",
            "--manifest-path",
            manifest,
            "--no-deps",
            "--format-version",
            "1",
            "--offline",
        ])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .expect("cargo can be run");
    assert!(
        output.status.success(),
        "cargo metadata: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    serde_json::from_slice(&output.stdout).expect("cargo metadata prints JSON")
}

fn arrows(packages: &[Value]) -> BTreeMap<String, BTreeSet<Arrow>> {
    let name = |package: &Value| package["name"].as_str().expect("name").to_owned();
    let ours: BTreeSet<String> = packages.iter().map(name).collect();
    let arrows_of = |package: &Value| {
        package["dependencies"]
            .as_array()
            .expect("dependencies")
            .iter()
            .filter(|dependency| ours.contains(dependency["name"].as_str().unwrap_or_default()))
            .map(|dependency| Arrow {
                from: name(package),
                to: dependency["name"].as_str().unwrap_or_default().to_owned(),
                dev: dependency["kind"] == "dev",
            })
            .collect()
    };
    packages
        .iter()
        .map(|package| (name(package), arrows_of(package)))
        .collect()
}

fn is_allowed(arrow: &Arrow) -> bool {
    let listed = ALLOWED
        .iter()
        .any(|(from, to)| *from == arrow.from && to.contains(&arrow.to.as_str()));
    listed || (arrow.dev && arrow.to == TESTS_ONLY)
}

#[test]
fn no_room_knows_more_than_it_may() {
    let arrows = arrows(&packages());
    let rooms: BTreeSet<&str> = ALLOWED.iter().map(|(room, _)| *room).collect();
    let unknown: Vec<&String> = arrows
        .keys()
        .filter(|room| !rooms.contains(room.as_str()))
        .collect();
    assert!(unknown.is_empty(), "rooms without a rule: {unknown:?}");

    let forbidden: Vec<&Arrow> = arrows
        .values()
        .flatten()
        .filter(|arrow| !is_allowed(arrow))
        .collect();
    assert!(
        forbidden.is_empty(),
        "arrows that the house forbids: {forbidden:#?}"
    );
}

#[test]
fn only_the_stream_room_and_tests_know_the_broker() {
    let packages = packages();
    let knowing: BTreeSet<&str> = packages
        .iter()
        .filter(|package| {
            package["dependencies"]
                .as_array()
                .expect("dependencies")
                .iter()
                .any(|dependency| dependency["name"] == "async-nats" && dependency["kind"] != "dev")
        })
        .map(|package| package["name"].as_str().expect("name"))
        .collect();
    assert_eq!(knowing, BTreeSet::from(["event-stream"]));
}
