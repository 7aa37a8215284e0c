//! The consumer of docs/consume-the-stream.md, as its reader would run it.

use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use tokio::process::Command;

use super::{last_position, live, project_file};
use crate::lives::completed;
use crate::platform::{DataDir, Platform, Servers};

const PATIENCE: Duration = Duration::from_secs(60);

/// The interpreter that `make test` prepared, with what the page says to install.
///
/// Without one the test cannot run. `make test` says why it made none; under CI that is a failure.
fn python() -> Option<PathBuf> {
    let python = std::env::var_os("TEST_PYTHON").filter(|path| !path.is_empty());
    if python.is_none() {
        use std::io::Write as _;
        assert!(
            std::env::var_os("CI").is_none(),
            "TEST_PYTHON is not set: there is no python3 with venv on this machine"
        );
        // Past the test harness, which shows nothing of a test that passes.
        let _ = writeln!(
            std::io::stderr(),
            "NOT TESTED: the Python consumer of docs/consume-the-stream.md. TEST_PYTHON is not set; \
             `make test` sets it on a machine that has python3 with venv"
        );
    }
    python.map(PathBuf::from)
}

/// The program on the page: its block of Python.
fn program(directory: &DataDir) -> Result<PathBuf> {
    let page = project_file("docs/consume-the-stream.md")?;
    let (_, rest) = page
        .split_once("```python\n")
        .context("a block of Python")?;
    let (program, _) = rest.split_once("```").context("its end")?;
    let path = directory.path().join("consumer.py");
    std::fs::write(&path, program)?;
    Ok(path)
}

/// What the program prints, with its exit status and its complaint.
async fn run(
    python: &PathBuf,
    directory: &DataDir,
    nats_url: &str,
    arguments: &[&str],
) -> Result<(bool, Vec<Value>, String)> {
    let running = Command::new(python)
        .arg(program(directory)?)
        .args(arguments)
        .env("NATS_URL", nats_url)
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .output();
    let output = tokio::time::timeout(PATIENCE, running)
        .await
        .context("the consumer did not end")??;
    let complaint = String::from_utf8(output.stderr)?;
    let lines = String::from_utf8(output.stdout)?;
    let lines = lines.lines().map(serde_json::from_str);
    let lines = lines.collect::<Result<_, _>>()?;
    Ok((output.status.success(), lines, complaint))
}

#[test]
fn the_page_names_the_packages_that_are_tested() -> Result<()> {
    let page = project_file("docs/consume-the-stream.md")?;
    let makefile = project_file("Makefile")?;
    let line = page
        .lines()
        .find(|line| line.contains("pip install"))
        .context("pip install")?;
    let (_, packages) = line.split_once("pip install ").context("packages")?;
    assert!(
        makefile.contains(packages),
        "the Makefile installs {packages}"
    );
    Ok(())
}

#[tokio::test]
async fn the_consumer_prints_the_events_of_an_order_that_was_just_placed() -> Result<()> {
    let Some(python) = python() else {
        return Ok(());
    };
    let data_dir = DataDir::new()?;
    let platform = Platform::start(&data_dir, &[]).await?;
    live(&platform, "o-1", completed("o-1")).await?;
    let answers = live(&platform, "o-2", completed("o-2")).await?;
    let until = last_position(&answers)?.to_string();
    let arguments = ["--order", "o-2", "--until", until.as_str()];
    let (well, lines, complaint) =
        run(&python, &data_dir, platform.text("nats_url"), &arguments).await?;
    ensure!(well, "{complaint}");

    let acknowledged = answers
        .iter()
        .filter_map(|answer| answer["events"].as_array());
    let acknowledged: Vec<&Value> = acknowledged.flatten().collect();
    assert_eq!(lines.len(), acknowledged.len());
    for (line, event) in lines.iter().zip(acknowledged) {
        assert_eq!(line["id"], event["event_id"]);
        assert_eq!(line["position"], event["position"]);
        assert_eq!(line["version"], event["sequence"]);
        let kind = format!(
            "dev.order-platform.{}.v1",
            event["type"].as_str().context("type")?
        );
        assert_eq!(line["type"], kind);
    }
    assert_eq!(lines[0]["data"]["customer"]["name"], "Ada Lovelace");
    assert_eq!(lines[1]["data"]["provider_reference"], "ch ü 1");
    platform.stop().await
}

#[tokio::test]
async fn the_consumer_sees_that_a_message_is_missing() -> Result<()> {
    let Some(python) = python() else {
        return Ok(());
    };
    let data_dir = DataDir::new()?;
    let servers = Servers::with_own_broker().await?;
    let platform = Platform::start_on(&data_dir, &[], &servers).await?;
    let answers = live(&platform, "o-1", completed("o-1")).await?;
    let last = last_position(&answers)?;
    crate::stream::read_all(&platform, last, PATIENCE).await?;
    let client = crate::stream::client(&platform).await?;
    let stream = async_nats::jetstream::new(client)
        .get_stream("ORDERS")
        .await?;
    stream.delete_message(3).await?;
    let until = last.to_string();
    let (well, lines, complaint) = run(
        &python,
        &data_dir,
        platform.text("nats_url"),
        &["--until", until.as_str()],
    )
    .await?;
    assert!(!well);
    assert_eq!(lines.len(), 2);
    assert_eq!(complaint.trim(), "the events between 2 and 4 are missing");
    platform.stop().await
}
