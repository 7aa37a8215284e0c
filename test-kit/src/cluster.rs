//! A PostgreSQL server of its own for one test: to be killed, restarted, copied and promoted.

use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::{Pid, geteuid};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{ConnectOptions as _, Connection as _, Executor as _, PgPool, Row as _};
use uuid::Uuid;

use crate::port::Port;

/// How long a server may take to start, recovery included, or to stop.
const PATIENCE: Duration = Duration::from_secs(60);

/// A PostgreSQL server with a cluster of its own, which is as durable as PostgreSQL's defaults make it; killed and
/// removed with this value. Anybody on this machine may log in as its superuser `postgres`.
#[derive(Debug)]
pub struct TestCluster {
    programs: Programs,
    directory: PathBuf,
    settings: Vec<String>,
    port: Port,
    process: Option<Child>,
}

/// The programs of the server that `TEST_POSTGRES_URL` names, and who may run them.
#[derive(Debug, Clone)]
struct Programs {
    folder: PathBuf,
    /// User and group; none for whoever runs the test. PostgreSQL refuses to run as root.
    account: Option<(u32, u32)>,
}

/// Makes and starts a server with these settings (`name=value`) beside PostgreSQL's own defaults.
pub async fn cluster(settings: &[&str]) -> TestCluster {
    let programs = Programs::of_the_test_server().await;
    let directory = new_directory(&programs);
    let initdb = programs
        .command("initdb")
        .arg("--pgdata")
        .arg(directory.join("data"))
        .args(["--username=postgres", "--auth=trust", "--encoding=UTF8"])
        .args(["--locale=C", "--no-sync"])
        .output()
        .expect("initdb lies beside the test server's own program");
    assert!(
        initdb.status.success(),
        "initdb: {}",
        String::from_utf8_lossy(&initdb.stderr)
    );
    let settings = settings.iter().map(|setting| (*setting).to_owned());
    TestCluster::start_anywhere(programs, directory, settings.collect()).await
}

impl TestCluster {
    async fn start_anywhere(programs: Programs, directory: PathBuf, settings: Vec<String>) -> Self {
        let port = (0..100)
            .find_map(|_| Port::reserve())
            .expect("no port is free");
        let mut cluster = Self {
            programs,
            directory,
            settings,
            port,
            process: None,
        };
        cluster.start().await;
        cluster
    }

    /// The URL of one of its databases, for its superuser; the same after every restart.
    pub fn url(&self, database: &str) -> String {
        // Without the driver's own parameters, which other programs refuse.
        format!("postgres://postgres@{}/{database}", self.port.address)
    }

    fn options(&self, database: &str) -> PgConnectOptions {
        PgConnectOptions::new_without_pgpass()
            .host("127.0.0.1")
            .port(self.port.address.port())
            .username("postgres")
            .database(database)
            .disable_statement_logging()
    }

    /// Connections of the superuser to one of its databases.
    pub async fn pool(&self, database: &str) -> PgPool {
        PgPoolOptions::new()
            .max_connections(8)
            .acquire_timeout(PATIENCE)
            .connect_with(self.options(database))
            .await
            .expect("the test's server takes no connection")
    }

    /// Runs SQL in its database `postgres`, as its superuser.
    pub async fn run(&self, sql: &str) {
        let mut connection = self
            .options("postgres")
            .connect()
            .await
            .expect("the test's server takes no connection");
        connection.execute(sql).await.expect("the statement works");
        connection.close().await.expect("a connection can end");
    }

    /// Starts a server that was stopped or killed again, and waits until it takes connections.
    pub async fn start(&mut self) {
        assert!(self.process.is_none(), "the server runs already");
        let output = std::fs::File::create(self.directory.join("output"))
            .expect("the server's output needs a file");
        let mut server = self.programs.command("postgres");
        server
            .arg("-D")
            .arg(self.directory.join("data"))
            .args(["-c", "listen_addresses=127.0.0.1"])
            .args(["-c", &format!("port={}", self.port.address.port())])
            .args(["-c", "unix_socket_directories="]);
        for setting in &self.settings {
            server.args(["-c", setting]);
        }
        let process = server
            .stdin(Stdio::null())
            .stdout(output.try_clone().expect("a file can be shared"))
            .stderr(output)
            .spawn()
            .expect("the test server's own program can be run");
        self.process = Some(process);
        let began = Instant::now();
        while let Err(error) = self.answers().await {
            let process = self.process.as_mut().expect("it was just started");
            let ended = process.try_wait().expect("a child can be asked");
            assert!(
                ended.is_none() && began.elapsed() < PATIENCE,
                "the server does not start ({error}): {}",
                self.output()
            );
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    async fn answers(&self) -> Result<(), sqlx::Error> {
        self.options("postgres").connect().await?.close().await
    }

    /// Stops the server as an operator would: nobody stays connected, everything is written.
    pub async fn stop(&mut self) {
        self.end(Signal::SIGINT).await;
    }

    /// Stops the server on the spot, as a crash would: what it had not written is gone.
    pub async fn crash(&mut self) {
        self.end(Signal::SIGQUIT).await;
    }

    async fn end(&mut self, signal: Signal) {
        let mut process = self.process.take().expect("the server is stopped");
        tell(&process, signal);
        let began = Instant::now();
        while process.try_wait().expect("a child can be asked").is_none() {
            if began.elapsed() > PATIENCE {
                let _ = process.kill();
                panic!("the server did not stop: {}", self.output());
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// A standby of this server that follows it, made from a copy of its files: it is stopped for that moment.
    pub async fn standby(&mut self) -> TestCluster {
        self.stop().await;
        let directory = new_directory(&self.programs);
        let copied = Command::new("cp")
            .arg("-a")
            .arg(self.directory.join("data"))
            .arg(&directory)
            .status();
        assert!(
            copied.is_ok_and(|status| status.success()),
            "the server's files could not be copied"
        );
        self.start().await;
        let data = directory.join("data");
        std::fs::write(data.join("standby.signal"), "").expect("a file can be made");
        let follow = format!(
            "primary_conninfo = 'host=127.0.0.1 port={} user=postgres'\n",
            self.port.address.port()
        );
        std::fs::write(data.join("postgresql.auto.conf"), follow).expect("a file can be written");
        self.programs.own(&data.join("standby.signal"));
        let (programs, settings) = (self.programs.clone(), self.settings.clone());
        Self::start_anywhere(programs, directory, settings).await
    }

    /// Cuts a standby off: what its primary commits from now on it will never see.
    pub async fn cut_off(&self) {
        self.run("alter system set primary_conninfo = ''").await;
        self.run("select pg_reload_conf()").await;
        let receiver = "select count(*) from pg_stat_wal_receiver";
        let pool = self.pool("postgres").await;
        crate::eventually("the end of the replication", PATIENCE, async || {
            let receivers: i64 = sqlx::query_scalar(receiver).fetch_one(&pool).await.ok()?;
            (receivers == 0).then_some(())
        })
        .await;
        pool.close().await;
    }

    /// Makes a standby a primary, at the address of a server that has ended: whoever connects there finds this one.
    pub async fn take_over(&mut self, ended: &mut TestCluster) {
        assert!(ended.process.is_none(), "the other server still runs");
        self.run("select pg_promote(true, 60)").await;
        self.stop().await;
        std::mem::swap(&mut self.port, &mut ended.port);
        self.start().await;
    }

    /// One of PostgreSQL's programs, as the account that runs the server; none where it does not lie beside the
    /// server: some packages hold nothing but the server.
    pub fn program(&self, name: &str) -> Option<Command> {
        let there = self.programs.folder.join(name).is_file();
        there.then(|| self.programs.command(name))
    }

    /// What the server wrote since its last start.
    pub fn output(&self) -> String {
        std::fs::read_to_string(self.directory.join("output")).unwrap_or_default()
    }
}

impl Drop for TestCluster {
    fn drop(&mut self) {
        if let Some(mut process) = self.process.take() {
            tell(&process, Signal::SIGQUIT);
            let began = Instant::now();
            while matches!(process.try_wait(), Ok(None)) {
                if began.elapsed() > PATIENCE {
                    let _ = process.kill();
                }
                std::thread::sleep(Duration::from_millis(5));
            }
        }
        let _ = std::fs::remove_dir_all(&self.directory);
    }
}

impl Programs {
    async fn of_the_test_server() -> Self {
        let server: PgConnectOptions = crate::required_variable("TEST_POSTGRES_URL")
            .parse()
            .expect("TEST_POSTGRES_URL is not the URL of a PostgreSQL server");
        let mut connection = server
            .disable_statement_logging()
            .connect()
            .await
            .expect("the server of TEST_POSTGRES_URL takes no connection");
        let row = connection
            .fetch_one(
                "select setting, current_setting('data_directory')
                from pg_config
                where name = 'BINDIR'",
            )
            .await
            .expect("the role of TEST_POSTGRES_URL must be a superuser");
        let (folder, data): (String, String) = (row.get(0), row.get(1));
        connection.close().await.expect("a connection can end");
        // Whoever runs that server can run its programs.
        let account = geteuid().is_root().then(|| {
            let data = std::fs::metadata(&data)
                .expect("the server of TEST_POSTGRES_URL does not run on this machine");
            (data.uid(), data.gid())
        });
        Self {
            folder: folder.into(),
            account,
        }
    }

    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(self.folder.join(program));
        command.current_dir("/").env("LC_ALL", "C");
        if let Some((user, group)) = self.account {
            command.uid(user).gid(group);
        }
        command
    }

    fn own(&self, path: &Path) {
        if let Some((user, group)) = self.account {
            chown(path, Some(user), Some(group)).expect("root may give files away");
        }
    }
}

/// A directory that the account which runs servers owns and can reach.
fn new_directory(programs: &Programs) -> PathBuf {
    let base = match programs.account {
        // Another user may not enter the one that the environment names.
        Some(_) => PathBuf::from("/tmp"),
        None => std::env::temp_dir(),
    };
    let directory = base.join(format!("test-postgres-{}", Uuid::new_v4().simple()));
    std::fs::create_dir(&directory).expect("no directory for the server could be made");
    std::fs::set_permissions(&directory, std::fs::Permissions::from_mode(0o700))
        .expect("an own directory can be protected");
    programs.own(&directory);
    directory
}

fn tell(process: &Child, signal: Signal) {
    let id = i32::try_from(process.id()).expect("a process id is small");
    // One that has ended by itself is waited for all the same.
    let _ = kill(Pid::from_raw(id), signal);
}
