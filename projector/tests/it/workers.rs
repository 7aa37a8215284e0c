//! Several workers: sharing, doubled, killed.

use std::collections::HashMap;

use sqlx::Row as _;
use test_kit::eventually;
use uuid::Uuid;

use crate::setup::{PATIENCE, Setup, ids};

impl Setup {
    /// Waits until the live partition leases are spread like this, in any order.
    async fn spread_is(&self, expected: &[usize]) {
        eventually(&format!("partitions spread as {expected:?}"), PATIENCE, async || {
            let rows = sqlx::query("select owner from lease where name like 'partition:%' and expires_at > clock_timestamp()")
                .fetch_all(&self.views)
                .await
                .unwrap();
            let mut owned: HashMap<Uuid, usize> = HashMap::new();
            for row in rows {
                *owned.entry(row.get(0)).or_default() += 1;
            }
            let mut counts: Vec<usize> = owned.into_values().collect();
            counts.sort_unstable();
            (counts == expected).then_some(())
        })
        .await;
    }
}

#[tokio::test]
async fn partitions_spread_when_workers_join_and_leave() {
    let mut setup = Setup::new().await;
    let first = setup.projector();
    setup.spread_is(&[16]).await;
    let second = setup.projector();
    setup.spread_is(&[8, 8]).await;
    setup.traffic("o", 50, 3).await;
    let third = setup.projector();
    setup.spread_is(&[4, 6, 6]).await;
    setup.traffic("p", 50, 3).await;
    setup.views_equal_the_log().await;
    second.stop().await;
    setup.spread_is(&[8, 8]).await;
    third.kill();
    setup.spread_is(&[16]).await;
    setup.traffic("q", 50, 3).await;
    setup.views_equal_the_log().await;
    first.stop().await;
    setup.spread_is(&[]).await;
}

#[tokio::test]
async fn two_workers_on_the_same_partitions_do_no_harm() {
    let mut setup = Setup::new().await;
    let (first, second) = (setup.projector(), setup.projector());
    for round in 0..20 {
        // Leases that nobody can rely on: each believes now and then that all is its own.
        sqlx::query("delete from lease")
            .execute(&setup.views)
            .await
            .unwrap();
        setup.traffic(&format!("r{round}"), 50, 4).await;
    }
    setup.views_equal_the_log().await;
    first.stop().await;
    second.stop().await;
}

#[tokio::test]
async fn a_worker_killed_in_the_middle_of_a_batch_leaves_nothing_half_done() {
    let mut setup = Setup::new().await;
    let first = setup.projector();
    setup.traffic("o", 100, 2).await;
    setup.views_equal_the_log().await;

    // The checkpoint is moved, the rows cannot be written: that is the middle.
    let mut lock = setup.views.begin().await.unwrap();
    sqlx::query("lock table order_history_1 in share mode")
        .execute(&mut *lock)
        .await
        .unwrap();
    setup.note(&ids("o", 100), "half").await;
    eventually("a worker that waits for the lock", PATIENCE, async || {
        let waiting: i64 = sqlx::query_scalar(
            "select count(*) from pg_locks where not granted and relation = 'order_history_1'::regclass",
        )
        .fetch_one(&setup.views)
        .await
        .unwrap();
        (waiting > 0).then_some(())
    })
    .await;
    first.kill();
    let second = setup.projector();
    lock.rollback().await.unwrap();
    setup.views_equal_the_log().await;
    second.stop().await;
}

#[tokio::test]
async fn workers_killed_at_random_under_load_lose_and_repeat_nothing() {
    let mut setup = Setup::new().await;
    let mut workers = vec![setup.projector(), setup.projector()];
    for round in 0..6 {
        setup.traffic(&format!("r{round}"), 100, 4).await;
        workers.remove(0).kill();
        workers.push(setup.projector());
    }
    setup.views_equal_the_log().await;
    for worker in workers {
        worker.stop().await;
    }
}
