//! Every command and every refusal, as `docs/commands.md` shows them: one after the other, as dry
//! runs, and as lines of an upload.
//!
//! `UPDATE_DOCS=1` writes the answers that came into the page instead of comparing them.

use std::collections::{BTreeSet, HashMap};

use domain::order::CommandName;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use service_kit::problem::ProblemType;

use crate::api::{ALL, Answer, Api, Log, answer, token};
use crate::openapi;
use crate::page::{self, Example};

/// What a page of commands cannot show: what queries answer, what is switched off, and what needs two
/// callers at once or a fault of the service.
const NOT_SHOWN: [ProblemType; 9] = [
    ProblemType::BadCursor,
    ProblemType::KeyInUse,
    ProblemType::RateLimited,
    ProblemType::Internal,
    ProblemType::Overloaded,
    ProblemType::Unavailable,
    ProblemType::Contention,
    ProblemType::ViewBehind,
    ProblemType::OutcomeUnknown,
];

async fn examples() -> Vec<Example> {
    let bearer = async |scope| format!("Authorization: Bearer {}", token("alice", scope).await);
    let variables = HashMap::from([
        ("COMMANDS", String::new()),
        ("AUTH", bearer(ALL).await),
        ("ORDERS_ONLY_TOKEN", token("alice", "orders:write").await),
    ]);
    page::examples(&std::fs::read_to_string(page::path()).unwrap(), &variables)
}

async fn send(api: &Api, example: &Example, path: &str) -> Answer {
    let request = api
        .http
        .request(example.method.clone(), format!("{}{path}", api.url));
    let request = example
        .headers
        .iter()
        .fold(request, |request, (name, value)| {
            request.header(name, value)
        });
    answer(match &example.body {
        Some(body) => request.body(body.clone()),
        None => request,
    })
    .await
}

/// The command that an example asks for and the order that it names in its path.
fn addressee(example: &Example) -> Option<(CommandName, Option<&str>)> {
    let path = example.path.split('?').next()?;
    let rest = path.strip_prefix("/v1/orders")?;
    if example.method != Method::POST {
        return None;
    }
    match rest.strip_prefix('/') {
        Some(rest) => {
            let (order_id, name) = rest.split_once('/')?;
            Some((CommandName::parse(name)?, Some(order_id)))
        }
        None if example.json()?["draft"] == true => Some((CommandName::Draft, None)),
        None => Some((CommandName::Place, None)),
    }
}

/// What a dry run of an example tells, if it can be one; it stores nothing.
async fn dry_run(api: &Api, log: &Log, example: &Example) -> Option<Answer> {
    addressee(example).filter(|_| !example.path.contains('?'))?;
    let before = stored(log).await;
    let told = send(api, example, &format!("{}?dry_run=true", example.path)).await;
    assert_eq!(
        stored(log).await,
        before,
        "a dry run stored something: {told:?}"
    );
    Some(told)
}

/// What a dry run told is what then came.
fn compare(told: &Answer, came: &Answer) {
    if came.status.is_success() {
        assert_eq!(told.status, StatusCode::OK, "{told:?}");
        assert_eq!(told.body["dry_run"], true);
        assert_eq!(page::shown_body(&told.body), page::shown_body(&came.body));
    } else if came.status == StatusCode::CONFLICT {
        assert_eq!(page::shown(told), page::shown(came));
    }
}

async fn stored(log: &Log) -> (i64, i64) {
    (log.events().await, log.keys().await)
}

#[tokio::test]
async fn the_page_shows_what_the_service_answers() {
    let (api, log) = Api::with_log().await;
    let described = openapi::served(&api).await;
    let update = std::env::var_os("UPDATE_DOCS").is_some();
    let mut answers = Vec::new();
    for example in examples().await {
        let told = dry_run(&api, &log, &example).await;
        let before = stored(&log).await;
        let came = send(&api, &example, &example.path).await;
        for answer in told.iter().chain([&came]) {
            // What is no path, or takes another method, is described for all at once.
            if described
                .operation(example.method.as_str(), &example.path)
                .is_some()
            {
                described.assert_answer(example.method.as_str(), &example.path, &answer.answered());
            } else {
                assert!(["not-found", "method-not-allowed"].contains(&answer.problem()));
            }
        }
        if let Some(told) = told.filter(|_| came.header("idempotent-replayed").is_none()) {
            compare(&told, &came);
        }
        if !came.status.is_success() {
            assert_eq!(
                stored(&log).await,
                before,
                "a refusal stored something: {came:?}"
            );
        }
        if came.status == StatusCode::CONFLICT {
            assert!(came.body["order_status"].is_string(), "{came:?}");
            assert!(came.body["version"].is_i64(), "{came:?}");
            assert!(came.body["allowed_commands"].is_array(), "{came:?}");
        }
        let shown = page::shown(&came);
        if !update {
            assert_eq!(shown, example.shown, "{}: {came:?}", example.path);
        }
        answers.push((example.place, shown));
    }
    if update {
        page::write(&answers);
    }
    api.stop().await;
}

#[tokio::test]
async fn the_page_has_each_command_and_each_refusal() {
    let examples = examples().await;
    let succeeds = |example: &&Example| example.shown.starts_with("HTTP 20");
    let done: BTreeSet<_> = examples
        .iter()
        .filter(succeeds)
        .filter_map(|example| Some(addressee(example)?.0.as_str()))
        .collect();
    let commands = CommandName::ALL.iter().map(|name| name.as_str());
    assert_eq!(done, commands.collect());

    let refused: BTreeSet<_> = examples
        .iter()
        .filter_map(|example| {
            let (_, body) = example.shown.split_once('\n')?;
            let body: Value = serde_json::from_str(body).unwrap();
            let kind = body["type"].as_str()?.rsplit_once('/')?.1;
            let mut all = ProblemType::ALL.iter().map(|kind| kind.name());
            Some(all.find(|name| *name == kind).unwrap())
        })
        .collect();
    let problems = ProblemType::ALL
        .iter()
        .filter(|kind| !NOT_SHOWN.contains(kind));
    assert_eq!(refused, problems.map(|kind| kind.name()).collect());
}

/// The document's examples are the page's, and those were just sent.
#[tokio::test]
async fn the_examples_of_the_document_are_on_the_page() {
    let (api, _log) = Api::with_log().await;
    let described = openapi::served(&api).await;
    let page = examples().await;
    let mut compared = 0;
    for (path, methods) in described.document()["paths"].as_object().unwrap() {
        let Some(operation) = methods
            .get("post")
            .filter(|_| path.starts_with("/v1/orders"))
        else {
            continue;
        };
        let sent = &operation["requestBody"]["content"]["application/json"]["examples"];
        let status = if path == "/v1/orders" { "201" } else { "200" };
        let answers = &operation["responses"][status]["content"]["application/json"]["examples"];
        for (name, answer) in answers.as_object().unwrap() {
            let body = sent.get(name).map(|example| example["value"].clone());
            let answer = &answer["value"];
            let path = path.replace("{order_id}", answer["order_id"].as_str().unwrap());
            let shown = format!("HTTP {status}\n{}", page::shown_body(answer));
            let there = page.iter().any(|example| {
                example.path == path && example.json() == body && example.shown == shown
            });
            assert!(there, "{path} with {body:?} and {shown}");
            compared += 1;
        }
    }
    assert_eq!(
        compared,
        CommandName::ALL.len() + 1,
        "`place` has two paths"
    );
    api.stop().await;
}

/// An example as a line of an upload, if it can be one.
fn bulk_line(example: &Example) -> Option<Value> {
    let ours = ["Authorization", "Idempotency-Key", "Content-Type"];
    let other = |(name, _): &(String, String)| !ours.contains(&name.as_str());
    if example.path.contains('?') || example.headers.iter().any(other) {
        return None;
    }
    let (name, order_id) = addressee(example)?;
    let mut data = match &example.body {
        Some(_) => example.json()?,
        None => Value::Null,
    };
    if let Some(members) = data.as_object_mut() {
        members.remove("draft");
    }
    let key = example.header("Idempotency-Key")?;
    Some(json!({
        "command": name.as_str(), "order_id": order_id, "idempotency_key": key, "data": data,
    }))
}

#[tokio::test]
async fn the_examples_of_the_page_can_be_lines_of_one_upload() {
    let (api, _log) = Api::with_log().await;
    let mut lines = Vec::new();
    let mut expected = Vec::new();
    for example in examples().await {
        if example.path == "/v1/bulk" {
            for line in example.body.as_deref().unwrap_or_default().lines() {
                lines.push(serde_json::from_str(line).unwrap());
                expected.push(None);
            }
        }
        // Pointers of a 422 begin at the line, and an upload has one token for all its lines.
        let same = ["HTTP 20", "HTTP 409"]
            .iter()
            .any(|status| example.shown.starts_with(status));
        if let Some(line) = bulk_line(&example).filter(|_| same) {
            lines.push(line);
            expected.push(Some(example.shown));
        }
    }
    let described = openapi::served(&api).await;
    let named = |name: &str| json!({ "$ref": format!("#/components/schemas/{name}") });
    let answers = api.bulk(&lines).await;
    assert_eq!(answers.len(), lines.len());
    for ((answer, expected), line) in answers.iter().zip(&expected).zip(&lines) {
        described.assert_value(&named("BulkLine"), line, "a line");
        described.assert_value(&named("BulkAnswer"), answer, "its answer");
        let shown = format!(
            "HTTP {}\n{}",
            answer["status"],
            page::shown_body(&answer["body"])
        );
        match expected {
            Some(expected) => assert_eq!(&shown, expected, "{line}"),
            None => assert_eq!(answer["status"], 200, "{answer}"),
        }
    }
    api.stop().await;
}
