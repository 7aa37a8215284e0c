//! A view that a newer program has built is not shown by this one.

use read_model::View;

use crate::stage::{Order, Stage};

/// A query of each view; the history's have several.
const PATHS: [(View, &str); 12] = [
    (View::Orders, "/v1/orders"),
    (View::Orders, "/v1/orders/o-1"),
    (View::Orders, "/v1/orders/by-number/2026-000001"),
    (View::Orders, "/v1/customers/c-1/orders"),
    (View::OrderHistory, "/v1/orders/o-1?version=1"),
    (View::OrderHistory, "/v1/orders/o-1/timeline"),
    (View::OrderHistory, "/v1/audit/events"),
    (View::Customers, "/v1/customers/c-1"),
    (View::Products, "/v1/products"),
    (View::Products, "/v1/products/SKU-1"),
    (
        View::Revenue,
        "/v1/reports/revenue?from=2026-11-20&to=2026-11-21",
    ),
    (View::Returns, "/v1/returns"),
];

async fn shape(stage: &Stage, view: View, generation: i32, shape: i32) {
    let done = sqlx::query(
        "update generation set shape_version = $3 where projection = $1 and generation = $2",
    )
    .bind(view.as_str())
    .bind(generation)
    .bind(shape)
    .execute(&stage.pool)
    .await
    .unwrap();
    assert_eq!(done.rows_affected(), 1);
}

async fn refuses(stage: &Stage, view: View, path: &str) {
    for accept in ["", "*/*"] {
        let answer = stage.get_with(path, &[("accept", accept)]).await;
        let body = answer.problem(503, "unavailable");
        let known = view.shape_version();
        let newer = known + 1;
        let expected =
            format!("the view {view} has shape {newer}, and this program knows shape {known}");
        let detail = body["detail"].as_str().unwrap_or_default();
        assert!(detail.starts_with(&expected), "{path}: {body}");
    }
}

#[tokio::test]
async fn nothing_of_a_newer_shape_is_served_and_all_else_is() {
    let stage = Stage::new().await;
    stage.apply(&Order::placed("o-1", 1)).await;
    // What this service has seen before, it must not go on serving.
    for (_, path) in PATHS {
        let seen = stage.get(path).await.status;
        assert!([200, 404, 503].contains(&seen.as_u16()), "{path} {seen}");
    }
    for view in View::ALL {
        let known = view.shape_version();
        shape(&stage, *view, 1, known + 1).await;
        for (of, path) in PATHS {
            if of == *view {
                refuses(&stage, of, path).await;
            }
        }
        shape(&stage, *view, 1, known).await;
    }
    for view in [View::FulfillmentQueue, View::OrderHistory] {
        shape(&stage, view, 1, view.shape_version() + 1).await;
    }
    refuses(&stage, View::FulfillmentQueue, "/v1/fulfillment/queue").await;
    for path in ["/v1/stream", "/v1/orders/o-1/stream"] {
        let answer = stage
            .get_with(path, &[("accept", "text/event-stream")])
            .await;
        answer.problem(503, "unavailable");
    }
    assert_eq!(stage.get("/v1/orders/o-1").await.status, 200);
    assert_eq!(stage.get("/v1/returns").await.status, 200);
}

#[tokio::test]
async fn health_and_the_projections_tell_of_it() {
    let stage = Stage::new().await;
    let newer = View::Products.shape_version() + 1;
    shape(&stage, View::Products, 1, newer).await;
    let ready = stage.get("/health/ready").await;
    assert_eq!(ready.status, 503);
    assert!(
        ready.text.contains("the view products has shape"),
        "{}",
        ready.text
    );
    let products = super::projection(&stage, "products").await;
    assert_eq!(products["shape_version"], newer);
    // A service that never saw the older one refuses it, too.
    refuses(&stage, View::Products, "/v1/products").await;
    shape(&stage, View::Products, 1, newer - 1).await;
    assert_eq!(stage.get("/health/ready").await.status, 200);
    assert_eq!(stage.get("/v1/products").await.status, 200);
}

/// A newer program's tables may not even have the columns that this one asks for.
#[tokio::test]
async fn a_switch_to_other_columns_is_told_and_no_failure() {
    let stage = Stage::new().await;
    stage.apply(&Order::placed("o-1", 1)).await;
    let page = stage.get("/v1/orders?limit=1").await;
    assert_eq!(page.status, 200);
    let mut transaction = stage.pool.begin().await.unwrap();
    for statement in [
        "alter table orders_1 rename column document to paper",
        "update generation set shape_version = shape_version + 1 where projection = 'orders'",
    ] {
        sqlx::query(statement)
            .execute(&mut *transaction)
            .await
            .unwrap();
    }
    transaction.commit().await.unwrap();
    refuses(&stage, View::Orders, "/v1/orders/o-1").await;
    refuses(&stage, View::Orders, "/v1/orders").await;
}

/// A cursor of an older generation is no way around it.
#[tokio::test]
async fn a_cursor_does_not_lead_past_it() {
    let stage = Stage::new().await;
    for position in 1..=2 {
        let order = Order::placed(&format!("o-{position}"), position);
        stage.apply(&order).await;
    }
    let page = stage.get("/v1/orders?limit=1").await;
    let path = format!("/v1/orders?cursor={}", page.next_cursor().unwrap());
    let mut transaction = stage.pool.begin().await.unwrap();
    let keeper = read_model::Keeper::Owners;
    read_model::create_generation(
        &mut transaction,
        View::Orders,
        2,
        crate::stage::PARTITIONS,
        keeper,
    )
    .await
    .unwrap();
    sqlx::query("update projection set live_generation = 2 where name = 'orders'")
        .execute(&mut *transaction)
        .await
        .unwrap();
    transaction.commit().await.unwrap();
    assert_eq!(stage.get(&path).await.ids(), ["o-1"]);
    shape(&stage, View::Orders, 2, View::Orders.shape_version() + 1).await;
    refuses(&stage, View::Orders, &path).await;
}
