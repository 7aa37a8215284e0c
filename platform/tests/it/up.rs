//! `orders up`: its data directory, its ports, its processes.

use std::net::TcpListener;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::process::{Command, Stdio};

use nix::sys::signal::{Signal, kill};
use nix::unistd::{Pid, geteuid};

use crate::program::{Scratch, Up, complaint, eventually, is_gone, orders, output, processes_with};

#[test]
fn ctrl_c_ends_every_process_and_the_next_start_finds_everything_again() {
    let scratch = Scratch::new();
    let up = Up::start(scratch.path(), &["--split", "--projectors", "2"]);
    for part in [
        "command-api",
        "query-api",
        "projector-1",
        "projector-2",
        "nats",
        "postgres",
    ] {
        let noted = std::fs::read_to_string(scratch.path().join(format!("run/{part}.pid")));
        assert_eq!(noted.expect(part).trim(), up.pid_of(part).to_string());
        kill(up.pid_of(part), None).expect(part);
    }
    let (log, nats) = (
        up.text("event_store_url").to_owned(),
        up.text("nats_url").to_owned(),
    );
    assert!(up.end(Signal::SIGINT).success());
    assert_eq!(processes_with(scratch.text()), Vec::<i32>::new());

    let up = Up::start(scratch.path(), &[]);
    assert_eq!(
        (up.text("event_store_url"), up.text("nats_url")),
        (log.as_str(), nats.as_str())
    );
    assert_eq!(up.pid_of("command-api"), up.pid(), "a task of this process");
    assert!(up.end(Signal::SIGTERM).success());
}

#[test]
fn parts_stop_in_order_apis_first_and_the_log_last() {
    let scratch = Scratch::new();
    let up = Up::start(scratch.path(), &["--split"]);
    let order = ["command-api", "projector-1", "nats", "postgres"];
    let files = order.map(|part| scratch.path().join(format!("run/{part}.pid")));
    let watch = std::thread::spawn(move || {
        // A part's file goes when the part has ended: whenever one is left, so are all after it.
        while files.iter().any(|file| file.exists()) {
            let left = files.each_ref().map(|file| file.exists());
            // Looked at from the front, so that one that goes meanwhile is no mistake.
            assert!(
                left.is_sorted(),
                "ended in another order: {order:?} {left:?}"
            );
        }
    });
    assert!(up.end(Signal::SIGINT).success());
    watch.join().expect("the order was kept");
}

#[test]
fn secrets_are_readable_by_their_owner_only() {
    let scratch = Scratch::new();
    let up = Up::start(scratch.path(), &[]);
    for name in ["state.json", "nats.conf", "run/ready.json"] {
        let mode = std::fs::metadata(scratch.path().join(name))
            .expect(name)
            .permissions()
            .mode();
        assert_eq!(mode & 0o077, 0, "{name}");
    }
    let cluster = std::fs::metadata(scratch.path().join("postgres")).expect("a cluster");
    assert_eq!(cluster.permissions().mode() & 0o077, 0);
    assert_ne!(cluster.uid(), 0, "PostgreSQL never runs as root");
    up.end(Signal::SIGINT);
}

#[test]
fn what_dies_is_started_again() {
    let scratch = Scratch::new();
    let up = Up::start(scratch.path(), &["--split"]);
    for part in ["query-api", "nats", "postgres"] {
        let before = up.pid_of(part);
        kill(before, Signal::SIGKILL).expect(part);
        let file = scratch.path().join(format!("run/{part}.pid"));
        eventually("another process has taken over", || {
            let now = std::fs::read_to_string(&file)
                .ok()
                .and_then(|t| t.trim().parse().ok());
            now.is_some_and(|now| now != before.as_raw() && kill(Pid::from_raw(now), None).is_ok())
        });
    }
    assert!(up.end(Signal::SIGINT).success());
}

#[test]
fn nothing_outlives_a_killed_platform() {
    let scratch = Scratch::new();
    let up = Up::start(scratch.path(), &["--split"]);
    let parts = [
        "command-api",
        "query-api",
        "projector-1",
        "nats",
        "postgres",
    ];
    let pids = parts.map(|part| up.pid_of(part));
    up.end(Signal::SIGKILL);
    eventually("every part is gone", || {
        pids.iter().all(|pid| is_gone(*pid))
    });
}

#[test]
fn a_killed_platform_does_not_keep_the_next_one_from_starting_at_once() {
    let scratch = Scratch::new();
    Up::start(scratch.path(), &["--split"]).end(Signal::SIGKILL);
    let up = Up::start(scratch.path(), &["--split"]);
    assert!(up.end(Signal::SIGINT).success());
    assert_eq!(processes_with(scratch.text()), Vec::<i32>::new());
}

#[test]
fn a_service_that_was_left_running_is_ended_before_anything_starts() {
    let scratch = Scratch::new();
    Up::start(scratch.path(), &[]).end(Signal::SIGINT);
    // Looks like one, and does not end by itself.
    let mut left = Command::new("sh")
        .args(["-c", "while :; do sleep 0.1; done", "service", "query-api"])
        .spawn()
        .expect("a shell");
    let pid = left.id();
    std::fs::write(scratch.path().join("run/query-api.pid"), pid.to_string()).expect("a file");
    let waiting = std::thread::spawn(move || left.wait());
    let up = Up::start(scratch.path(), &[]);
    assert!(processes_with("done\0service\0query-api").is_empty());
    assert!(up.end(Signal::SIGINT).success());
    waiting.join().expect("a thread").expect("a child of ours");
}

#[test]
fn a_cluster_that_was_left_running_is_adopted() {
    let scratch = Scratch::new();
    let up = Up::start(scratch.path(), &[]);
    let server = up.pid_of("postgres");
    let line = std::fs::read(format!("/proc/{server}/cmdline")).expect("it runs");
    let words: Vec<_> = line
        .split(|byte| *byte == 0)
        .filter(|word| !word.is_empty())
        .map(|word| String::from_utf8_lossy(word).into_owned())
        .collect();
    let owner = std::fs::metadata(scratch.path().join("postgres")).expect("a cluster");
    assert!(up.end(Signal::SIGINT).success());

    let mut left = as_user(Command::new(&words[0]), owner.uid(), owner.gid())
        .args(&words[1..])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("a server");
    eventually("the left server has said that it is there", || {
        std::fs::read_to_string(scratch.path().join("postgres/postmaster.pid"))
            .is_ok_and(|text| text.starts_with(&left.id().to_string()))
    });
    let up = Up::start(scratch.path(), &[]);
    assert_eq!(up.pid_of("postgres").as_raw().unsigned_abs(), left.id());
    // It is a child of this test, and has to be waited for to be gone.
    let waiting = std::thread::spawn(move || left.wait());
    assert!(up.end(Signal::SIGINT).success());
    waiting.join().expect("a thread").expect("a child of ours");
}

#[test]
fn broker_data_that_cannot_be_read_are_set_aside() {
    let scratch = Scratch::new();
    Up::start(scratch.path(), &[]).end(Signal::SIGINT);
    let store = scratch.path().join("nats");
    std::fs::remove_dir_all(&store).expect("the broker's store");
    // Where the broker wants a folder.
    std::fs::write(&store, "garbage").expect("a file");
    let up = Up::start(scratch.path(), &[]);
    assert!(store.is_dir());
    let aside = std::fs::read_dir(scratch.path())
        .expect("the folder")
        .flatten();
    let aside: Vec<_> = aside
        .filter(|entry| {
            entry
                .file_name()
                .to_string_lossy()
                .starts_with("nats.unreadable-")
        })
        .collect();
    assert_eq!(aside.len(), 1);
    assert!(up.end(Signal::SIGINT).success());
}

#[test]
fn a_fresh_start_forgets_everything() {
    let scratch = Scratch::new();
    let up = Up::start(scratch.path(), &[]);
    let before = up.text("event_store_url").to_owned();
    up.end(Signal::SIGINT);
    let up = Up::start(scratch.path(), &["--fresh"]);
    assert_ne!(up.text("event_store_url"), before, "new secrets");
    assert!(up.end(Signal::SIGINT).success());
}

#[test]
fn the_second_platform_on_a_directory_is_told_who_runs_there() {
    let scratch = Scratch::new();
    let up = Up::start(scratch.path(), &[]);
    let said = complaint(&output(&mut orders(&["up", "--data-dir", scratch.text()])));
    assert!(
        said.contains(&format!("process {}", up.pid())) && said.contains("--data-dir"),
        "{said}"
    );
    assert!(up.end(Signal::SIGINT).success());
}

#[test]
fn a_port_in_use_is_told_before_anything_is_removed() {
    let scratch = Scratch::new();
    Up::start(scratch.path(), &[]).end(Signal::SIGINT);
    let taken = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = taken.local_addr().expect("an address").port().to_string();
    let arguments = [
        "up",
        "--fresh",
        "--query-port",
        "0",
        "--command-port",
        &port,
        "--data-dir",
    ];
    let said = complaint(&output(orders(&arguments).arg(scratch.path())));
    assert!(
        said.contains(&port) && said.contains("--command-port"),
        "{said}"
    );
    assert!(scratch.path().join("postgres/PG_VERSION").exists());
}

#[test]
fn a_directory_of_something_else_is_refused_untouched() {
    let scratch = Scratch::new();
    std::fs::write(scratch.path().join("thesis.tex"), "").expect("a file");
    let said = complaint(&output(&mut orders(&[
        "up",
        "--fresh",
        "--data-dir",
        scratch.text(),
    ])));
    assert!(
        said.contains("`thesis.tex`") && said.contains("--data-dir"),
        "{said}"
    );
    assert_eq!(
        std::fs::read_dir(scratch.path())
            .expect("the folder")
            .count(),
        1
    );
}

#[test]
fn a_directory_of_somebody_else_is_refused() {
    if !geteuid().is_root() {
        return;
    }
    let scratch = Scratch::new();
    chown(scratch.path(), Some(65_534), Some(65_534)).expect("root may");
    let said = complaint(&output(&mut orders(&["up", "--data-dir", scratch.text()])));
    assert!(
        said.contains("65534") && said.contains("--data-dir"),
        "{said}"
    );
}

#[test]
fn lost_secrets_are_told_with_the_ways_out() {
    let scratch = Scratch::new();
    Up::start(scratch.path(), &[]).end(Signal::SIGINT);
    std::fs::remove_file(scratch.path().join("state.json")).expect("the state");
    let arguments = [
        "up",
        "--command-port",
        "0",
        "--query-port",
        "0",
        "--data-dir",
    ];
    let said = complaint(&output(orders(&arguments).arg(scratch.path())));
    assert!(
        said.contains("state.json") && said.contains("--fresh"),
        "{said}"
    );
    assert_eq!(processes_with(scratch.text()), Vec::<i32>::new());
}

#[test]
fn a_lost_cluster_is_told_and_never_replaced_by_an_empty_one() {
    let scratch = Scratch::new();
    Up::start(scratch.path(), &[]).end(Signal::SIGINT);
    let cluster = scratch.path().join("postgres");
    let aside = scratch.path().join("elsewhere");
    std::fs::rename(&cluster, &aside).expect("the cluster");
    let arguments = [
        "up",
        "--command-port",
        "0",
        "--query-port",
        "0",
        "--data-dir",
    ];
    let said = complaint(&output(orders(&arguments).arg(scratch.path())));
    assert!(
        said.contains("is gone") && said.contains("--fresh"),
        "{said}"
    );
    assert!(!cluster.exists());

    std::fs::rename(&aside, &cluster).expect("the cluster");
    let up = Up::start(scratch.path(), &[]);
    assert!(up.end(Signal::SIGINT).success());
}

#[test]
fn a_token_is_printed_for_the_platform_of_the_directory_only() {
    let scratch = Scratch::new();
    let token = [
        "token",
        "--sub",
        "alice",
        "--scope",
        "orders:read",
        "--data-dir",
        scratch.text(),
    ];
    let said = complaint(&output(&mut orders(&token)));
    assert!(
        said.contains("orders up") && said.contains("AUTH_HS256_SECRET"),
        "{said}"
    );
    Up::start(scratch.path(), &[]).end(Signal::SIGINT);
    let printed = String::from_utf8(output(&mut orders(&token)).stdout).expect("UTF-8");
    assert_eq!(printed.trim().split('.').count(), 3, "a JWT: {printed}");
}

/// Runs a command as that user, where we are not that user ourselves.
fn as_user(mut command: Command, uid: u32, gid: u32) -> Command {
    use std::os::unix::process::CommandExt;
    if geteuid().as_raw() != uid {
        command.uid(uid).gid(gid);
    }
    command
}
