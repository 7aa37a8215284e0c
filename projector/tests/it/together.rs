//! Partitions that write in one transaction.

use sqlx::PgPool;
use test_kit::eventually;

use crate::setup::{PATIENCE, Setup, ids};

/// Orders enough that every partition has some.
const ORDERS: usize = 100;

#[tokio::test]
async fn partitions_that_wait_are_written_by_one_transaction() {
    let mut setup = Setup::new().await;
    let projector = setup.projector();
    setup.place(&ids("o", ORDERS)).await;
    setup.caught_up().await;

    // Whoever writes now waits for this, and all others for them.
    let mut somebody = setup.views.begin().await.unwrap();
    sqlx::query("lock table order_history_1 in share mode")
        .execute(&mut *somebody)
        .await
        .unwrap();
    setup.note(&ids("o", 1), "the first").await;
    eventually("a writer that waits", PATIENCE, async || {
        (waiting_writers(&setup.views).await == 1).then_some(())
    })
    .await;
    setup.note(&ids("o", ORDERS), "all of them").await;
    setup.relayed().await;
    all_was_delivered(&setup).await;
    assert_eq!(waiting_writers(&setup.views).await, 1, "one at a time");
    somebody.rollback().await.unwrap();
    setup.caught_up().await;

    let transactions: i64 = sqlx::query_scalar(
        "select count(distinct xmin::text) from checkpoint where projection = 'orders'",
    )
    .fetch_one(&setup.views)
    .await
    .unwrap();
    assert!(transactions <= 4, "{transactions} for 16 partitions");
    setup.views_equal_the_log().await;
    projector.stop().await;
}

/// Sessions that wait for a lock.
async fn waiting_writers(views: &PgPool) -> i64 {
    let statement = "select count(*) from pg_stat_activity
        where datname = current_database()
        and application_name = 'projector'
        and wait_event_type = 'Lock'";
    sqlx::query_scalar(statement)
        .fetch_one(views)
        .await
        .unwrap()
}

/// Waits until each partition's consumer was sent all that the stream has for it.
async fn all_was_delivered(setup: &Setup) {
    use futures::TryStreamExt as _;

    let jetstream = async_nats::jetstream::new(setup.client.clone());
    let stream = jetstream.get_stream(&setup.stream.name).await.unwrap();
    eventually("nothing left to deliver", PATIENCE, async || {
        let consumers: Vec<_> = stream.consumers().try_collect().await.ok()?;
        let pending: u64 = consumers.iter().map(|consumer| consumer.num_pending).sum();
        (consumers.len() == 16 && pending == 0).then_some(())
    })
    .await;
}
