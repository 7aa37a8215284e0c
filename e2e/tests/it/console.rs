//! `orders get`, `list`, `timeline`, `tail` and `projections`: what a person at a terminal sees.

use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::Command;

use crate::order::two_units;
use crate::platform::{DataDir, Platform, expect, orders_program};

/// How long a program may take for anything.
const PATIENCE: Duration = Duration::from_secs(60);

/// What `orders` says, and whether it is content.
async fn orders(platform: &Platform, arguments: &[&str]) -> Result<(bool, String, String)> {
    let mut command = Command::new(orders_program()?);
    command
        .args(arguments)
        .arg("--data-dir")
        .arg(platform.data_dir());
    let said = tokio::time::timeout(PATIENCE, command.output()).await??;
    Ok((
        said.status.success(),
        String::from_utf8(said.stdout)?,
        String::from_utf8(said.stderr)?,
    ))
}

async fn answer(platform: &Platform, arguments: &[&str]) -> Result<String> {
    let (content, answer, complaint) = orders(platform, arguments).await?;
    ensure!(content, "{arguments:?}: {complaint}");
    Ok(answer)
}

#[tokio::test]
async fn a_person_sees_orders_at_a_terminal() -> Result<()> {
    let data_dir = DataDir::new()?;
    let platform = Platform::start(&data_dir, &[]).await?;
    let mut ids = Vec::new();
    let mut position = 0;
    for number in 0..3 {
        let mut order = two_units();
        order["order_id"] = json!(format!("o-{number}"));
        // What would move a terminal's cursor, if it came there as it is.
        order["customer"]["name"] = json!("Ada\u{1b}[2J Lovelace");
        let placed = expect(201, platform.post("/v1/orders", &order).send().await?).await?;
        position = placed["position"].as_i64().context("position")?;
        ids.push(
            placed["order_number"]
                .as_str()
                .context("number")?
                .to_owned(),
        );
    }
    let note = json!({ "text": "rings twice" });
    let noted = expect(
        200,
        platform
            .post("/v1/orders/o-0/add-note", &note)
            .send()
            .await?,
    )
    .await?;
    position = position.max(noted["position"].as_i64().context("position")?);
    for path in ["/v1/orders?limit=1", "/v1/audit/events?limit=1"] {
        expect(200, platform.get(path, position).send().await?).await?;
    }

    one_order(&platform, &ids[1]).await?;
    lists(&platform, &ids).await?;
    projections(&platform).await?;
    live(&platform).await?;
    platform.stop().await
}

async fn one_order(platform: &Platform, number: &str) -> Result<()> {
    let shown = answer(platform, &["get", number]).await?;
    for part in ["o-1", number, "54.71 EUR", "SKU-1", "Teapot", "may now: "] {
        ensure!(shown.contains(part), "{part} is missing: {shown}");
    }
    ensure!(!shown.contains('\u{1b}'), "{shown}");
    let json = answer(platform, &["get", "o-0", "--version", "1", "--json"]).await?;
    let first: Value = serde_json::from_str(&json)?;
    ensure!(
        first["version"] == 1 && first["notes"] == json!([]),
        "{first}"
    );
    for wrong in [&["get", "nobody"][..], &["get", "o-0", "--version", "99"]] {
        let (content, _, complaint) = orders(platform, wrong).await?;
        ensure!(
            !content && complaint.contains("there is no order"),
            "{complaint}"
        );
    }
    Ok(())
}

async fn lists(platform: &Platform, numbers: &[String]) -> Result<()> {
    let all = answer(platform, &["list"]).await?;
    let lines: Vec<&str> = all.lines().collect();
    ensure!(lines.len() == 4 && lines[0].starts_with("NUMBER"), "{all}");
    // The newest first.
    for (line, number) in lines[1..].iter().zip(numbers.iter().rev()) {
        ensure!(line.starts_with(number.as_str()), "{all}");
    }
    let found = answer(
        platform,
        &[
            "list",
            "--q",
            "teap ada",
            "--sort",
            "placed_at",
            "--limit",
            "2",
            "--json",
        ],
    )
    .await?;
    let found: Vec<Value> = found
        .lines()
        .map(serde_json::from_str)
        .collect::<Result<_, _>>()?;
    ensure!(
        found.len() == 2 && found[0]["order_id"] == "o-0",
        "{found:?}"
    );
    let (content, _, complaint) = orders(platform, &["list", "--status", "plcaed"]).await?;
    ensure!(
        !content && complaint.contains("`status` takes only"),
        "{complaint}"
    );
    let timeline = answer(platform, &["timeline", "o-0"]).await?;
    ensure!(
        timeline.contains("OrderPlaced")
            && timeline.contains("NoteAdded")
            && timeline.contains("/notes/0"),
        "{timeline}"
    );
    Ok(())
}

async fn projections(platform: &Platform) -> Result<()> {
    let all = answer(platform, &["projections", "list"]).await?;
    ensure!(
        all.lines().count() == 8 && all.contains("\norder-history      live "),
        "{all}"
    );
    let replay = ["projections", "replay", "--order", "o-0"];
    let shown = answer(platform, &replay).await?;
    let mut parts = shown.lines();
    for part in [
        "#1  ",
        "    + /order_id  \"o-0\"",
        "#2  ",
        "    + /notes/0  {\"text\":\"rings twice\"",
        "The document after #2:",
        "  \"order_id\": \"o-0\",",
    ] {
        ensure!(
            parts.any(|line| line.starts_with(part)),
            "{part} is missing: {shown}"
        );
    }
    ensure!(!shown.contains('\u{1b}'), "{shown}");
    let lines = answer(platform, &[&replay[..], &["--json"]].concat()).await?;
    let lines: Vec<Value> = lines
        .lines()
        .map(serde_json::from_str)
        .collect::<Result<_, _>>()?;
    ensure!(
        lines.len() == 3 && lines[1]["type"] == "NoteAdded" && lines[2]["version"] == 2,
        "{lines:?}"
    );
    let (content, _, complaint) =
        orders(platform, &["projections", "replay", "--order", "nobody"]).await?;
    ensure!(!content && complaint.contains("404"), "{complaint}");
    Ok(())
}

async fn live(platform: &Platform) -> Result<()> {
    let mut tail = Command::new(orders_program()?)
        .args([
            "tail",
            "o-0",
            "--after-position",
            "0",
            "--json",
            "--data-dir",
        ])
        .arg(platform.data_dir())
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()?;
    let mut lines = BufReader::new(tail.stdout.take().context("stdout is piped")?).lines();
    let mut next = async || {
        let line = tokio::time::timeout(PATIENCE, lines.next_line()).await??;
        let line = line.context("the tail ended")?;
        Ok::<Value, anyhow::Error>(serde_json::from_str(&line)?)
    };
    ensure!(next().await?["type"] == "OrderPlaced");
    ensure!(next().await?["type"] == "NoteAdded");
    let tag = json!({ "tag": "vip" });
    expect(200, platform.post("/v1/orders/o-0/tag", &tag).send().await?).await?;
    ensure!(next().await?["type"] == "OrderTagged");
    let pid = tail.id().context("the tail ended")?;
    kill(Pid::from_raw(i32::try_from(pid)?), Signal::SIGINT)?;
    let ended = tokio::time::timeout(PATIENCE, tail.wait()).await??;
    ensure!(ended.success(), "{ended}");
    Ok(())
}
