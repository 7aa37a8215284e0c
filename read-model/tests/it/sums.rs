//! Sums over several orders, and what each order added to them.

use read_model::contributions::OfOrder;
use read_model::order::Movements;
use read_model::revenue;
use read_model::{Keeper, View, create_generation};

use crate::views;

#[tokio::test]
async fn a_day_whose_movements_took_each_other_back_is_there_however_it_came_about() {
    let (_database, pool) = views(4).await;
    let mut connection = pool.acquire().await.unwrap();
    create_generation(&mut connection, View::Revenue, 2, 4, Keeper::Builder)
        .await
        .unwrap();
    let moved = |captured: i64| {
        vec![OfOrder {
            order_id: "a".to_owned(),
            partition: 0,
            contribution: revenue::Contribution {
                currency: "EUR".to_owned(),
                days: vec![revenue::Day {
                    day: "2026-11-20".parse().unwrap(),
                    movements: Movements {
                        captured,
                        ..Movements::default()
                    },
                }],
            },
        }]
    };
    for captured in [500, 0] {
        revenue::write(&mut connection, 1, &moved(captured))
            .await
            .unwrap();
    }
    revenue::write(&mut connection, 2, &moved(0)).await.unwrap();
    let of = async |generation: i32| -> Vec<String> {
        let statement = format!("select t::text from revenue_{generation} t");
        sqlx::query_scalar(&statement)
            .fetch_all(&pool)
            .await
            .unwrap()
    };
    assert_eq!(of(1).await.len(), 1);
    assert_eq!(of(1).await, of(2).await);
}

/// Whatever is in the table by now, and however little there was when the statement was planned.
#[tokio::test]
async fn what_an_order_added_before_is_looked_up_by_its_key() {
    let (_database, pool) = views(4).await;
    let mut connection = pool.acquire().await.unwrap();
    let added = |orders: std::ops::Range<usize>| -> Vec<OfOrder<revenue::Contribution>> {
        let order = |number| OfOrder {
            order_id: format!("order-{number}"),
            partition: 0,
            contribution: revenue::Contribution {
                currency: "EUR".to_owned(),
                days: Vec::new(),
            },
        };
        orders.map(order).collect()
    };
    for setting in [
        "set enable_seqscan = off",
        "set plan_cache_mode = force_generic_plan",
    ] {
        sqlx::query(setting)
            .execute(&mut *connection)
            .await
            .unwrap();
    }
    revenue::write(&mut connection, 1, &added(0..10))
        .await
        .unwrap();
    sqlx::query("analyze revenue_by_order_1")
        .execute(&mut *connection)
        .await
        .unwrap();
    for batch in 0..20 {
        let orders = added(batch * 100..batch * 100 + 100);
        revenue::write(&mut connection, 1, &orders).await.unwrap();
    }
    let mut transaction = sqlx::Connection::begin(&mut *connection).await.unwrap();
    let orders = added(0..50);
    revenue::write(&mut transaction, 1, &orders).await.unwrap();
    let read: i64 = sqlx::query_scalar(
        "select idx_tup_fetch from pg_stat_xact_user_tables where relname = 'revenue_by_order_1'",
    )
    .fetch_one(&mut *transaction)
    .await
    .unwrap();
    assert!(read < 500, "{read} rows were read for 50 orders");
}
