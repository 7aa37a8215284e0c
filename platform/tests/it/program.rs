//! The program under test, run as a user would run it.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;

/// The program that was built with this test.
pub(crate) const ORDERS: &str = env!("CARGO_BIN_EXE_orders");

/// Longer than anything takes that is not broken.
const PATIENCE: Duration = Duration::from_secs(90);

/// `orders` with these arguments, none of a user's settings, and no input.
pub(crate) fn orders(arguments: &[&str]) -> Command {
    orders_at(Path::new(ORDERS), arguments)
}

/// The same, of a copy of the program.
pub(crate) fn orders_at(program: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(program);
    command.args(arguments).stdin(Stdio::null());
    for (name, _) in std::env::vars() {
        let is_setting = ["AUTH_", "LOG"]
            .iter()
            .any(|prefix| name.starts_with(prefix))
            || [
                "EVENT_STORE_URL",
                "READ_MODEL_URL",
                "NATS_URL",
                "ORDERS_PROGRAMS",
            ]
            .contains(&name.as_str());
        if is_setting {
            command.env_remove(name);
        }
    }
    command
}

/// Runs the command to its end.
pub(crate) fn output(command: &mut Command) -> Output {
    command.output().expect("orders can be run")
}

/// What it said to a person: exactly one sentence on one line, the last one.
pub(crate) fn complaint(output: &Output) -> String {
    assert!(!output.status.success(), "it was expected to fail");
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    let last = text.lines().last().unwrap_or_default().to_owned();
    assert!(last.starts_with("orders: "), "no complaint in {text}");
    last
}

/// Waits until the condition holds.
pub(crate) fn eventually(what: &str, condition: impl Fn() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !condition() {
        assert!(Instant::now() < deadline, "never happened: {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Processes whose command line holds this text.
pub(crate) fn processes_with(text: &str) -> Vec<i32> {
    let us = i32::try_from(std::process::id()).expect("a process id");
    let all = std::fs::read_dir("/proc").expect("/proc").flatten();
    all.filter_map(|entry| entry.file_name().to_str()?.parse::<i32>().ok())
        .filter(|pid| *pid != us)
        .filter(|pid| {
            std::fs::read(format!("/proc/{pid}/cmdline"))
                .is_ok_and(|line| String::from_utf8_lossy(&line).contains(text))
        })
        .collect()
}

/// Whether a process has ended; one that nobody has waited for yet counts as ended.
pub(crate) fn is_gone(pid: Pid) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    stat.rsplit_once(')')
        .is_none_or(|(_, rest)| rest.trim_start().starts_with(['Z', 'X']))
}

/// A folder that is removed with the test.
pub(crate) struct Scratch(PathBuf);

impl Scratch {
    pub(crate) fn new() -> Self {
        let path = std::env::temp_dir().join(format!("orders-it-{}", uuid::Uuid::new_v4()));
        std::fs::create_dir(&path).expect("a scratch folder");
        Self(path)
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    pub(crate) fn text(&self) -> &str {
        self.0.to_str().expect("a path in UTF-8")
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // A folder that stays behind is litter, not a failure.
        drop(std::fs::remove_dir_all(&self.0));
    }
}

/// A running `orders up --json` on free ports.
pub(crate) struct Up {
    child: Child,
    pub(crate) ready: Value,
}

impl Up {
    pub(crate) fn start(data_dir: &Path, arguments: &[&str]) -> Self {
        let mut command = orders(&["up", "--json", "--data-dir"]);
        command.arg(data_dir).args(arguments);
        for port in ["--command-port", "--query-port"] {
            if !arguments.contains(&port) {
                command.args([port, "0"]);
            }
        }
        Self::start_command(command)
    }

    /// Starts it and waits for its one line.
    pub(crate) fn start_command(mut command: Command) -> Self {
        let mut child = command
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("orders can be run");
        let mut errors = BufReader::new(child.stderr.take().expect("a pipe"));
        let said = std::thread::spawn(move || {
            let mut said = String::new();
            drop(std::io::Read::read_to_string(&mut errors, &mut said));
            said
        });
        let mut line = String::new();
        let stdout = child.stdout.take().expect("a pipe");
        let mut stdout = BufReader::new(stdout);
        stdout.read_line(&mut line).expect("a line");
        if line.is_empty() {
            drop(child.wait());
            panic!("orders up ended: {}", said.join().unwrap_or_default());
        }
        // Whatever it may print later goes nowhere instead of breaking its pipe.
        std::thread::spawn(move || std::io::copy(&mut stdout, &mut std::io::sink()));
        let ready = serde_json::from_str(&line).expect("one line of JSON");
        Self { child, ready }
    }

    pub(crate) fn text(&self, member: &str) -> &str {
        self.ready[member].as_str().unwrap_or_default()
    }

    pub(crate) fn pid_of(&self, part: &str) -> Pid {
        let pid = self.ready["pids"][part].as_i64().expect("a process id");
        Pid::from_raw(i32::try_from(pid).expect("a process id"))
    }

    pub(crate) fn pid(&self) -> Pid {
        Pid::from_raw(i32::try_from(self.child.id()).expect("a process id"))
    }

    /// Sends the signal and waits for the end.
    pub(crate) fn end(mut self, signal: Signal) -> ExitStatus {
        kill(self.pid(), signal).expect("orders up runs");
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some(status) = self.child.try_wait().expect("a child of ours") {
                return status;
            }
            assert!(Instant::now() < deadline, "orders up does not end");
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for Up {
    fn drop(&mut self) {
        // Only a test that failed gets here with a running platform; its children die with it.
        if matches!(self.child.try_wait(), Ok(None)) {
            drop(self.child.kill());
            drop(self.child.wait());
        }
    }
}
