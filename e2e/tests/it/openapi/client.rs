//! Clients in another language, generated from what the services serve, live through the README's scenario.

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use tokio::process::Command;

use super::document;
use crate::platform::{DataDir, Platform};
use crate::python::python;

const PATIENCE: Duration = Duration::from_secs(120);

/// The program that uses the clients.
const SCENARIO: &str = include_str!("scenario.py");

/// Nothing is formatted, since nobody reads it; and lines of JSON are bytes to a generator that does not know them.
const CONFIGURATION: &str = "\
post_hooks: []
content_type_overrides:
  application/x-ndjson: application/octet-stream
";

#[tokio::test]
async fn generated_clients_place_an_order_and_follow_it_to_its_end() -> Result<()> {
    let Some(python) = python("the clients generated from the OpenAPI documents") else {
        return Ok(());
    };
    let data_dir = DataDir::new()?;
    let directory = DataDir::new()?;
    let platform = Platform::start(&data_dir, &[]).await?;
    std::fs::write(directory.path().join("configuration.yaml"), CONFIGURATION)?;
    for (package, service) in [("commands", "command_url"), ("queries", "query_url")] {
        let path = directory.path().join(format!("{package}.json"));
        std::fs::write(&path, document(&platform, service).await?.to_string())?;
        generate(&python, directory.path(), package).await?;
    }
    let scenario = directory.path().join("scenario.py");
    std::fs::write(&scenario, SCENARIO)?;
    let mut command = Command::new(&python);
    command
        .arg(&scenario)
        .env("COMMANDS", platform.text("command_url"))
        .env("QUERIES", platform.text("query_url"))
        .env("TOKEN", platform.text("token"));
    run(command, "the scenario").await?;
    platform.stop().await
}

/// Makes a package of a document. A warning is a part of the document that the generator could not use.
async fn generate(python: &Path, directory: &Path, package: &str) -> Result<()> {
    let mut command = Command::new(python);
    command
        .current_dir(directory)
        .args([
            "-m",
            "openapi_python_client",
            "generate",
            "--meta",
            "none",
            "--fail-on-warning",
        ])
        .args(["--config", "configuration.yaml", "--output-path", package])
        .args(["--path", &format!("{package}.json")]);
    run(command, package).await
}

async fn run(mut command: Command, what: &str) -> Result<()> {
    let running = command.stdin(Stdio::null()).kill_on_drop(true).output();
    let output = tokio::time::timeout(PATIENCE, running)
        .await
        .with_context(|| format!("{what} did not end"))??;
    ensure!(
        output.status.success(),
        "{what}: {}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    Ok(())
}
