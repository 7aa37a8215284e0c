//! Who may ask, for what, and what comes of asking twice.

use std::collections::BTreeSet;

use read_model::operations::Kind;
use reqwest::Method;
use serde_json::json;
use uuid::Uuid;

use super::{PATHS, count, post, set};
use crate::stage::{PATIENCE, Stage};

#[tokio::test]
async fn an_operators_token_is_needed() {
    let stage = Stage::new().await;
    let other = stage
        .token("orders:read orders:write payments:write audit:read")
        .await;
    let other = format!("Bearer {other}");
    for (method, path) in PATHS {
        let path = path.replace("{id}", &Uuid::nil().to_string());
        for bad in ["", "Bearer x"] {
            let headers = [("authorization", bad)];
            let answer = stage.ask(method.clone(), &path, &headers).await;
            answer.problem(401, "unauthenticated");
        }
        let headers = [("authorization", other.as_str())];
        let answer = stage.ask(method, &path, &headers).await;
        answer.problem(403, "forbidden");
        assert!(
            answer.header("www-authenticate").contains("scope=\"ops\""),
            "{path}"
        );
    }
    assert_eq!(count(&stage, Kind::Rebuild).await, 0);
}

#[tokio::test]
async fn what_is_not_understood_is_refused_and_nothing_is_asked_for() {
    let stage = Stage::new().await;
    for (method, path) in PATHS {
        let path = path.replace("{id}", &Uuid::nil().to_string());
        let unknown = format!("{path}?fxi=true");
        let body = stage
            .ask(method.clone(), &unknown, &[])
            .await
            .problem(400, "bad-parameter");
        assert_eq!(body["detail"], "`fxi` is not known here", "{path}");
        let html = [("accept", "text/html")];
        let answer = stage.ask(method.clone(), &path, &html).await;
        answer.problem(406, "not-acceptable");
        for other in [Method::GET, Method::POST, Method::PUT, Method::DELETE] {
            if other != method {
                let answer = stage.ask(other, &path, &[]).await;
                answer.problem(405, "method-not-allowed");
            }
        }
        let nobody = path.replace("/orders", "/order");
        if nobody != path {
            stage
                .ask(method.clone(), &nobody, &[])
                .await
                .problem(404, "not-found");
        }
        if method == Method::POST {
            let answer = stage.post_body(&path, "{\"fix\":true}").await;
            answer.problem(400, "malformed");
        }
    }
    for fix in ["", "yes", "1", "True"] {
        let answer = post(&stage, &format!("/v1/projections/orders/verify?fix={fix}")).await;
        let body = answer.problem(400, "bad-parameter");
        assert_eq!(body["detail"], "`fix` takes only: true, false");
    }
    let twice = "/v1/projections/orders/verify?fix=true&fix=true";
    post(&stage, twice).await.problem(400, "bad-parameter");
    for kind in Kind::ALL {
        assert_eq!(count(&stage, kind).await, 0, "{kind}");
    }
}

#[tokio::test]
async fn what_is_asked_for_is_written_down_and_stays_until_a_projector_takes_it_up() {
    let stage = Stage::new().await;
    for (verb, place, id, phase) in [
        ("rebuild", "rebuilds", "rebuild_id", "building"),
        ("verify", "verifications", "verification_id", "verifying"),
        ("revert", "reverts", "revert_id", "switching"),
    ] {
        let answer = post(&stage, &format!("/v1/projections/returns/{verb}")).await;
        assert_eq!(answer.status, 202, "{}", answer.text);
        assert_eq!(answer.header("cache-control"), "no-store");
        let asked = answer.json();
        let mut expected = json!({
            id: asked[id], "phase": phase, "done": 0, "total": 0, "events_per_second": null, "eta_seconds": null,
            "error": null,
        });
        if verb == "verify" {
            expected["fix"] = false.into();
            expected["differences"] = json!([]);
        }
        assert_eq!(asked, expected);
        let name = asked[id].as_str().unwrap();
        let location = format!("/v1/projections/returns/{place}/{name}");
        assert_eq!(answer.header("location"), location);
        let progress = stage.get(&location).await;
        assert_eq!(progress.status, 200, "{}", progress.text);
        assert_eq!(progress.json(), asked);
    }
    let rows: Vec<(String, String, String, bool)> =
        sqlx::query_as("select kind, phase, requested_by, fix from operation order by kind")
            .fetch_all(&stage.pool)
            .await
            .unwrap();
    let row = |kind: &str| {
        (
            kind.to_owned(),
            "requested".to_owned(),
            "alice".to_owned(),
            false,
        )
    };
    assert_eq!(rows, [row("rebuild"), row("revert"), row("verify")]);
}

#[tokio::test]
async fn whoever_asks_again_is_told_of_what_is_under_way_until_it_has_ended() {
    let stage = Stage::new().await;
    let path = "/v1/projections/orders/verify";
    let first = post(&stage, path).await;
    // Another wish does not change what is under way, and the answer says which it is.
    let again = post(&stage, &format!("{path}?fix=true")).await;
    assert_eq!(again.json(), first.json());
    assert_eq!(again.header("location"), first.header("location"));
    // Other views and other kinds have their own.
    let other = post(&stage, "/v1/projections/returns/verify").await.json();
    assert_ne!(other["verification_id"], first.json()["verification_id"]);
    post(&stage, "/v1/projections/orders/rebuild").await;
    assert_eq!(count(&stage, Kind::Verify).await, 2);

    let id = first.json()["verification_id"].as_str().unwrap().to_owned();
    set(
        &stage,
        &id,
        "phase = 'failed', finished_at = now(), error = 'no'",
    )
    .await;
    let next = post(&stage, &format!("{path}?fix=true")).await.json();
    assert_ne!(next["verification_id"], id.as_str());
    assert_eq!(next["fix"], true);
}

#[tokio::test]
async fn two_who_ask_at_the_same_moment_get_one_operation() {
    let stage = Stage::new().await;
    for (verb, id, kind) in [
        ("rebuild", "rebuild_id", Kind::Rebuild),
        ("verify", "verification_id", Kind::Verify),
        ("revert", "revert_id", Kind::Revert),
    ] {
        let path = format!("/v1/projections/orders/{verb}");
        // Both have begun before either can be written down.
        let mut lock = stage.pool.begin().await.unwrap();
        sqlx::query("lock table operation in share mode")
            .execute(&mut *lock)
            .await
            .unwrap();
        let release = async {
            test_kit::eventually("both to wait", PATIENCE, async || {
                let waiting: i64 = sqlx::query_scalar(
                    "select count(*) from pg_stat_activity
                    where datname = current_database() and application_name = 'query-api-requests'
                    and wait_event_type = 'Lock'",
                )
                .fetch_one(&stage.pool)
                .await
                .unwrap();
                (waiting == 2).then_some(())
            })
            .await;
            lock.rollback().await.unwrap();
        };
        let (one, other, ()) = tokio::join!(post(&stage, &path), post(&stage, &path), release);
        let ids: BTreeSet<String> = [one, other]
            .iter()
            .map(|answer| {
                assert_eq!(answer.status, 202, "{}", answer.text);
                answer.json()[id].to_string()
            })
            .collect();
        assert_eq!(ids.len(), 1, "{verb}");
        assert_eq!(count(&stage, kind).await, 1, "{verb}");
    }
}

#[tokio::test]
async fn a_retry_is_asked_for_once_and_answered_with_the_projection() {
    let stage = Stage::new().await;
    for _ in 0..2 {
        let answer = post(&stage, "/v1/projections/orders/retry").await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        assert_eq!(answer.header("location"), "");
        assert_eq!(answer.json(), super::projection(&stage, "orders").await);
    }
    assert_eq!(count(&stage, Kind::Retry).await, 1);
}

#[tokio::test]
async fn asking_survives_broken_connections() {
    let stage = Stage::new().await;
    let first = post(&stage, "/v1/projections/orders/rebuild").await.json();
    for _ in 0..3 {
        let killed: i64 = sqlx::query_scalar(
            "select count(*) filter (where pg_terminate_backend(pid))
            from pg_stat_activity
            where application_name like 'query-api%' and datname = current_database()",
        )
        .fetch_one(&stage.pool)
        .await
        .unwrap();
        assert!(killed > 0);
        let again = post(&stage, "/v1/projections/orders/rebuild").await;
        assert_eq!((again.status.as_u16(), again.json()), (202, first.clone()));
        assert_eq!(
            super::projection(&stage, "orders").await["status"],
            "rebuilding"
        );
    }
}
