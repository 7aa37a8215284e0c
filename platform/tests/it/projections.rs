//! `orders projections`, beside a query API on views that the test keeps as a projector would.

use std::process::{Output, Stdio};
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use query_api::{Config, Service};
use read_model::{View, create_view};
use serde_json::{Value, json};
use service_kit::{AuthSettings, Authenticator, Vars};
use sqlx::PgPool;
use test_kit::{TestDatabase, database, eventually};
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};
use tokio_util::sync::CancellationToken;

use crate::program::orders;

/// Longer than anything takes that is not broken.
const PATIENCE: Duration = Duration::from_secs(60);

struct Stage {
    pool: PgPool,
    url: String,
    token: String,
    // Stops the service.
    _stop: tokio_util::sync::DropGuard,
    // Dropped last: it drops the database.
    _database: TestDatabase,
}

impl Stage {
    async fn new() -> Self {
        let database = database().await;
        let pool = database.pool(4).await;
        read_model::migrate(&pool).await.expect("a schema");
        let mut transaction = pool.begin().await.expect("a transaction");
        for view in View::ALL {
            let made = create_view(&mut transaction, *view, 16).await;
            assert!(made.expect("a view"));
        }
        transaction.commit().await.expect("views");
        let vars = Vars::from_map([
            ("QUERY_API_ADDR", "127.0.0.1:0"),
            ("READ_MODEL_URL", database.url.as_str()),
            ("AUTH_HS256_SECRET", "a secret of the tests, long enough"),
        ]);
        let config = Config::from_vars(&vars).expect("a configuration");
        let service = Service::build(config).await.expect("a service");
        let url = format!("http://{}", service.local_addr());
        let stop = CancellationToken::new();
        tokio::spawn(service.run(stop.clone()));
        let settings = AuthSettings::from_vars(&vars).expect("settings");
        let authenticator = Authenticator::from_settings(settings).await.expect("keys");
        let token = authenticator.issue_hs256("alice", "ops orders:read", PATIENCE * 10);
        Self {
            pool,
            url,
            token: token.expect("a token"),
            _stop: stop.drop_guard(),
            _database: database,
        }
    }

    fn command(&self, arguments: &str) -> Command {
        let arguments: Vec<&str> = ["projections"]
            .into_iter()
            .chain(arguments.split(' '))
            .collect();
        let mut command = Command::from(orders(&arguments));
        command
            .env("QUERY_API_URL", &self.url)
            .env("ORDERS_TOKEN", &self.token)
            .kill_on_drop(true);
        command
    }

    async fn run(&self, arguments: &str) -> Output {
        let output = self.command(arguments).output();
        let output = tokio::time::timeout(PATIENCE, output).await;
        output.expect("an end").expect("a program")
    }

    /// The program, and what it says line by line.
    fn watch(&self, arguments: &str) -> Watch {
        let mut child = self
            .command(arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("a program");
        let lines = child.stdout.take().expect("stdout is piped");
        Watch {
            lines: BufReader::new(lines).lines(),
            child,
        }
    }

    /// Waits until this was asked for of so many views, and does this to all of them.
    async fn carry_out(&self, kind: &str, views: usize, assignments: &str) {
        eventually("the request to be written down", PATIENCE, async || {
            let there: i64 = sqlx::query_scalar(
                "select count(*) from operation where kind = $1 and finished_at is null",
            )
            .bind(kind)
            .fetch_one(&self.pool)
            .await
            .expect("a count");
            (there == i64::try_from(views).expect("few")).then_some(())
        })
        .await;
        let statement = format!(
            "update operation set {assignments} where kind = '{kind}' and finished_at is null"
        );
        sqlx::query(&statement)
            .execute(&self.pool)
            .await
            .expect("progress");
    }
}

struct Watch {
    lines: tokio::io::Lines<BufReader<tokio::process::ChildStdout>>,
    child: Child,
}

impl Watch {
    async fn json(&mut self) -> Value {
        let line = tokio::time::timeout(PATIENCE, self.lines.next_line()).await;
        let line = line.expect("a line in time").expect("a line");
        serde_json::from_str(&line.expect("one more line")).expect("JSON")
    }

    async fn code(self) -> (Option<i32>, String, String) {
        let Self { mut lines, child } = self;
        let output = tokio::time::timeout(PATIENCE, child.wait_with_output()).await;
        let output = output.expect("an end").expect("a program");
        let mut said = String::new();
        while let Some(line) = lines.next_line().await.expect("a line") {
            said += &line;
            said.push('\n');
        }
        let complaint = String::from_utf8_lossy(&output.stderr).into_owned();
        (output.status.code(), said, complaint)
    }
}

fn text(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[tokio::test]
async fn a_rebuild_is_followed_to_its_end() {
    for (end, phase, code) in [
        ("phase = 'done', finished_at = now(), done = 10", "done", 0),
        (
            "phase = 'failed', finished_at = now(), error = 'no room'",
            "failed",
            1,
        ),
    ] {
        let stage = Stage::new().await;
        let mut watch = stage.watch("rebuild orders --watch --json");
        let first = watch.json().await;
        assert_eq!(
            (&first["projection"], &first["done"]),
            (&json!("orders"), &json!(0))
        );
        stage
            .carry_out(
                "rebuild",
                1,
                "phase = 'building', done = 4, total = 10, events_per_second = 2",
            )
            .await;
        let next = watch.json().await;
        let shown = [
            &next["phase"],
            &next["done"],
            &next["total"],
            &next["eta_seconds"],
        ];
        assert_eq!(json!(shown), json!(["building", 4, 10, 3.0]));
        stage.carry_out("rebuild", 1, end).await;
        assert_eq!(watch.json().await["phase"], phase);
        let (found, ..) = watch.code().await;
        assert_eq!(found, Some(code));
    }
}

#[tokio::test]
async fn without_a_terminal_lines_are_enough() {
    let stage = Stage::new().await;
    let watch = stage.watch("rebuild --all --watch");
    stage
        .carry_out(
            "rebuild",
            View::ALL.len(),
            "phase = 'building', done = 5, total = 10",
        )
        .await;
    stage
        .carry_out(
            "rebuild",
            View::ALL.len(),
            "phase = 'done', finished_at = now(), done = 10",
        )
        .await;
    let (code, said, noted) = watch.code().await;
    assert_eq!(code, Some(0), "{noted}");
    for view in View::ALL {
        let line = format!("{view}: the rebuild is done, 10 events\n");
        assert!(said.contains(&line), "{said}");
        assert!(
            noted.contains(&format!("{view}: building, 0 of 0 events\n")),
            "{noted}"
        );
    }
    assert!(!said.contains('\u{1b}') && !noted.contains('\u{1b}'));
}

#[tokio::test]
async fn differences_are_shown_and_are_an_exit_code() {
    let stage = Stage::new().await;
    let watch = stage.watch("verify customers --fix --watch");
    stage
        .carry_out("verify", 1, "phase = 'verifying', total = 3")
        .await;
    sqlx::query(
        r#"insert into difference (operation_id, number, relation, key, live, expected, fixed)
        select operation_id, 1, 'customers', '{"customer_id":"c-1"}', '{"orders":2}', '{"orders":3}', true
        from operation where fix"#,
    )
    .execute(&stage.pool)
    .await
    .expect("a difference");
    stage
        .carry_out("verify", 1, "phase = 'done', finished_at = now(), done = 3")
        .await;
    let (code, said, noted) = watch.code().await;
    assert_eq!(code, Some(1), "{noted}");
    assert!(said.contains("customers: 1 differences\n"), "{said}");
    assert!(
        said.contains("customers  yes    c-1  orders: 2, not 3\n"),
        "{said}"
    );

    let watch = stage.watch("verify customers --watch");
    stage
        .carry_out(
            "verify",
            1,
            "phase = 'done', finished_at = now(), done = 3, total = 3",
        )
        .await;
    let (code, said, _) = watch.code().await;
    assert_eq!(
        (code, said.contains("customers: no differences\n")),
        (Some(0), true),
        "{said}"
    );

    // Elsewhere than at a terminal it is only asked for.
    let asked = stage.run("verify customers --json").await;
    assert_eq!(asked.status.code(), Some(0));
    let asked: Value = serde_json::from_str(&text(&asked)).expect("JSON");
    assert_eq!(
        (&asked["phase"], &asked["fix"]),
        (&json!("verifying"), &json!(false))
    );
    // One that is under way does what it does, and not what is asked for now.
    let other = stage.run("verify customers --fix").await;
    assert_eq!(other.status.code(), Some(1));
    let noted = String::from_utf8_lossy(&other.stderr);
    assert!(
        noted.contains("a verification is under way that changes nothing"),
        "{noted}"
    );
}

#[tokio::test]
async fn an_interrupted_watch_leaves_the_rebuild_running() {
    let stage = Stage::new().await;
    let mut watch = stage.watch("rebuild orders --watch --json");
    // What it says first, it says when it listens to signals.
    watch.json().await;
    let pid = watch.child.id().expect("it runs");
    kill(
        Pid::from_raw(i32::try_from(pid).expect("a process id")),
        Signal::SIGINT,
    )
    .expect("a signal");
    let (code, _, noted) = watch.code().await;
    assert_eq!(code, Some(130), "{noted}");
    assert!(noted.contains("orders: the rebuild goes on"), "{noted}");
    stage.carry_out("rebuild", 1, "phase = 'building'").await;
    let status = text(&stage.run("status orders").await);
    assert!(status.contains("status      rebuilding\n"), "{status}");
}

#[tokio::test]
async fn projections_are_shown_as_tables_and_as_json() {
    let stage = Stage::new().await;
    sqlx::query(
        "insert into parked (projection, generation, partition, order_id, position, event_id, error, unknown)
        values ('orders', 1, 0, 'o-1', 7, gen_random_uuid(), 'cannot be taken in', false)",
    )
    .execute(&stage.pool)
    .await
    .expect("a parked order");
    for table in ["list", "status"] {
        let table = text(&stage.run(table).await);
        let lines: Vec<&str> = table.lines().collect();
        assert_eq!(lines.len(), View::ALL.len() + 1, "{table}");
        assert!(
            lines[1].starts_with("orders ") && lines[1].contains(" live "),
            "{table}"
        );
    }
    let lines = text(&stage.run("list --json").await);
    let first: Value = serde_json::from_str(lines.lines().next().expect("a line")).expect("JSON");
    assert_eq!(first["name"], "orders");
    for one in ["status orders", "retry orders"] {
        let shown = stage.run(one).await;
        assert_eq!(shown.status.code(), Some(0));
        assert!(
            text(&shown).contains("o-1           7  "),
            "{}",
            text(&shown)
        );
        let shown = text(&stage.run(&format!("{one} --json")).await);
        let shown: Value = serde_json::from_str(&shown).expect("JSON");
        assert_eq!(shown["parked_orders"][0]["position"], 7);
    }
    let retries: i64 = sqlx::query_scalar("select count(*) from operation where kind = 'retry'")
        .fetch_one(&stage.pool)
        .await
        .expect("a count");
    assert_eq!(retries, 1);
}

#[tokio::test]
async fn what_goes_wrong_is_one_sentence() {
    let stage = Stage::new().await;
    let wrong = stage.run("status order").await;
    assert_eq!(wrong.status.code(), Some(2));
    let noted = String::from_utf8_lossy(&wrong.stderr).into_owned();
    assert!(
        noted.contains("the views are orders, order-history"),
        "{noted}"
    );
    let nobody = stage.run("replay --order nobody").await;
    assert_eq!(nobody.status.code(), Some(1));
    let mut forbidden = stage.command("rebuild orders --watch");
    forbidden.env("ORDERS_TOKEN", "nonsense");
    let forbidden = forbidden.output().await.expect("a program");
    assert_eq!(forbidden.status.code(), Some(1));
    let noted = crate::program::complaint(&forbidden);
    assert!(noted.contains("401"), "{noted}");
}
