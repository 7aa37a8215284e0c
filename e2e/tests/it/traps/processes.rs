//! What becomes of relays, workers and databases.

use std::sync::Arc;

use anyhow::{Context, Result, ensure};
use nix::sys::signal::{Signal, kill};
use test_kit::eventually;

use super::{PATIENCE, Stage};
use crate::load::{Clients, Dice};
use crate::order::two_units;
use crate::platform::{DataDir, Platform, expect};
use crate::{stream, truth};

#[tokio::test]
async fn a_relay_paused_while_another_leads() -> Result<()> {
    let stage = Stage::new().await?;
    // Another replica of everything, on the same servers.
    let data_dir = DataDir::new()?;
    let other = Platform::start_on(&data_dir, &["--split"], &stage.servers).await?;
    for _ in 0..3 {
        let paused = stage.platform.signal("command-api", Signal::SIGSTOP)?;
        let before = truth::last_message(&other).await?;
        eventually("the other relay publishes", PATIENCE, async || {
            expect(
                201,
                other.post("/v1/orders", &two_units()).send().await.ok()?,
            )
            .await
            .ok()?;
            (truth::last_message(&other).await.ok()? > before + 20).then_some(())
        })
        .await;
        kill(paused, Signal::SIGCONT)?;
        stage.more_events(50).await?;
    }
    stage.clients.stop().await?;
    truth::views_equal_the_log(&stage.platform).await?;
    let events = truth::events_in_log(&stage.platform).await?;
    truth::stream_is_continuous(&stage.platform, usize::try_from(events)?).await?;
    other.stop().await?;
    let platform = Arc::into_inner(stage.platform).context("nobody else has the platform")?;
    platform.stop().await
}

#[tokio::test]
async fn a_worker_paused_until_others_have_its_partitions() -> Result<()> {
    let stage = Stage::new().await?;
    for worker in ["projector-1", "projector-2", "projector-1"] {
        let paused = stage.platform.signal(worker, Signal::SIGSTOP)?;
        let views = sqlx::PgPool::connect(stage.platform.text("read_model_url")).await?;
        eventually("one worker with all partitions", PATIENCE, async || {
            let owners: i64 = sqlx::query_scalar(
                "select count(distinct owner)
                from lease
                where name like 'partition:%'
                and expires_at > clock_timestamp()
                having count(*) = 16",
            )
            .fetch_optional(&views)
            .await
            .ok()??;
            (owners == 1).then_some(())
        })
        .await;
        kill(paused, Signal::SIGCONT)?;
        stage.more_events(50).await?;
    }
    stage.end().await
}

#[tokio::test]
async fn a_log_that_failed_over_to_a_lagged_standby() -> Result<()> {
    let stage = Stage::new().await?;
    stage.more_events(200).await?;
    let acknowledged = stage.clients.stop().await?;
    truth::views_equal_the_log(&stage.platform).await?;
    let events = truth::events_in_log(&stage.platform).await?;
    ensure!(acknowledged.events() > 100, "too few events");
    // The standby has two thirds of them.
    let kept = events * 2 / 3;
    truth::lose_after(&stage.platform, kept).await?;
    let clients = Clients::start(&stage.platform, "after", &mut Dice::new(2));
    eventually("more events than before", PATIENCE, async || {
        assert!(!clients.has_failed(), "a client has given up");
        let now = truth::events_in_log(&stage.platform).await.ok()?;
        (now > events + 100).then_some(())
    })
    .await;
    clients.stop().await?;
    truth::views_equal_the_log(&stage.platform).await?;

    // The stream goes on after the last event that both histories have.
    let events = truth::events_in_log(&stage.platform).await?;
    let read = stream::read_all(&stage.platform, events, PATIENCE).await?;
    ensure!(
        read.first().context("a message")?.header("ce-sequence")? == format!("{:020}", kept + 1)
    );
    for message in &read {
        ensure!(
            message.header("ce-incarnation")? == "2",
            "{:?}",
            message.headers
        );
    }
    let platform = Arc::into_inner(stage.platform).context("nobody else has the platform")?;
    platform.stop().await
}

#[tokio::test]
async fn projectors_that_join_and_leave() -> Result<()> {
    let stage = Stage::new().await?;
    for _ in 0..2 {
        let data_dir = DataDir::new()?;
        let arguments = ["--split", "--projectors", "2"];
        let other = Platform::start_on(&data_dir, &arguments, &stage.servers).await?;
        stage.more_events(100).await?;
        other.stop().await?;
        stage.more_events(50).await?;
    }
    stage.end().await
}

#[tokio::test]
async fn a_database_killed_under_load() -> Result<()> {
    let data_dir = DataDir::new()?;
    let arguments = ["--split", "--projectors", "2"];
    let platform = Arc::new(Platform::start(&data_dir, &arguments).await?);
    let clients = Clients::start(&platform, "t", &mut Dice::new(1));
    for _ in 0..2 {
        let before = truth::events_in_log(&platform).await?;
        let killed = platform.signal("postgres", Signal::SIGKILL)?;
        eventually(
            "the database, and more events in it",
            PATIENCE,
            async || {
                let now = truth::events_in_log(&platform).await.ok()?;
                let is_new = platform.pid("postgres").ok()? != killed;
                (is_new && now > before + 50).then_some(())
            },
        )
        .await;
    }
    let acknowledged = clients.stop().await?;
    acknowledged.compare_with_the_log(&platform).await?;
    truth::views_equal_the_log(&platform).await?;
    let platform = Arc::into_inner(platform).context("nobody else has the platform")?;
    platform.stop().await
}
