//! The service describes itself: its document, as it is kept in the repository, and the page that shows it.
//!
//! `UPDATE_DOCS=1` writes what is served into the repository instead of comparing it.

use std::path::PathBuf;

use reqwest::{Method, StatusCode};
use serde_json::json;
use service_kit::openapi::problem_uri;
use service_kit::problem::ProblemType;

use test_kit::{Answered, Described};

use crate::api::{Api, Log};

fn snapshot() -> PathBuf {
    PathBuf::from(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../docs/openapi/command-api.json"
    ))
}

async fn get(api: &Api, path: &str) -> reqwest::Response {
    api.http
        .get(format!("{}{path}", api.url))
        .send()
        .await
        .unwrap()
}

/// The document that the service serves, to anybody.
pub(crate) async fn served(api: &Api) -> Described {
    Described::new(get(api, "/openapi.json").await.json().await.unwrap())
}

async fn api() -> (Api, Log) {
    Api::with_log().await
}

#[tokio::test]
async fn the_document_in_the_repository_is_the_one_that_is_served() {
    let (api, _log) = api().await;
    let served = serde_json::to_string_pretty(served(&api).await.document()).unwrap() + "\n";
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(snapshot(), &served).unwrap();
    }
    let kept = std::fs::read_to_string(snapshot()).unwrap();
    assert!(
        kept == served,
        "docs/openapi/command-api.json is not what is served: run with UPDATE_DOCS=1"
    );
    api.stop().await;
}

#[tokio::test]
async fn every_path_of_the_document_is_served_and_needs_the_token_that_it_names() {
    let (api, _log) = api().await;
    let described = served(&api).await;
    for (path, methods) in described.document()["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            let method: Method = method.to_uppercase().parse().unwrap();
            let path = path.replace("{order_id}", "o-1");
            let answer = api
                .http
                .request(method.clone(), format!("{}{path}", api.url))
                .send()
                .await
                .unwrap();
            let public = operation["security"].as_array().is_some_and(Vec::is_empty);
            assert_eq!(
                answer.status() == StatusCode::UNAUTHORIZED,
                !public,
                "{path}"
            );
            let status = answer.status().as_u16();
            let headers = answer.headers().clone();
            let headers = headers
                .iter()
                .map(|(name, value)| (name.as_str(), value.to_str().unwrap()))
                .collect();
            let body = &answer.text().await.unwrap();
            described.assert_answer(
                method.as_str(),
                &path,
                &Answered {
                    status,
                    headers,
                    body,
                },
            );
        }
    }
    api.stop().await;
}

#[tokio::test]
async fn the_document_has_every_problem_of_commands_with_its_status() {
    // What queries answer, and what no operation of a document can.
    let elsewhere = [
        ProblemType::BadCursor,
        ProblemType::ViewBehind,
        ProblemType::MethodNotAllowed,
    ];
    let (api, _log) = api().await;
    let described = served(&api).await;
    let responses = described.document()["components"]["responses"]
        .as_object()
        .unwrap();
    for kind in ProblemType::ALL
        .iter()
        .filter(|kind| !elsewhere.contains(kind))
    {
        let named = responses.values().find_map(|response| {
            let example =
                &response["content"]["application/problem+json"]["examples"][kind.name()]["value"];
            example.is_object().then_some(example)
        });
        let example = named.unwrap_or_else(|| panic!("{} is not described", kind.name()));
        assert_eq!(example["type"], problem_uri(*kind));
        assert_eq!(example["status"], kind.status().as_u16());
    }
    api.stop().await;
}

#[tokio::test]
async fn the_document_leaves_nothing_open() {
    let (api, _log) = api().await;
    served(&api).await.assert_complete();
    api.stop().await;
}

#[tokio::test]
async fn every_example_is_as_its_schema_says() {
    let (api, _log) = api().await;
    let checked = served(&api).await.assert_examples();
    assert!(checked > 100, "{checked}");
    api.stop().await;
}

#[tokio::test]
async fn the_example_of_an_upload_can_be_sent() {
    let (api, _log) = api().await;
    let described = served(&api).await;
    let content = &described.document()["paths"]["/v1/bulk"]["post"]["requestBody"]["content"];
    let examples = content["application/x-ndjson"]["examples"]
        .as_object()
        .unwrap();
    for example in examples.values() {
        let text = example["value"].as_str().unwrap();
        for answer in api.bulk_text(text.to_owned()).await {
            let schema = json!({"$ref": "#/components/schemas/BulkAnswer"});
            described.assert_value(&schema, &answer, "the answer to a line");
            assert!(answer["status"].as_u64().unwrap() < 300, "{answer}");
        }
    }
    api.stop().await;
}

#[tokio::test]
async fn the_page_loads_nothing_from_elsewhere() {
    let (api, _log) = api().await;
    let page = get(&api, "/docs").await;
    assert_eq!(page.status(), StatusCode::OK);
    let policy = page.headers()["content-security-policy"]
        .to_str()
        .unwrap()
        .to_owned();
    assert!(policy.starts_with("default-src 'none';"), "{policy}");
    assert!(!policy.contains("http"), "{policy}");
    let html = page.text().await.unwrap();
    let linked = html.split(['"', '\'']).filter(|text| {
        [".js", ".css", ".json"]
            .iter()
            .any(|end| text.ends_with(end))
    });
    let mut loaded = Vec::new();
    for link in linked {
        let url = format!("{}/{link}", api.url);
        let answer = api.http.get(&url).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::OK, "{link}");
        loaded.push((link.to_owned(), answer.text().await.unwrap().len()));
    }
    let names: Vec<_> = loaded.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(
        names,
        [
            "docs/swagger-ui.css",
            "openapi.json",
            "docs/swagger-ui-bundle.js",
            "docs/docs.js"
        ]
    );
    let bundle = loaded[2].1;
    assert!(
        bundle > 1_000_000,
        "the library itself is served, not a loader of it: {bundle} bytes"
    );
    api.stop().await;
}
