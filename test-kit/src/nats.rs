//! A private broker for one test.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use uuid::Uuid;

use crate::port::Port;

/// How long a broker may take to start or to stop.
const PATIENCE: Duration = Duration::from_secs(20);

/// A NATS server with `JetStream` of its own, in a directory of its own; killed and removed with this value.
#[derive(Debug)]
pub struct TestNats {
    /// The broker's URL on the loopback interface; the same after every restart.
    pub url: String,
    directory: PathBuf,
    port: Port,
    process: Option<Child>,
    /// Megabytes of a disk of its own.
    small_disk: Option<u32>,
}

/// Starts a broker with `JetStream` on a free port.
pub async fn nats() -> TestNats {
    nats_with("").await
}

/// Starts a broker as [`nats`] does, with further lines of a NATS server's configuration file (`max_payload`, `authorization`, …).
pub async fn nats_with(configuration: &str) -> TestNats {
    start(configuration.to_owned(), None).await
}

/// Starts a broker whose store is a disk of so many megabytes, empty after every start. `None` where this machine does
/// not let its users mount one.
pub async fn nats_on_small_disk(megabytes: u32) -> Option<TestNats> {
    let directory = std::env::temp_dir();
    let probe = on_small_disk(megabytes, &directory, "true").status();
    if !probe.is_ok_and(|status| status.success()) {
        return None;
    }
    Some(start(String::new(), Some(megabytes)).await)
}

async fn start(configuration: String, small_disk: Option<u32>) -> TestNats {
    tokio::task::spawn_blocking(move || TestNats::start_anywhere(&configuration, small_disk))
        .await
        .expect("the broker did not start")
}

/// `program` with a small disk at `place`, which nobody else sees and which is gone when it ends.
fn on_small_disk(megabytes: u32, place: &Path, program: &str) -> Command {
    let mut command = Command::new("unshare");
    command
        .args(["--user", "--map-root-user", "--mount", "--", "sh", "-c"])
        .arg("mount -t tmpfs -o \"size=$1m\" none \"$2\" && shift 2 && exec \"$@\"")
        .args(["sh", &megabytes.to_string()])
        .arg(place)
        .arg(program);
    command
}

impl TestNats {
    fn start_anywhere(configuration: &str, small_disk: Option<u32>) -> Self {
        let directory = std::env::temp_dir().join(format!("test-nats-{}", Uuid::new_v4().simple()));
        std::fs::create_dir(&directory).expect("no directory for the broker could be made");
        let mut output = String::new();
        for _ in 0..10 {
            let Some(port) = Port::reserve() else {
                continue;
            };
            write_configuration(&directory, port.address, configuration, small_disk);
            let mut broker = Self {
                url: format!("nats://{}", port.address),
                directory: directory.clone(),
                port,
                process: None,
                small_disk,
            };
            if broker.launch() {
                return broker;
            }
            // Another process was quicker to the port, or the broker does not like its configuration.
            output = broker.output();
            // The next attempt needs the directory that `drop` removes.
            drop(broker);
            std::fs::create_dir(&directory).expect("no directory for the broker could be made");
        }
        panic!("the broker starts on no port; it said: {output}");
    }

    /// Whether the broker runs and answers now.
    fn launch(&mut self) -> bool {
        let program = crate::required_variable("TEST_NATS_SERVER");
        let log = std::fs::File::create(self.directory.join("output"))
            .expect("the broker's output needs a file");
        let mut command = match self.small_disk {
            None => Command::new(&program),
            Some(megabytes) => {
                std::fs::create_dir_all(self.store_dir()).expect("a place for the disk");
                on_small_disk(megabytes, &self.store_dir(), &program)
            }
        };
        let process = command
            .arg("--config")
            .arg(self.directory.join("nats.conf"))
            .stdin(Stdio::null())
            .stdout(log.try_clone().expect("a file can be shared"))
            .stderr(log)
            .spawn();
        let mut process = match process {
            Ok(process) => process,
            Err(error) => panic!(
                "TEST_NATS_SERVER ({program}) cannot be started: {error}; run the tests with `make test`"
            ),
        };
        let began = Instant::now();
        while began.elapsed() < PATIENCE {
            if process.try_wait().expect("a child can be asked").is_some() {
                return false;
            }
            if answers(self.port.address) {
                self.process = Some(process);
                return true;
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        let _ = process.kill();
        let _ = process.wait();
        false
    }

    /// Stops the broker as an operator would (SIGTERM), and waits until it is gone. The store stays.
    pub async fn stop(&mut self) {
        self.signal(Signal::SIGTERM);
        self.reap().await;
    }

    /// Kills the broker (SIGKILL), and waits until it is gone. The store stays as it was at that moment.
    pub async fn kill(&mut self) {
        self.signal(Signal::SIGKILL);
        self.reap().await;
    }

    /// Starts a broker that was stopped or killed again: same port, same store.
    pub async fn start(&mut self) {
        assert!(self.process.is_none(), "the broker runs already");
        let began = Instant::now();
        while !self.launch() {
            assert!(
                began.elapsed() < PATIENCE,
                "the broker did not come back: {}",
                self.output()
            );
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// [`Self::stop`], then [`Self::start`].
    pub async fn restart(&mut self) {
        self.stop().await;
        self.start().await;
    }

    /// Freezes the broker (SIGSTOP): connections stay open and nothing is answered.
    pub fn pause(&self) {
        self.signal(Signal::SIGSTOP);
    }

    /// Lets a frozen broker go on (SIGCONT).
    pub fn resume(&self) {
        self.signal(Signal::SIGCONT);
    }

    /// Fills the small disk of [`nats_on_small_disk`] to its last byte. The next start is on an empty one.
    pub fn fill_disk(&self) {
        let process = self.process.as_ref().expect("the broker is stopped");
        // The disk is mounted for the broker alone; this is how the broker sees it.
        let store = self.store_dir();
        let seen = store.strip_prefix("/").expect("an absolute path");
        let ballast = Path::new("/proc")
            .join(process.id().to_string())
            .join("root")
            .join(seen)
            .join("ballast");
        let mut file = std::fs::File::create(ballast).expect("the disk takes a file");
        while file.write_all(&[0; 4_096]).is_ok() {}
    }

    /// The directory of the `JetStream` store, to damage, copy or remove while the broker is stopped.
    pub fn store_dir(&self) -> PathBuf {
        self.directory.join("store")
    }

    /// What the broker wrote since its last start.
    pub fn output(&self) -> String {
        std::fs::read_to_string(self.directory.join("output")).unwrap_or_default()
    }

    fn signal(&self, signal: Signal) {
        let process = self.process.as_ref().expect("the broker is stopped");
        let id = i32::try_from(process.id()).expect("a process id is small");
        kill(Pid::from_raw(id), signal).expect("an own child takes signals");
    }

    async fn reap(&mut self) {
        let mut process = self.process.take().expect("the broker is stopped");
        let began = Instant::now();
        while process.try_wait().expect("a child can be asked").is_none() {
            if began.elapsed() > PATIENCE {
                let _ = process.kill();
                panic!("the broker did not stop: {}", self.output());
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
}

impl Drop for TestNats {
    fn drop(&mut self) {
        if let Some(mut process) = self.process.take() {
            let _ = process.kill();
            let _ = process.wait();
        }
        let _ = std::fs::remove_dir_all(&self.directory);
    }
}

fn write_configuration(
    directory: &Path,
    address: SocketAddr,
    further: &str,
    small_disk: Option<u32>,
) {
    // Else it takes its limit from the disk, and refuses a stream that may grow beyond that.
    let limit = small_disk.map_or("", |_| ", max_file_store: 100GB");
    let text = format!(
        "listen: \"{address}\"\njetstream {{ store_dir: \"{}\"{limit} }}\n{further}\n",
        directory.join("store").display()
    );
    std::fs::write(directory.join("nats.conf"), text)
        .expect("the broker's configuration cannot be written");
}

/// Whether a NATS server greets at this address; it does once its streams are restored.
fn answers(address: SocketAddr) -> bool {
    let Ok(mut connection) = TcpStream::connect_timeout(&address, Duration::from_secs(1)) else {
        return false;
    };
    let mut greeting = [0; 5];
    connection
        .set_read_timeout(Some(Duration::from_secs(2)))
        .is_ok()
        && connection.read_exact(&mut greeting).is_ok()
        && &greeting == b"INFO "
}
