//! docs/operations.md explains every metric there is, and none that there is not.

use std::collections::BTreeSet;
use std::time::Duration;

use anyhow::{Context, Result, ensure};

use crate::lives::LIVES;
use crate::platform::{DataDir, Platform, expect};

/// The names in the first columns of the page's tables of metrics.
fn explained() -> Result<BTreeSet<String>> {
    let page = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/operations.md");
    let page = std::fs::read_to_string(page)?;
    let mut names = BTreeSet::new();
    for (_, table) in page.split("| metric |").enumerate().skip(1) {
        for row in table
            .lines()
            .skip(2)
            .take_while(|line| line.starts_with('|'))
        {
            let cells: Vec<&str> = row.trim_matches('|').split(" | ").map(str::trim).collect();
            ensure!(cells.len() == 3, "not three cells: {row}");
            ensure!(
                cells.iter().all(|cell| !cell.is_empty()),
                "an empty cell: {row}"
            );
            let name = cells[0]
                .strip_prefix('`')
                .and_then(|name| name.strip_suffix('`'));
            let name = name.with_context(|| format!("no name: {row}"))?;
            ensure!(names.insert(name.to_owned()), "{name} is explained twice");
        }
    }
    Ok(names)
}

async fn shown(platform: &Platform) -> Result<BTreeSet<String>> {
    let url = format!("{}/metrics", platform.text("command_url"));
    let text = platform.http.get(url).send().await?.text().await?;
    Ok(text
        .lines()
        .filter_map(|line| line.strip_prefix("# TYPE ")?.split(' ').next())
        .map(str::to_owned)
        .collect())
}

#[tokio::test]
async fn the_page_explains_exactly_the_metrics_that_a_platform_shows() -> Result<()> {
    let data_dir = DataDir::new()?;
    let platform = Platform::start(&data_dir, &[]).await?;
    let mut last = 0;
    for (index, life) in LIVES.iter().enumerate() {
        let order_id = format!("o-{index}");
        let body = &life(&order_id)[0].1;
        let placed = expect(201, platform.post("/v1/orders", body).send().await?).await?;
        last = placed["position"].as_i64().context("position")?;
    }
    expect(200, platform.get("/v1/orders", last).send().await?).await?;
    let explained = explained()?;
    // What is measured each second may take its time.
    let seen = test_kit::eventually(
        "every explained metric",
        Duration::from_secs(30),
        async || {
            let shown = shown(&platform).await.ok()?;
            shown.is_superset(&explained).then_some(shown)
        },
    );
    let seen = tokio::time::timeout(Duration::from_secs(20), seen).await;
    let seen = match seen {
        Ok(seen) => seen,
        Err(_) => shown(&platform).await?,
    };
    let missing: Vec<&String> = explained.difference(&seen).collect();
    assert!(missing.is_empty(), "explained, but not shown: {missing:?}");
    let silent: Vec<&String> = seen.difference(&explained).collect();
    assert!(silent.is_empty(), "shown, but not explained: {silent:?}");
    platform.stop().await
}
