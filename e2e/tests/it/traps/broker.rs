//! What becomes of the broker, its data and its stream.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use nix::sys::signal::{Signal, kill};
use serde_json::json;
use test_kit::eventually;

use super::{PATIENCE, Stage};
use crate::order::two_units;
use crate::platform::{DataDir, Platform, Servers, expect};
use crate::{stream, truth};

#[tokio::test]
async fn a_broker_killed_at_full_rate() -> Result<()> {
    let mut stage = Stage::new().await?;
    for _ in 0..3 {
        stage.servers.nats.kill().await;
        stage.more_events(50).await?;
        stage.servers.nats.start().await;
        stage.more_events(100).await?;
    }
    stage.end().await
}

/// No command is refused because of it, and the views go on from the log.
#[tokio::test]
async fn a_broker_that_is_away() -> Result<()> {
    // Longer than it takes a reader to notice, which makes it look into the log once.
    let least = match std::env::var_os("TEST_DEEP") {
        Some(_) => Duration::from_secs(30),
        None => Duration::from_secs(6),
    };
    let mut stage = Stage::new().await?;
    stage.servers.nats.kill().await;
    let away = Instant::now();
    while away.elapsed() < least {
        stage.more_events(50).await?;
        let command = stage.platform.post("/v1/orders", &two_units());
        let placed = expect(201, command.send().await?).await?;
        let position = placed["position"].as_i64().context("position")?;
        // The list is complete up to there: every partition has followed.
        let list = stage.platform.get("/v1/orders?limit=1", position);
        let list = expect(200, list.send().await?).await?;
        ensure!(
            list["items"]
                .as_array()
                .is_some_and(|items| items.len() == 1)
        );
    }
    stage.servers.nats.start().await;
    stage.more_events(100).await?;
    stage.end_with_others().await
}

#[tokio::test]
async fn a_broker_with_an_older_copy_of_its_data() -> Result<()> {
    let mut stage = Stage::new().await?;
    stage.servers.nats.stop().await;
    let store = stage.servers.nats.store_dir();
    let copy = store.with_extension("copy");
    copy_directory(&store, &copy)?;
    stage.servers.nats.start().await;
    stage.more_events(200).await?;
    stage.servers.nats.stop().await;
    std::fs::remove_dir_all(&store)?;
    std::fs::rename(&copy, &store)?;
    stage.servers.nats.start().await;
    stage.more_events(200).await?;
    stage.end().await
}

#[tokio::test]
async fn a_broker_whose_store_is_gone() -> Result<()> {
    let mut stage = Stage::new().await?;
    stage.servers.nats.kill().await;
    std::fs::remove_dir_all(stage.servers.nats.store_dir())?;
    stage.servers.nats.start().await;
    stage.more_events(200).await?;
    stage.end().await
}

#[tokio::test]
async fn a_broker_whose_disk_is_full() -> Result<()> {
    let Some(nats) = test_kit::nats_on_small_disk(8).await else {
        use std::io::Write as _;
        // Past the test harness, which shows nothing of a test that passes.
        let refused = "NOT TESTED: a broker whose disk is full, for this machine lets nobody mount a small one";
        return Ok(writeln!(std::io::stderr(), "{refused}")?);
    };
    let mut stage = Stage::with(Servers::with(nats).await?).await?;
    stage.servers.nats.fill_disk();
    eventually("a relay that cannot publish", PATIENCE, async || {
        let errors = stage.platform.metric("relay_errors_total").await?;
        (errors > 0.0).then_some(())
    })
    .await;
    // Commands go on.
    stage.more_events(200).await?;
    // It does not come back by itself: an operator makes room, and starts it again.
    stage.servers.nats.kill().await;
    stage.servers.nats.start().await;
    stage.more_events(100).await?;
    stage.end().await
}

#[tokio::test]
async fn messages_deleted_from_the_middle_and_the_end() -> Result<()> {
    let stage = Stage::new().await?;
    for _ in 0..3 {
        // Nobody has read what is deleted, whole orders among it.
        let mut paused = Vec::new();
        for worker in ["projector-1", "projector-2"] {
            paused.push(stage.platform.signal(worker, Signal::SIGSTOP)?);
        }
        let before = truth::last_message(&stage.platform).await?;
        eventually("messages that nobody has read", PATIENCE, async || {
            let now = truth::last_message(&stage.platform).await.ok()?;
            (now > before + 150).then_some(())
        })
        .await;
        let (_, stream) = stage.stream().await?;
        let last = stream.cached_info().state.last_sequence;
        for sequence in (before + 20..before + 100).chain(last - 5..=last) {
            // The broker may have dropped it by itself.
            let _ = stream.delete_message(sequence).await;
        }
        for worker in paused {
            kill(worker, Signal::SIGCONT)?;
        }
        stage.more_events(20).await?;
    }
    stage.end().await
}

#[tokio::test]
async fn a_stream_that_is_purged_and_one_that_is_deleted() -> Result<()> {
    let stage = Stage::new().await?;
    let (_, stream) = stage.stream().await?;
    stream.purge().await?;
    stage.more_events(100).await?;
    let (jetstream, _) = stage.stream().await?;
    jetstream.delete_stream("ORDERS").await?;
    stage.more_events(100).await?;
    stage.end().await
}

#[tokio::test]
async fn an_event_that_no_message_can_hold() -> Result<()> {
    let nats = test_kit::nats_with("max_payload: 131072").await;
    let stage = Stage::with(Servers::with(nats).await?).await?;
    let mut large = two_units();
    large["lines"] = (0..500)
        .map(|line| {
            json!({ "line_id": line.to_string(), "sku": "SKU", "name": "A name of some length, to make it large",
                    "quantity": 1, "unit_price": 1 })
        })
        .collect();
    large
        .as_object_mut()
        .context("an order")?
        .remove("expected_total");
    let through_the_stream = eventually(
        "a large event read because a message told of it",
        PATIENCE,
        async || {
            // Each is as likely as not found by whoever looks into the log first.
            let placed = stage
                .platform
                .post("/v1/orders", &large)
                .send()
                .await
                .ok()?;
            let placed = expect(201, placed).await.ok()?;
            let position = placed["position"].as_i64()?;
            let read = stream::read_all(&stage.platform, position, PATIENCE)
                .await
                .ok()?;
            let wanted = format!("{position:020}");
            let message = read
                .into_iter()
                .find(|message| message.header("ce-sequence").is_ok_and(|at| at == wanted))?;
            Some(message)
        },
    )
    .await;
    assert_eq!(through_the_stream.header("ce-dataref")?, "log");
    assert!(through_the_stream.payload.is_empty());
    let acknowledged = stage.clients.stop().await?;
    ensure!(acknowledged.commands() > 0, "no load");
    truth::views_equal_the_log(&stage.platform).await?;
    let platform = Arc::into_inner(stage.platform).context("nobody else has the platform")?;
    platform.stop().await
}

#[tokio::test]
async fn a_stream_of_another_log() -> Result<()> {
    let stage = Stage::new().await?;
    let (_, before) = stage.stream().await?;
    let log = uuid_of(&stage.platform).await?;
    // A second platform with databases of its own, at the first one's broker.
    let data_dir = DataDir::new()?;
    let (log_database, views_database) = tokio::join!(test_kit::database(), test_kit::database());
    let variables = [
        ("NATS_URL", stage.servers.nats.url.as_str()),
        ("EVENT_STORE_URL", log_database.url.as_str()),
        ("EVENT_STORE_DURABILITY", "relaxed"),
        ("READ_MODEL_URL", views_database.url.as_str()),
    ];
    let other = Platform::start_with(&data_dir, &["--split"], &variables).await?;
    for _ in 0..5 {
        let placed = expect(201, other.post("/v1/orders", &two_units()).send().await?).await?;
        let position = placed["position"].as_i64().context("position")?;
        expect(200, other.get("/v1/orders", position).send().await?).await?;
    }
    truth::views_equal_the_log(&other).await?;
    let ours = uuid_of(&other).await?;
    let refusal = format!(
        "the stream ORDERS holds events of another log ({log}, ours is {ours}): \
         choose another stream name or broker, or remove that stream"
    );
    eventually("the refusal, in one sentence", PATIENCE, async || {
        other.log().contains(&refusal).then_some(())
    })
    .await;
    other.stop().await?;
    let after = stage.stream().await?.1;
    let (before, after) = (&before.cached_info().state, &after.cached_info().state);
    assert!(after.last_sequence >= before.last_sequence);
    stage.end().await
}

async fn uuid_of(platform: &Platform) -> Result<String> {
    let log = sqlx::PgPool::connect(platform.text("event_store_url")).await?;
    Ok(sqlx::query_scalar("select log_id::text from log")
        .fetch_one(&log)
        .await?)
}

fn copy_directory(from: &Path, to: &Path) -> Result<()> {
    std::fs::create_dir(to)?;
    for entry in std::fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy_directory(&entry.path(), &target)?;
        } else {
            std::fs::copy(entry.path(), target)?;
        }
    }
    Ok(())
}
