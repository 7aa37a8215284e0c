//! The service describes itself: its document, as it is kept in the repository, and what it says of parameters and
//! refusals. That answers are as described is tested on the whole platform.
//!
//! `UPDATE_DOCS=1` writes what is served into the repository instead of comparing it.

use std::collections::BTreeSet;
use std::path::PathBuf;

use reqwest::{Method, StatusCode};
use serde_json::Value;
use test_kit::{Answered, Described};

use crate::stage::{Answer, Stage};

fn snapshot() -> PathBuf {
    PathBuf::from(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../docs/openapi/query-api.json"
    ))
}

/// The document that the service serves, to anybody.
async fn served(stage: &Stage) -> Described {
    let answer = reqwest::get(format!("{}/openapi.json", stage.url))
        .await
        .unwrap();
    Described::new(answer.json().await.unwrap())
}

/// The questions of the document, with paths in which the examples stand.
fn questions(described: &Described) -> Vec<(String, Vec<&Value>)> {
    operations(described, "get")
}

/// What this method does, with paths in which the examples stand.
fn operations<'a>(described: &'a Described, method: &str) -> Vec<(String, Vec<&'a Value>)> {
    let paths = described.document()["paths"].as_object().unwrap();
    let operations = paths
        .iter()
        .filter(|(path, methods)| path.starts_with("/v1/") && methods.get(method).is_some());
    operations
        .map(|(path, methods)| {
            let parameters = methods[method]["parameters"].as_array().unwrap();
            let parameters: Vec<&Value> = parameters
                .iter()
                .map(|parameter| described.resolved(parameter))
                .collect();
            let filled = parameters
                .iter()
                .filter(|parameter| parameter["in"] == "path")
                .fold(path.clone(), |path, part| {
                    let name = part["name"].as_str().unwrap();
                    path.replace(&format!("{{{name}}}"), part["example"].as_str().unwrap())
                });
            (filled, parameters)
        })
        .collect()
}

fn names<'a>(parameters: &[&'a Value]) -> BTreeSet<&'a str> {
    names_in("query", parameters)
}

fn names_in<'a>(place: &str, parameters: &[&'a Value]) -> BTreeSet<&'a str> {
    let there = parameters
        .iter()
        .filter(|parameter| parameter["in"] == place);
    there
        .map(|parameter| parameter["name"].as_str().unwrap())
        .collect()
}

#[track_caller]
fn assert_described(described: &Described, path: &str, answer: &Answer) {
    assert_described_as(described, "GET", path, answer);
}

#[track_caller]
fn assert_described_as(described: &Described, method: &str, path: &str, answer: &Answer) {
    let headers = answer.headers.iter();
    let answered = Answered {
        status: answer.status.as_u16(),
        headers: headers
            .map(|(name, value)| (name.as_str(), value.to_str().unwrap()))
            .collect(),
        body: &answer.text,
    };
    described.assert_answer(method, path, &answered);
}

#[tokio::test]
async fn the_document_in_the_repository_is_the_one_that_is_served() {
    let stage = Stage::new().await;
    let served = serde_json::to_string_pretty(served(&stage).await.document()).unwrap() + "\n";
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(snapshot(), &served).unwrap();
    }
    let kept = std::fs::read_to_string(snapshot()).unwrap();
    assert!(
        kept == served,
        "docs/openapi/query-api.json is not what is served: run with UPDATE_DOCS=1"
    );
}

#[tokio::test]
async fn the_document_leaves_nothing_open() {
    let stage = Stage::new().await;
    served(&stage).await.assert_complete();
}

#[tokio::test]
async fn the_parameters_of_the_document_are_those_that_are_known() {
    let stage = Stage::new().await;
    let described = served(&stage).await;
    let questions = questions(&described);
    let all: BTreeSet<&str> = questions
        .iter()
        .flat_map(|(_, parameters)| names(parameters))
        .collect();
    for (path, parameters) in &questions {
        let known = names(parameters);
        for name in &all {
            let answer = stage
                .open(&format!("{path}?{name}=x"), &[("accept", "*/*")])
                .await;
            // A stream that was begun does not end.
            let unknown = answer.status() == StatusCode::BAD_REQUEST
                && answer.text().await.unwrap().contains("is not known here");
            assert_eq!(unknown, !known.contains(name), "{path}: {name}");
        }
    }
}

#[tokio::test]
async fn refusals_are_described() {
    let stage = Stage::new().await;
    let described = served(&stage).await;
    let other_scope = format!("Bearer {}", stage.token("orders:write").await);
    for (path, parameters) in questions(&described) {
        let everything = ("accept", "*/*");
        let waits = names_in("header", &parameters).contains("Min-Position");
        for (headers, query, status) in [
            (
                vec![("authorization", "Bearer nonsense"), everything],
                "",
                401,
            ),
            (
                vec![("authorization", other_scope.as_str()), everything],
                "",
                403,
            ),
            (vec![everything], "?nonsense=1", 400),
            (vec![everything, ("min-position", "first")], "", 400),
            (vec![("accept", "image/png")], "", 406),
        ] {
            if !waits && headers.contains(&("min-position", "first")) {
                continue;
            }
            let answer = stage.get_with(&format!("{path}{query}"), &headers).await;
            assert_eq!(answer.status, status, "{path} {headers:?}");
            assert_described(&described, &path, &answer);
        }
        let answer = stage.ask(Method::POST, &path, &[]).await;
        answer.problem(405, "method-not-allowed");
    }
}

#[tokio::test]
async fn what_is_not_there_and_what_is_not_there_yet_is_described() {
    let stage = Stage::new().await;
    let described = served(&stage).await;
    let mut missing = 0;
    for (path, parameters) in questions(&described) {
        let needs_dates = names(&parameters).contains("interval");
        let query = if needs_dates {
            "?from=2026-11-01&to=2026-12-01"
        } else {
            ""
        };
        if names_in("header", &parameters).contains("Min-Position") {
            let behind = [
                ("accept", "*/*"),
                ("min-position", "7"),
                ("prefer", "wait=0"),
            ];
            let answer = stage.get_with(&format!("{path}{query}"), &behind).await;
            answer.problem(503, "view-behind");
            assert_described(&described, &path, &answer);
        }

        let response = stage
            .open(&format!("{path}{query}"), &[("accept", "*/*")])
            .await;
        if response.status() == StatusCode::NOT_FOUND {
            missing += 1;
            let answer = stage
                .get_with(&format!("{path}{query}"), &[("accept", "*/*")])
                .await;
            assert_described(&described, &path, &answer);
        }
    }
    assert!(missing > 4, "{missing}");
}

#[tokio::test]
async fn what_operators_ask_for_is_described() {
    let stage = Stage::new().await;
    let described = served(&stage).await;
    let other_scope = format!("Bearer {}", stage.token("orders:read").await);
    let demands = operations(&described, "post");
    assert_eq!(demands.len(), 4);
    for (path, parameters) in demands {
        for (name, known) in [
            ("fix", names(&parameters).contains("fix")),
            ("limit", false),
        ] {
            let answer = stage
                .ask(Method::POST, &format!("{path}?{name}=false"), &[])
                .await;
            assert_eq!(
                answer.status == StatusCode::BAD_REQUEST,
                !known,
                "{path}: {name}"
            );
            assert_described_as(&described, "POST", &path, &answer);
        }
        for (headers, status) in [
            (vec![], if path.ends_with("retry") { 200 } else { 202 }),
            (vec![("authorization", "Bearer nonsense")], 401),
            (vec![("authorization", other_scope.as_str())], 403),
            (vec![("accept", "image/png")], 406),
        ] {
            let answer = stage.ask(Method::POST, &path, &headers).await;
            assert_eq!(answer.status, status, "{path} {headers:?}");
            assert_described_as(&described, "POST", &path, &answer);
            let location = answer.header("location");
            if !location.is_empty() {
                let progress = stage.get(location).await;
                assert_eq!(progress.status, 200, "{location}");
                assert_described(&described, location, &progress);
            }
        }
        let answer = stage.post_body(&path, "{}").await;
        answer.problem(400, "malformed");
        assert_described_as(&described, "POST", &path, &answer);
        let nothing = path.replace("/orders/", "/nothing/");
        let answer = stage.ask(Method::POST, &nothing, &[]).await;
        answer.problem(404, "not-found");
        assert_described_as(&described, "POST", &nothing, &answer);
    }
    for path in ["/v1/projections", "/v1/projections/orders"] {
        let answer = stage.get(path).await;
        assert_eq!(answer.status, 200, "{path}");
        assert_described(&described, path, &answer);
    }
}
