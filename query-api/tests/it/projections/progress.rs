//! How far an operation is, from rows that are written as a projector would.

use serde_json::{Value, json};
use sqlx::types::Json;
use uuid::Uuid;

use super::{post, set};
use crate::stage::Stage;

#[tokio::test]
async fn a_rebuild_is_shown_from_its_beginning_to_its_end() {
    let stage = Stage::new().await;
    let asked = post(&stage, "/v1/projections/orders/rebuild").await;
    let location = asked.header("location").to_owned();
    let id = asked.json()["rebuild_id"].as_str().unwrap().to_owned();
    for (written, shown) in [
        (
            "phase = 'building', done = 100, total = 1000, events_per_second = null",
            json!(["building", 100, 1_000, null, null, null]),
        ),
        (
            "done = 250, events_per_second = 300.5",
            json!(["building", 250, 1_000, 300.5, 3.0, null]),
        ),
        (
            "phase = 'catching_up', done = 1010, total = 1010",
            json!(["catching_up", 1_010, 1_010, 300.5, 0.0, null]),
        ),
        (
            "phase = 'switching', events_per_second = 0",
            json!(["switching", 1_010, 1_010, 0.0, null, null]),
        ),
        (
            "phase = 'done', finished_at = now()",
            json!(["done", 1_010, 1_010, 0.0, 0.0, null]),
        ),
        (
            "phase = 'failed', error = 'the log has taken another turn'",
            json!([
                "failed",
                1_010,
                1_010,
                0.0,
                null,
                "the log has taken another turn"
            ]),
        ),
    ] {
        set(&stage, &id, written).await;
        let body = stage.get(&location).await.json();
        let members = [
            "phase",
            "done",
            "total",
            "events_per_second",
            "eta_seconds",
            "error",
        ];
        let found: Vec<&Value> = members.iter().map(|member| &body[*member]).collect();
        assert_eq!(json!(found), shown, "{written}");
        assert_eq!(body["rebuild_id"], id.as_str());
    }
}

#[tokio::test]
async fn a_verification_shows_the_rows_that_differ() {
    let stage = Stage::new().await;
    let asked = post(&stage, "/v1/projections/customers/verify?fix=true").await;
    let id = asked.json()["verification_id"].as_str().unwrap().to_owned();
    for (number, live, expected, fixed) in [
        (
            2,
            None,
            Some(json!({ "orders": 1, "ordered": 9_007_199_254_740_993_i64 })),
            true,
        ),
        (1, Some(json!({ "orders": 2 })), None, false),
    ] {
        sqlx::query(
            "insert into difference (operation_id, number, relation, key, live, expected, fixed)
            values ($1, $2, 'customers', $3, $4, $5, $6)",
        )
        .bind(Uuid::parse_str(&id).unwrap())
        .bind(number)
        .bind(Json(json!({ "customer_id": format!("c-{number}") })))
        .bind(live.map(Json))
        .bind(expected.map(Json))
        .bind(fixed)
        .execute(&stage.pool)
        .await
        .unwrap();
    }
    set(
        &stage,
        &id,
        "phase = 'done', finished_at = now(), done = 7, total = 7",
    )
    .await;
    let body = stage.get(asked.header("location")).await.json();
    assert_eq!(
        body,
        json!({
            "verification_id": id, "phase": "done", "done": 7, "total": 7, "events_per_second": null,
            "eta_seconds": 0.0, "error": null, "fix": true,
            "differences": [
                {
                    "table": "customers", "key": { "customer_id": "c-1" }, "live": { "orders": 2 },
                    "expected": null, "fixed": false,
                },
                {
                    "table": "customers", "key": { "customer_id": "c-2" }, "live": null,
                    "expected": { "orders": 1, "ordered": 9_007_199_254_740_993_i64 }, "fixed": true,
                },
            ],
        })
    );
}

#[tokio::test]
async fn nobody_finds_an_operation_where_it_is_not() {
    let stage = Stage::new().await;
    let asked = post(&stage, "/v1/projections/orders/rebuild").await;
    let id = asked.json()["rebuild_id"].as_str().unwrap().to_owned();
    assert_eq!(stage.get(asked.header("location")).await.status, 200);
    for path in [
        // Another view's, of another kind, of no view, and none at all.
        format!("/v1/projections/returns/rebuilds/{id}"),
        format!("/v1/projections/orders/verifications/{id}"),
        format!("/v1/projections/orders/reverts/{id}"),
        format!("/v1/projections/nothing/rebuilds/{id}"),
        format!("/v1/projections/orders/rebuilds/{}", Uuid::new_v4()),
        "/v1/projections/orders/rebuilds/1".to_owned(),
        "/v1/projections/orders/rebuilds/%ff".to_owned(),
        format!("/v1/projections/%ff/rebuilds/{id}"),
    ] {
        stage.get(&path).await.problem(404, "not-found");
    }
    for path in [
        "/v1/projections/Orders",
        "/v1/projections/%00",
        "/v1/projections/orders_1",
    ] {
        stage.get(path).await.problem(404, "not-found");
    }
}
