//! Paging through many orders while more are added.

use std::collections::HashSet;

use crate::stage::{Stage, deep};

const DOCUMENT: &str = r#"{"order_id": "o-1"}"#;

/// Adds orders whose places in every list are all over it.
async fn add(stage: &Stage, round: i64, orders: i64) {
    sqlx::query(
        "insert into orders_1 (
            order_id, order_number, status, payment_status, fulfillment_status, return_status, on_hold,
            customer_id, currency, total, placed_at, created_at, updated_at, version, position, document
        )
        select
            'new-' || $1 || '-' || n, null, 'placed', 'unpaid', 'unfulfilled', 'none', false,
            'c-1', 'EUR', ($1 * 31 + n * 7919) % 1000003, at, at, at, 1, 1000000 + n,
            json_build_object('order_id', 'new-' || $1 || '-' || n)
        from generate_series(1, $2) as n
        cross join lateral (
            select timestamptz '2026-01-01 00:00:00Z' + (($1 * 37 + n * 104729) % 900000) * interval '1 second' as at
        ) chosen",
    )
    .bind(round)
    .bind(orders)
    .execute(&stage.pool)
    .await
    .unwrap();
}

#[tokio::test]
async fn pages_neither_skip_nor_repeat_while_orders_are_added() {
    let orders: i64 = if deep() { 10_000 } else { 1_000 };
    for sort in [
        "placed_at",
        "-placed_at",
        "updated_at",
        "-updated_at",
        "total",
        "-total",
    ] {
        let stage = Stage::new().await;
        sqlx::query(include_str!("../fill/orders.sql"))
            .bind(orders)
            .bind(DOCUMENT)
            .execute(&stage.pool)
            .await
            .unwrap();
        // Many share their place, so that pages end between them.
        sqlx::query(
            "update orders_1 set
                total = total / 50000,
                placed_at = date_trunc('hour', placed_at),
                created_at = date_trunc('hour', created_at),
                updated_at = date_trunc('day', updated_at)",
        )
        .execute(&stage.pool)
        .await
        .unwrap();
        let mut seen = Vec::new();
        let mut added = 0;
        let mut path = format!("/v1/orders?sort={sort}&limit=100");
        loop {
            let page = stage.get(&path).await;
            seen.extend(page.ids());
            if added < orders / 10 {
                added += 10;
                add(&stage, added, 10).await;
            }
            let Some(cursor) = page.next_cursor() else {
                break;
            };
            path = format!("/v1/orders?sort={sort}&limit=100&cursor={cursor}");
        }
        let distinct: HashSet<&String> = seen.iter().collect();
        assert_eq!(distinct.len(), seen.len(), "{sort}: shown twice");
        let before = seen.iter().filter(|id| id.starts_with("fill-")).count();
        assert_eq!(i64::try_from(before).unwrap(), orders, "{sort}: skipped");
        assert!(added >= orders / 10, "{sort}: not enough pages");
    }
}
