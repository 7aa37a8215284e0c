//! Ordinary days.

use std::time::{Duration, Instant};

use read_model::{View, position};
use test_kit::eventually;

use crate::setup::{PATIENCE, Setup, ids};

#[tokio::test]
async fn the_views_follow_the_log() {
    let mut setup = Setup::new().await;
    setup.traffic("before", 20, 3).await;
    let projector = setup.projector();
    setup.traffic("while", 200, 5).await;
    setup.views_equal_the_log().await;
    projector.is_ready().await;
    projector.stop().await;

    setup.traffic("after", 20, 3).await;
    setup.note(&ids("before", 20), "again").await;
    let projector = setup.projector();
    setup.views_equal_the_log().await;
    projector.stop().await;
}

#[tokio::test]
async fn a_long_log_is_caught_up_with_in_large_batches() {
    let mut setup = Setup::new().await;
    setup.traffic("o", 1_500, 3).await;
    let projector = setup.projector();
    setup.views_equal_the_log().await;
    projector.stop().await;
}

#[tokio::test]
async fn an_event_is_visible_long_before_the_idle_check_would_find_it() {
    let mut setup = Setup::new().await;
    let projector = setup.projector();
    let ids = ids("o", 21);
    setup.place(&ids).await;
    setup.caught_up().await;
    let mut latencies = Vec::new();
    for id in &ids {
        let began = Instant::now();
        setup.note(std::slice::from_ref(id), "quick").await;
        eventually("the order's second version", PATIENCE, async || {
            let version: i64 =
                sqlx::query_scalar("select version from orders_1 where order_id = $1")
                    .bind(id)
                    .fetch_one(&setup.views)
                    .await
                    .unwrap();
            (version == 2).then_some(())
        })
        .await;
        latencies.push(began.elapsed());
    }
    latencies.sort_unstable();
    assert!(latencies[10] < Duration::from_millis(250), "{latencies:?}");
    projector.stop().await;
}

#[tokio::test]
async fn a_views_position_is_the_logs_end_though_few_partitions_have_events() {
    let mut setup = Setup::new().await;
    let projector = setup.projector();
    setup.traffic("only", 2, 5).await;
    position_is_the_head(&setup).await;
    // From the idle check alone, too.
    setup.stop_relay().await;
    setup.traffic("other", 1, 2).await;
    position_is_the_head(&setup).await;
    projector.stop().await;
}

async fn position_is_the_head(setup: &Setup) {
    let head = setup.store.head(1).await.unwrap().position;
    for view in View::ALL {
        eventually(
            "the view's position at the log's end",
            PATIENCE,
            async || {
                let progress = position::progress(&setup.views, *view).await.unwrap()?;
                assert!(progress.view <= head);
                (progress.view == head).then_some(())
            },
        )
        .await;
    }
    setup.views_equal_the_log().await;
}

#[tokio::test]
async fn the_frontier_keeps_its_newest_thousand_rows() {
    let mut setup = Setup::new().await;
    let projector = setup.projector();
    setup.traffic("o", 200, 10).await;
    setup.caught_up().await;
    sqlx::query(
        "insert into frontier (position, last)
        select p, array_fill(0::bigint, array[16]) from generate_series(1, 2000) p
        on conflict do nothing",
    )
    .execute(&setup.views)
    .await
    .unwrap();
    let one = ids("o", 1);
    // Two hundred rows, each of a commit of its own.
    eventually("only the newest rows", 4 * PATIENCE, async || {
        setup.note(&one, "one more row").await;
        let rows: i64 = sqlx::query_scalar("select count(*) from frontier")
            .fetch_one(&setup.views)
            .await
            .unwrap();
        // Between two thinnings a few more.
        (rows <= 1_200).then_some(())
    })
    .await;
    projector.stop().await;
}
