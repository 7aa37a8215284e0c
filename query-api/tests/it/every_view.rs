//! What the queries of every view have in common.

use read_model::View;
use reqwest::Method;

use crate::stage::{PARTITIONS, Stage, checkpoint};

/// A query of each view that is a sum or a list of something else than orders, and whether it is found when nothing is there.
const PATHS: [(&str, View, bool); 6] = [
    ("/v1/customers/c-1", View::Customers, false),
    ("/v1/products", View::Products, true),
    ("/v1/products/SKU-1", View::Products, false),
    (
        "/v1/reports/revenue?from=2026-11-20&to=2026-11-21",
        View::Revenue,
        true,
    ),
    ("/v1/fulfillment/queue", View::FulfillmentQueue, true),
    ("/v1/returns", View::Returns, true),
];

/// Brings one view to this position, in all its partitions.
async fn bring(stage: &Stage, view: View, position: i64) {
    let mut transaction = stage.pool.begin().await.unwrap();
    for partition in 0..PARTITIONS {
        checkpoint(&mut transaction, view, 1, partition, position).await;
    }
    transaction.commit().await.unwrap();
}

#[tokio::test]
async fn each_needs_a_token_that_may_read_orders() {
    let stage = Stage::new().await;
    let other = stage.token("orders:write audit:read ops").await;
    let other = format!("Bearer {other}");
    for (path, ..) in PATHS {
        let answer = stage.get_with(path, &[("authorization", "")]).await;
        answer.problem(401, "unauthenticated");
        let answer = stage.get_with(path, &[("authorization", &other)]).await;
        answer.problem(403, "forbidden");
    }
}

#[tokio::test]
async fn each_is_read_only_and_json() {
    let stage = Stage::new().await;
    for (path, ..) in PATHS {
        let answer = stage.ask(Method::POST, path, &[]).await;
        answer.problem(405, "method-not-allowed");
        let answer = stage.get_with(path, &[("accept", "text/csv")]).await;
        answer.problem(406, "not-acceptable");
    }
}

#[tokio::test]
async fn each_tells_its_own_views_position_and_waits_for_it() {
    let stage = Stage::new().await;
    for (number, (path, view, found)) in (1_i64..).zip(PATHS) {
        let (now, next) = (number * 10, number * 10 + 5);
        bring(&stage, view, now).await;
        let at_once = now.to_string();
        let headers = [("min-position", at_once.as_str()), ("prefer", "wait=0")];
        let answer = stage.get_with(path, &headers).await;
        assert_eq!(answer.status, if found { 200 } else { 404 }, "{path}");
        assert_eq!(answer.position(), now, "{path}");

        let later = next.to_string();
        let headers = [("min-position", later.as_str()), ("prefer", "wait=0")];
        let behind = stage.get_with(path, &headers).await;
        assert_eq!(
            behind.problem(503, "view-behind")["position"],
            now,
            "{path}"
        );

        let headers = [("min-position", later.as_str()), ("prefer", "wait=20")];
        let waiting = stage.get_with(path, &headers);
        let (answer, ()) = tokio::join!(waiting, bring(&stage, view, next));
        assert_eq!(answer.status, if found { 200 } else { 404 }, "{path}");
        assert_eq!(answer.position(), next, "{path}");
    }
}
