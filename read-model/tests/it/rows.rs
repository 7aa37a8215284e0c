//! Tables by generation, and what is written into them.

use read_model::history::{self, HistoryRow};
use read_model::orders::{self, OrderRow};
use read_model::{OrderStatus, Timestamp, View, create_generation, drop_generation};
use sqlx::{PgPool, Row as _};
use uuid::Uuid;

use crate::views;

fn row(id: &str, version: i64) -> OrderRow {
    let at = Timestamp::parse("2026-11-20T10:00:00.123456Z").unwrap();
    OrderRow {
        order_id: id.to_owned(),
        order_number: None,
        status: OrderStatus::Draft,
        customer_id: "c-1".to_owned(),
        placed_at: None,
        created_at: at,
        updated_at: at,
        version,
        position: version,
        document: format!("{{ \"version\":{version} }}"),
    }
}

async fn documents(pool: &PgPool, table: &str) -> Vec<String> {
    let statement = format!("select document::text from {table} order by order_id");
    sqlx::query_scalar(&statement)
        .fetch_all(pool)
        .await
        .unwrap()
}

#[tokio::test]
async fn a_written_order_replaces_the_one_before() {
    let (_database, pool) = views(4).await;
    let mut connection = pool.acquire().await.unwrap();
    let first = [row("a", 1), row("b", 1)];
    orders::write(&mut connection, 1, &first).await.unwrap();
    let placed_at = Timestamp::parse("2026-11-21T10:00:00Z").unwrap();
    let second = OrderRow {
        order_number: Some("2026-000002".to_owned()),
        status: OrderStatus::Placed,
        placed_at: Some(placed_at),
        ..row("b", 2)
    };
    orders::write(&mut connection, 1, &[second, row("c", 1)])
        .await
        .unwrap();
    assert_eq!(
        documents(&pool, "orders_1").await,
        [
            "{ \"version\":1 }",
            "{ \"version\":2 }",
            "{ \"version\":1 }"
        ]
    );
    let statement = "select order_id, sorted_at = coalesce(placed_at, created_at), status, version
        from orders_1 where order_number = '2026-000002'";
    let found = sqlx::query(statement).fetch_one(&pool).await.unwrap();
    assert_eq!(found.get::<String, _>(0), "b");
    assert!(found.get::<bool, _>(1));
    assert_eq!(found.get::<String, _>(2), "placed");
    assert_eq!(found.get::<i64, _>(3), 2);
    orders::write(&mut connection, 1, &[]).await.unwrap();
}

#[tokio::test]
async fn an_entry_is_added_once() {
    let (_database, pool) = views(4).await;
    let mut connection = pool.acquire().await.unwrap();
    let entry = HistoryRow {
        position: 7,
        event_id: Uuid::new_v4(),
        order_id: "a".to_owned(),
        sequence: 1,
        entry: "{ \"sequence\":1 }".to_owned(),
    };
    let rows = std::slice::from_ref(&entry);
    history::write(&mut connection, 1, rows).await.unwrap();
    assert!(history::write(&mut connection, 1, rows).await.is_err());
    let stored: String = sqlx::query_scalar("select entry::text from order_history_1")
        .fetch_one(&pool)
        .await
        .unwrap();
    assert_eq!(stored, entry.entry);
}

#[tokio::test]
async fn generations_stand_side_by_side_and_go_alone() {
    let (_database, pool) = views(4).await;
    let mut transaction = pool.begin().await.unwrap();
    create_generation(&mut transaction, View::Orders, 2, 8)
        .await
        .unwrap();
    orders::write(&mut transaction, 2, &[row("new", 1)])
        .await
        .unwrap();
    transaction.commit().await.unwrap();
    assert!(documents(&pool, "orders_1").await.is_empty());
    assert_eq!(documents(&pool, "orders_2").await.len(), 1);

    for _ in 0..2 {
        let mut transaction = pool.begin().await.unwrap();
        drop_generation(&mut transaction, View::Orders, 1)
            .await
            .unwrap();
        transaction.commit().await.unwrap();
    }
    let left: Vec<(String, i32, i64)> = sqlx::query_as(
        "select projection, generation, count(*)
        from checkpoint
        where projection in ('orders', 'order-history')
        group by 1, 2
        order by 1, 2",
    )
    .fetch_all(&pool)
    .await
    .unwrap();
    let expected = [("order-history", 1, 4), ("orders", 2, 8)];
    let expected = expected.map(|(name, generation, count)| (name.to_owned(), generation, count));
    assert_eq!(left, expected);
}

#[tokio::test]
async fn migrating_twice_and_at_once_changes_nothing() {
    let database = test_kit::database().await;
    let pool = database.pool(4).await;
    let (first, second) = tokio::join!(read_model::migrate(&pool), read_model::migrate(&pool));
    first.unwrap();
    second.unwrap();
    read_model::migrate(&pool).await.unwrap();
}
