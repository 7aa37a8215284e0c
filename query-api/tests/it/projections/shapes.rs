//! A view that a newer program has built is not shown by this one.

use read_model::View;
use sqlx::PgConnection;

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

/// Switches to a new generation, as a program does whose shape is newer by so much.
async fn switch(stage: &Stage, view: View, generation: i32, newer_by: i32) {
    let mut transaction = stage.pool.begin().await.unwrap();
    let (partitions, keeper) = (crate::stage::PARTITIONS, read_model::Keeper::Owners);
    read_model::create_generation(&mut transaction, view, generation, partitions, keeper)
        .await
        .unwrap();
    sqlx::query("update generation set shape_version = shape_version + $3 where projection = $1 and generation = $2")
        .bind(view.as_str())
        .bind(generation)
        .bind(newer_by)
        .execute(&mut *transaction)
        .await
        .unwrap();
    live(&mut transaction, view, generation).await;
    transaction.commit().await.unwrap();
}

async fn live(connection: &mut PgConnection, view: View, generation: i32) {
    sqlx::query("update projection set live_generation = $2 where name = $1")
        .bind(view.as_str())
        .bind(generation)
        .execute(connection)
        .await
        .unwrap();
}

/// Goes back to the generation that there was at first.
async fn revert(stage: &Stage, view: View) {
    let mut connection = stage.pool.acquire().await.unwrap();
    live(&mut connection, view, 1).await;
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
        switch(&stage, *view, 2, 1).await;
        for (of, path) in PATHS {
            if of == *view {
                refuses(&stage, of, path).await;
            }
        }
        revert(&stage, *view).await;
    }
    for view in [View::FulfillmentQueue, View::OrderHistory] {
        switch(&stage, view, 3, 1).await;
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
    switch(&stage, View::Products, 2, 1).await;
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
    revert(&stage, View::Products).await;
    assert_eq!(stage.get("/health/ready").await.status, 200);
    assert_eq!(stage.get("/v1/products").await.status, 200);
}

/// Of the generations that this service has seen, none may be left.
#[tokio::test]
async fn a_switch_that_leaves_nothing_behind_is_told_and_no_failure() {
    let stage = Stage::new().await;
    stage.apply(&Order::placed("o-1", 1)).await;
    let page = stage.get("/v1/orders?limit=1").await;
    assert_eq!(page.status, 200);
    switch(&stage, View::Orders, 2, 1).await;
    let mut connection = stage.pool.acquire().await.unwrap();
    read_model::drop_generation(&mut connection, View::Orders, 1)
        .await
        .unwrap();
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
    switch(&stage, View::Orders, 2, 0).await;
    assert_eq!(stage.get(&path).await.ids(), ["o-1"]);
    switch(&stage, View::Orders, 3, 1).await;
    refuses(&stage, View::Orders, &path).await;
}
