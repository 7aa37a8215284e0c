//! Up to where a view is complete.

use read_model::position::{self, Progress};
use read_model::{View, partition_of};
use sqlx::PgPool;
use uuid::Uuid;

use crate::views;

const COUNT: u16 = 4;

async fn checkpoints(pool: &PgPool, positions: [i64; COUNT as usize]) {
    for (partition, position) in (0_i16..).zip(positions) {
        let event_id = (position > 0).then(Uuid::new_v4);
        sqlx::query(
            "update checkpoint set position = $2, event_id = $3
            where projection = 'orders' and partition = $1",
        )
        .bind(partition)
        .bind(position)
        .bind(event_id)
        .execute(pool)
        .await
        .unwrap();
    }
}

async fn frontier(pool: &PgPool, position: i64, last: &[i64]) {
    sqlx::query("insert into frontier (position, last) values ($1, $2)")
        .bind(position)
        .bind(last)
        .execute(pool)
        .await
        .unwrap();
}

async fn progress(pool: &PgPool) -> Progress {
    position::progress(pool, View::Orders)
        .await
        .unwrap()
        .unwrap()
}

fn of(view: i64, partitions: [i64; COUNT as usize]) -> Progress {
    Progress {
        generation: 1,
        view,
        partitions: partitions.to_vec(),
    }
}

#[tokio::test]
async fn without_a_frontier_the_smallest_checkpoint_counts() {
    let (_database, pool) = views(COUNT).await;
    assert_eq!(progress(&pool).await, of(0, [0; 4]));
    checkpoints(&pool, [5, 8, 3, 7]).await;
    assert_eq!(progress(&pool).await, of(3, [5, 8, 3, 7]));
}

#[tokio::test]
async fn the_highest_frontier_that_is_reached_counts() {
    let (_database, pool) = views(COUNT).await;
    frontier(&pool, 10, &[5, 10, 3, 0]).await;
    frontier(&pool, 12, &[12, 10, 3, 0]).await;
    frontier(&pool, 15, &[12, 15, 3, 0]).await;
    checkpoints(&pool, [5, 10, 3, 0]).await;
    // Partition 1 has to come to 15 yet, partition 0 to 12; the others miss nothing up to 15.
    assert_eq!(progress(&pool).await, of(10, [10, 12, 15, 15]));
    checkpoints(&pool, [12, 10, 3, 0]).await;
    assert_eq!(progress(&pool).await, of(12, [15, 12, 15, 15]));
    checkpoints(&pool, [12, 15, 3, 0]).await;
    assert_eq!(progress(&pool).await, of(15, [15; 4]));
    // Checkpoints beyond every frontier count themselves.
    checkpoints(&pool, [21, 20, 22, 23]).await;
    assert_eq!(progress(&pool).await, of(20, [21, 20, 22, 23]));
}

#[tokio::test]
async fn a_frontier_of_another_number_of_partitions_says_nothing() {
    let (_database, pool) = views(COUNT).await;
    checkpoints(&pool, [1, 2, 3, 4]).await;
    frontier(&pool, 50, &[0, 0]).await;
    frontier(&pool, 51, &[0; 8]).await;
    assert_eq!(progress(&pool).await, of(1, [1, 2, 3, 4]));
}

#[tokio::test]
async fn what_is_to_be_compared_with_another_history_counts_for_nothing() {
    let (_database, pool) = views(COUNT).await;
    frontier(&pool, 10, &[5, 10, 3, 0]).await;
    checkpoints(&pool, [5, 10, 3, 0]).await;
    sqlx::query("insert into followed select p, gen_random_uuid(), 2 from generate_series(0, 3) p")
        .execute(&pool)
        .await
        .unwrap();
    assert_eq!(progress(&pool).await, of(10, [10; 4]));
    sqlx::query("update followed set incarnation = 0 where partition = 2")
        .execute(&pool)
        .await
        .unwrap();
    assert_eq!(progress(&pool).await, of(0, [10, 10, 0, 10]));
    for order_id in ["a", "b", "c", "d", "e", "f", "g"] {
        let statement = position::of_partition("$1", "$2", "$3", "$4");
        let of_order: Option<i64> = sqlx::query_scalar(&format!("select {statement}"))
            .bind("orders")
            .bind(1)
            .bind(i32::from(partition_of(order_id, COUNT)))
            .bind(i32::from(COUNT))
            .fetch_one(&pool)
            .await
            .unwrap();
        let wanted = if partition_of(order_id, COUNT) == 2 {
            0
        } else {
            10
        };
        assert_eq!(of_order, Some(wanted), "{order_id}");
    }
}

#[tokio::test]
async fn a_view_that_is_not_there_has_no_progress() {
    let (_database, pool) = views(COUNT).await;
    sqlx::query("delete from checkpoint")
        .execute(&pool)
        .await
        .unwrap();
    let progress = position::progress(&pool, View::Orders).await.unwrap();
    assert_eq!(progress, None);
}

/// Programs and SQL must send an order to the same partition.
#[tokio::test]
async fn a_partition_is_the_same_in_sql() {
    let (_database, pool) = views(COUNT).await;
    checkpoints(&pool, [11, 12, 13, 14]).await;
    let progress = progress(&pool).await;
    for number in 0..200 {
        let id = format!("order-{number}");
        let statement = format!(
            "select {partition}, {position} from (select $1::text as order_id) o",
            partition = position::partition_of_order_id("4"),
            position =
                position::of_partition("'orders'", "1", &position::partition_of_order_id("4"), "4"),
        );
        let (in_sql, position): (i32, i64) = sqlx::query_as(&statement)
            .bind(&id)
            .fetch_one(&pool)
            .await
            .unwrap();
        assert_eq!(in_sql, i32::from(partition_of(&id, COUNT)));
        assert_eq!(position, progress.of_order(&id));
        assert_eq!(position, i64::from(11 + partition_of(&id, COUNT)));
    }
}
