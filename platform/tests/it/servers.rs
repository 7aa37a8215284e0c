//! Throw-away servers: they serve while the command runs, and leave nothing.

use std::path::PathBuf;
use std::process::{Child, Stdio};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::program::{Scratch, eventually, orders, output, processes_with};

/// `orders servers` whose temporary files lie in `scratch`, running a shell command.
fn servers(scratch: &Scratch, shell: &str) -> std::process::Command {
    // The account that runs PostgreSQL has to get there.
    let mut command = orders(&["servers", "--", "sh", "-c", shell]);
    command.env("TMPDIR", scratch.path());
    command
}

#[test]
fn the_command_finds_servers_and_its_exit_code_is_handed_on() {
    let scratch = Scratch::new();
    let shell = r#"test -n "$TEST_POSTGRES_URL" && "$TEST_NATS_SERVER" --version && test -x "$ORDERS_BIN" && exit 7"#;
    let said = output(&mut servers(&scratch, shell));
    assert_eq!(
        said.status.code(),
        Some(7),
        "{}",
        String::from_utf8_lossy(&said.stderr)
    );
    assert!(String::from_utf8_lossy(&said.stdout).contains("nats-server"));
    assert_eq!(left_in(&scratch), Vec::<PathBuf>::new());
}

#[test]
fn the_server_is_careless_unless_it_is_to_be_durable() {
    let scratch = Scratch::new();
    let shell = "cat \"$TMPDIR\"/orders-servers-*/data/postmaster.opts";
    let options = |flags: &[&str]| {
        let words = [&["servers"], flags, &["--", "sh", "-c", shell]].concat();
        let said = output(orders(&words).env("TMPDIR", scratch.path()));
        assert!(said.status.success(), "{said:?}");
        String::from_utf8_lossy(&said.stdout).into_owned()
    };
    for setting in ["fsync=off", "full_page_writes=off"] {
        assert!(options(&[]).contains(setting), "{setting}");
        assert!(!options(&["--durable"]).contains(setting), "{setting}");
    }
}

#[test]
fn a_command_that_does_not_exist_leaves_nothing() {
    let scratch = Scratch::new();
    let mut command = orders(&["servers", "--", "/nonexistent/command"]);
    assert!(
        !output(command.env("TMPDIR", scratch.path()))
            .status
            .success()
    );
    assert_eq!(left_in(&scratch), Vec::<PathBuf>::new());
}

#[test]
fn nothing_is_left_after_a_signal_and_the_command_got_it() {
    let scratch = Scratch::new();
    let mut running = start(&scratch);
    kill(pid(&running), Signal::SIGTERM).expect("it runs");
    let status = running.wait().expect("a child of ours");
    assert_eq!(status.code(), Some(128 + 15));
    assert_gone(&scratch);
}

#[test]
fn nothing_is_left_after_orders_itself_was_killed() {
    let scratch = Scratch::new();
    let mut running = start(&scratch);
    kill(pid(&running), Signal::SIGKILL).expect("it runs");
    running.wait().expect("a child of ours");
    assert_gone(&scratch);
}

/// Runs servers for a command that starts another one and waits, until that is under way.
fn start(scratch: &Scratch) -> Child {
    let marker = scratch.path().join("under-way");
    let shell = format!("tail -f {0} & touch {0}; tail -f {0}", marker.display());
    let running = servers(scratch, &shell)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("orders can be run");
    eventually("the command runs", || marker.exists());
    running
}

fn pid(child: &Child) -> Pid {
    Pid::from_raw(i32::try_from(child.id()).expect("a process id"))
}

fn assert_gone(scratch: &Scratch) {
    std::fs::remove_file(scratch.path().join("under-way")).expect("the command ran");
    eventually("the data are gone", || left_in(scratch).is_empty());
    eventually("the processes are gone", || {
        processes_with(scratch.text()).is_empty()
    });
}

fn left_in(scratch: &Scratch) -> Vec<PathBuf> {
    std::fs::read_dir(scratch.path())
        .expect("the folder")
        .flatten()
        .map(|entry| entry.path())
        .collect()
}
