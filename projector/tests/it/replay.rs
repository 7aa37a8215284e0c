//! Views built anew, compared with the log, and taken back, while they go on.

use std::time::Duration;

use read_model::operations::{self, Kind, Operation, Phase};
use read_model::{Keeper, View};
use sqlx::PgPool;
use test_kit::eventually;
use uuid::Uuid;

use crate::lives::{random_log, record};
use crate::setup::{PATIENCE, Setup, ids};

/// The tables of each view, before the generation.
const TABLES: [(View, &[&str]); 7] = [
    (View::Orders, &["orders", "order_terms"]),
    (View::OrderHistory, &["order_history"]),
    (View::Customers, &["customers", "customers_by_order"]),
    (View::Products, &["products", "products_by_order"]),
    (View::Revenue, &["revenue", "revenue_by_order"]),
    (View::FulfillmentQueue, &["fulfillment_queue"]),
    (View::Returns, &["returns"]),
];

pub(crate) async fn ask(views: &PgPool, view: View, kind: Kind, fix: bool) -> Uuid {
    let mut connection = views.acquire().await.unwrap();
    let asked = operations::request(&mut connection, view, kind, fix, "test").await;
    asked.unwrap().operation_id
}

pub(crate) async fn ended(views: &PgPool, operation: Uuid) -> Operation {
    eventually("an operation that has ended", PATIENCE, async || {
        let found = operations::find(views, operation).await.unwrap().unwrap();
        found.phase.is_final().then_some(found)
    })
    .await
}

/// Has it done, and makes sure that it was.
pub(crate) async fn done(views: &PgPool, view: View, kind: Kind) -> Operation {
    let ended = ended(views, ask(views, view, kind, false).await).await;
    assert_eq!(
        (ended.phase, &ended.error),
        (Phase::Done, &None),
        "{kind} of {view}"
    );
    ended
}

/// The rows of a table as PostgreSQL writes them, in an order of their own.
async fn rows(views: &PgPool, table: &str, generation: i32) -> Vec<String> {
    sqlx::query_scalar(&format!(
        "select t::text from {table}_{generation} t order by 1"
    ))
    .fetch_all(views)
    .await
    .unwrap()
}

pub(crate) async fn live(views: &PgPool, view: View) -> i32 {
    sqlx::query_scalar("select live_generation from projection where name = $1")
        .bind(view.as_str())
        .fetch_one(views)
        .await
        .unwrap()
}

/// The differences that a verification of every view finds, as (table, key).
pub(crate) async fn differences(views: &PgPool) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for view in View::ALL {
        let verified = done(views, *view, Kind::Verify).await;
        found.extend(told(views, &verified).await);
    }
    found
}

async fn told(views: &PgPool, operation: &Operation) -> Vec<(String, String)> {
    sqlx::query_as(
        "select relation, key::text from difference where operation_id = $1 order by number",
    )
    .bind(operation.operation_id)
    .fetch_all(views)
    .await
    .unwrap()
}

#[tokio::test]
async fn a_new_generation_is_row_for_row_what_the_live_one_is() {
    let setup = Setup::new().await;
    let projector = setup.projector();
    let events = random_log(150);
    let (early, late) = events.split_at(events.len() * 3 / 4);
    for batch in early.chunks(60) {
        record(&setup.log, batch).await;
    }
    setup.caught_up().await;
    for view in View::ALL {
        let rebuilt = done(&setup.views, *view, Kind::Rebuild).await;
        assert_eq!(rebuilt.generation, Some(2));
        assert_eq!(rebuilt.done, rebuilt.total);
        assert_eq!(live(&setup.views, *view).await, 2, "{view}");
    }
    // Both generations go on: going back loses nothing.
    for batch in late.chunks(60) {
        record(&setup.log, batch).await;
    }
    setup.caught_up().await;
    for (view, tables) in TABLES {
        done(&setup.views, view, Kind::Revert).await;
        assert_eq!(live(&setup.views, view).await, 1, "{view}");
        for table in tables {
            let (old, new) = (
                rows(&setup.views, table, 1).await,
                rows(&setup.views, table, 2).await,
            );
            assert!(!old.is_empty(), "{table}");
            assert_eq!(old, new, "{table}");
        }
    }
    assert_eq!(differences(&setup.views).await, []);
    projector.stop().await;
}

#[tokio::test]
async fn a_rebuild_that_is_killed_again_and_again_comes_to_its_end() {
    let mut setup = Setup::new().await;
    let mut projector = setup.projector();
    setup.traffic("a", 400, 9).await;
    setup.caught_up().await;
    for (view, _) in TABLES {
        let asked = ask(&setup.views, view, Kind::Rebuild, false).await;
        for pause in [3, 40, 90, 200] {
            // At any moment: nothing may depend on which.
            tokio::time::sleep(Duration::from_millis(pause)).await;
            projector.kill();
            setup.note(&ids("a", 50), "meanwhile").await;
            projector = setup.projector();
        }
        let ended = ended(&setup.views, asked).await;
        assert_eq!((ended.phase, &ended.error), (Phase::Done, &None), "{view}");
        assert_eq!(live(&setup.views, view).await, 2, "{view}");
    }
    setup.caught_up().await;
    assert_eq!(differences(&setup.views).await, []);
    projector.stop().await;
}

#[tokio::test]
async fn rows_that_are_damaged_are_found_named_and_healed() {
    let setup = Setup::new().await;
    let projector = setup.projector();
    for batch in random_log(120).chunks(60) {
        record(&setup.log, batch).await;
    }
    setup.caught_up().await;
    let damages = [
        (
            View::Orders,
            "orders",
            "update orders_1 set total = total + 1 where order_id = (select min(order_id) from orders_1)",
        ),
        (
            View::Orders,
            "order_terms",
            "delete from order_terms_1 where order_id = (select max(order_id) from order_terms_1)",
        ),
        (
            View::OrderHistory,
            "order_history",
            "update order_history_1 set actor = 'mallory' where position = 7",
        ),
        (
            View::Customers,
            "customers",
            "update customers_1 set ordered = ordered - 1 where (customer_id, currency, partition) = (select customer_id, currency, partition from customers_1 limit 1)",
        ),
        (
            View::Products,
            "products",
            "delete from products_1 where (sku, currency, partition) = (select sku, currency, partition from products_1 limit 1)",
        ),
        (
            View::Revenue,
            "revenue",
            "insert into revenue_1 select day + 1000, currency, partition, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0 from revenue_1 limit 1",
        ),
        (
            View::FulfillmentQueue,
            "fulfillment_queue",
            "insert into fulfillment_queue_1 values ('nobody', now(), '{}')",
        ),
        (
            View::Returns,
            "returns",
            "update returns_1 set status = 'lost' where (order_id, return_id) = (select order_id, return_id from returns_1 limit 1)",
        ),
    ];
    for (view, table, damage) in damages {
        let before = rows(&setup.views, table, 1).await;
        let changed = sqlx::query(damage).execute(&setup.views).await.unwrap();
        assert_eq!(changed.rows_affected(), 1, "{damage}");

        let found = told(&setup.views, &done(&setup.views, view, Kind::Verify).await).await;
        assert_eq!(found.len(), 1, "{table}: {found:?}");
        assert_eq!(found[0].0, table);
        assert_ne!(
            rows(&setup.views, table, 1).await,
            before,
            "nothing is replaced unasked"
        );

        let fixing = ask(&setup.views, view, Kind::Verify, true).await;
        assert_eq!(ended(&setup.views, fixing).await.phase, Phase::Done);
        assert_eq!(rows(&setup.views, table, 1).await, before, "{table}");
        let fixed: bool =
            sqlx::query_scalar("select bool_and(fixed) from difference where operation_id = $1")
                .bind(fixing)
                .fetch_one(&setup.views)
                .await
                .unwrap();
        assert!(fixed);
    }
    assert_eq!(differences(&setup.views).await, []);
    projector.stop().await;
}

#[tokio::test]
async fn a_rebuild_that_fails_leaves_the_live_generation_alone() {
    let mut setup = Setup::new().await;
    let projector = setup.projector();
    setup.traffic("a", 20, 2).await;
    setup.caught_up().await;
    // Somebody's table is in the way.
    sqlx::raw_sql("create table order_terms_2 (mine text)")
        .execute(&setup.views)
        .await
        .unwrap();
    let asked = ask(&setup.views, View::Orders, Kind::Rebuild, false).await;
    let failed = ended(&setup.views, asked).await;
    assert_eq!(failed.phase, Phase::Failed);
    assert!(failed.error.unwrap().contains("already exists"));
    assert_eq!(live(&setup.views, View::Orders).await, 1);

    sqlx::raw_sql("drop table order_terms_2")
        .execute(&setup.views)
        .await
        .unwrap();
    done(&setup.views, View::Orders, Kind::Rebuild).await;
    assert_eq!(differences(&setup.views).await, []);
    projector.stop().await;
}

#[tokio::test]
async fn one_rebuild_of_a_view_is_under_way_at_a_time() {
    let mut setup = Setup::new().await;
    setup.traffic("a", 5, 1).await;
    read_model::migrate(&setup.views).await.unwrap();
    let projector = setup.projector();
    setup.caught_up().await;
    projector.stop().await;
    let view = View::Returns;
    let (one, other) = tokio::join!(
        ask(&setup.views, view, Kind::Rebuild, false),
        ask(&setup.views, view, Kind::Rebuild, false)
    );
    assert_eq!(one, other);
    let projectors = [setup.projector(), setup.projector()];
    assert_eq!(ended(&setup.views, one).await.phase, Phase::Done);
    assert_eq!(live(&setup.views, view).await, 2);
    for projector in projectors {
        projector.stop().await;
    }
}

#[tokio::test]
async fn what_was_live_is_dropped_after_a_while_and_then_nobody_goes_back() {
    let mut setup = Setup::new().await;
    let projector = setup.projector_that_keeps(1);
    setup.traffic("a", 20, 2).await;
    setup.caught_up().await;
    done(&setup.views, View::Orders, Kind::Rebuild).await;
    eventually("the old generation's end", PATIENCE, async || {
        let statement =
            "select to_regclass('orders_1') is null and to_regclass('order_terms_1') is null";
        let gone: bool = sqlx::query_scalar(statement)
            .fetch_one(&setup.views)
            .await
            .unwrap();
        gone.then_some(())
    })
    .await;
    let asked = ask(&setup.views, View::Orders, Kind::Revert, false).await;
    let refused = ended(&setup.views, asked).await;
    assert_eq!(refused.phase, Phase::Failed);
    assert_eq!(
        refused.error.as_deref(),
        Some("there is no generation to go back to")
    );
    setup.note(&ids("a", 20), "after").await;
    setup.caught_up().await;
    assert_eq!(differences(&setup.views).await, []);
    // Its number is not used again.
    let next = done(&setup.views, View::Orders, Kind::Rebuild).await;
    assert_eq!(next.generation, Some(3));
    projector.stop().await;
}

#[tokio::test]
async fn a_view_of_an_older_shape_serves_until_the_new_one_is_built() {
    let mut setup = Setup::new().await;
    let projector = setup.projector();
    setup.traffic("a", 20, 2).await;
    setup.caught_up().await;
    projector.stop().await;
    // As an older program would have left it.
    sqlx::raw_sql(
        "alter table generation drop constraint generation_shape_version_check;
        update generation set shape_version = 0 where projection = 'customers'",
    )
    .execute(&setup.views)
    .await
    .unwrap();
    let projector = setup.projector();
    eventually("the new shape", PATIENCE, async || {
        (live(&setup.views, View::Customers).await == 2).then_some(())
    })
    .await;
    setup.note(&ids("a", 20), "after").await;
    setup.caught_up().await;
    assert_eq!(differences(&setup.views).await, []);
    projector.stop().await;
}

#[tokio::test]
async fn a_generation_of_events_that_the_log_has_lost_is_not_taken_on() {
    let mut setup = Setup::new().await;
    let projector = setup.projector();
    setup.traffic("a", 60, 1).await;
    setup.caught_up().await;
    // As a builder leaves it when the log takes another turn between its last look and the owners' first.
    let mut transaction = setup.views.begin().await.unwrap();
    read_model::create_generation(&mut transaction, View::Returns, 2, 16, Keeper::Owners)
        .await
        .unwrap();
    sqlx::query(
        "update checkpoint new
        set position = old.position,
            event_id = gen_random_uuid()
        from checkpoint old
        where new.projection = 'returns'
        and new.generation = 2
        and old.projection = 'returns'
        and old.generation = 1
        and old.partition = new.partition
        and old.position > 0",
    )
    .execute(&mut *transaction)
    .await
    .unwrap();
    // Nobody drops it meanwhile.
    sqlx::query("update generation set retired_at = now() where generation = 2")
        .execute(&mut *transaction)
        .await
        .unwrap();
    transaction.commit().await.unwrap();
    eventually("the refused generation", PATIENCE, async || {
        let statement = "select fault is not null from generation where projection = 'returns' and generation = 2";
        let refused: bool = sqlx::query_scalar(statement)
            .fetch_one(&setup.views)
            .await
            .unwrap();
        refused.then_some(())
    })
    .await;
    setup.note(&ids("a", 60), "after").await;
    eventually(
        "the live generation at the log's end",
        PATIENCE,
        async || {
            let progress = read_model::position::progress(&setup.views, View::Returns);
            let head = setup.head().await;
            (progress.await.unwrap()?.view == head).then_some(())
        },
    )
    .await;
    assert_eq!(differences(&setup.views).await, []);
    projector.stop().await;
}
