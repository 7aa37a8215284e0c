//! Every question of the query API's document is asked with its examples, of orders that lived, and answered as described;
//! so is what operators may ask for.

use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};
use test_kit::{Answered, Described};

use super::document;
use crate::interface::{last_position, live};
use crate::lives::LIVES;
use crate::order::two_units;
use crate::platform::{DataDir, Platform};

/// Where the answer never ends.
const STREAM: &str = "text/event-stream";

#[tokio::test]
async fn every_question_is_answered_as_the_document_says() -> Result<()> {
    let data_dir = DataDir::new()?;
    let platform = Platform::start(&data_dir, &[]).await?;
    let mut last = 0;
    let mut number = String::new();
    for (index, life) in LIVES.iter().enumerate() {
        let order_id = format!("o-{}", index + 1);
        let answers = live(&platform, &order_id, life(&order_id)).await?;
        last = last_position(&answers)?;
        if let (1, Some(given)) = (index + 1, answers[0]["order_number"].as_str()) {
            given.clone_into(&mut number);
        }
    }
    // One that waits to be shipped, of the customer that the examples ask for.
    let mut order = two_units();
    order["order_id"] = json!("o-open");
    let answers = live(
        &platform,
        "o-open",
        vec![("place", order), ("confirm", json!({}))],
    )
    .await?;
    last = last_position(&answers)?.max(last);
    let described = Described::new(document(&platform, "query_url").await?);
    ensure!(
        described.assert_examples() > 50,
        "examples of bodies and parameters"
    );

    let paths = described.document()["paths"].as_object().context("paths")?;
    let mut begun = Vec::new();
    for (path, methods) in paths.iter().filter(|(path, _)| path.starts_with("/v1/")) {
        if let Some(operation) = methods.get("post") {
            begun.extend(demand(&platform, &described, path, operation).await?);
        }
        let Some(operation) = methods.get("get") else {
            continue;
        };
        let parameters = operation["parameters"].as_array().context("parameters")?;
        let parameters: Vec<&Value> = parameters
            .iter()
            .map(|parameter| described.resolved(parameter))
            .collect();
        let mut path = filled(path, &parameters).replace("2026-000123", &number);
        // Of what was begun: its id is in no example.
        let siblings = path.rsplit_once('/').map_or("", |(place, _)| place);
        if let Some(location) = begun.iter().find(|location: &&String| {
            location
                .rsplit_once('/')
                .is_some_and(|(place, _)| place == siblings)
        }) {
            path.clone_from(location);
        }
        let optional = parameters
            .iter()
            .filter(|parameter| parameter["required"] == false);
        let queries = optional.filter_map(|parameter| pair(parameter));
        for query in std::iter::once(None).chain(queries.map(Some)) {
            let needed = parameters
                .iter()
                .filter(|parameter| parameter["in"] == "query" && parameter["required"] == true);
            let query: Vec<String> = needed
                .filter_map(|parameter| pair(parameter))
                .chain(query)
                .collect();
            let asked = format!("{path}?{}", query.join("&"));
            for media in operation["responses"]["200"]["content"]
                .as_object()
                .context("content")?
                .keys()
            {
                // Streams of all that match are no pages.
                if media == "application/json" || !asked.contains("limit=") {
                    ask(&platform, &described, &asked, media, last)
                        .await
                        .with_context(|| format!("{asked} as {media}"))?;
                }
            }
        }
    }
    platform.stop().await
}

/// Asks for something to be done, and compares the answer with the document; where it is told how far it is, if anywhere.
async fn demand(
    platform: &Platform,
    described: &Described,
    path: &str,
    operation: &Value,
) -> Result<Option<String>> {
    let parameters = operation["parameters"].as_array().context("parameters")?;
    let parameters: Vec<&Value> = parameters
        .iter()
        .map(|parameter| described.resolved(parameter))
        .collect();
    let path = filled(path, &parameters);
    let request = platform
        .http
        .post(format!("{}{path}", platform.text("query_url")))
        .bearer_auth(platform.text("token"));
    let answer = request.send().await?;
    let status = answer.status().as_u16();
    let headers = answer.headers().clone();
    let body = answer.text().await?;
    ensure!(matches!(status, 200 | 202), "{path}: {status}: {body}");
    let mut pairs = Vec::new();
    for (name, value) in &headers {
        pairs.push((name.as_str(), value.to_str()?));
    }
    let answered = Answered {
        status,
        headers: pairs,
        body: &body,
    };
    described.assert_answer("POST", &path, &answered);
    let location = headers.get("location");
    Ok(location
        .map(|value| value.to_str().map(str::to_owned))
        .transpose()?)
}

/// The path with the examples of its parts.
fn filled(path: &str, parameters: &[&Value]) -> String {
    let parts = parameters
        .iter()
        .filter(|parameter| parameter["in"] == "path");
    parts.fold(path.to_owned(), |path, parameter| {
        let name = parameter["name"].as_str().unwrap_or_default();
        path.replace(
            &format!("{{{name}}}"),
            parameter["example"].as_str().unwrap_or_default(),
        )
    })
}

/// A parameter of the query with its example.
fn pair(parameter: &Value) -> Option<String> {
    let name = parameter["name"]
        .as_str()
        .filter(|_| parameter["in"] == "query")?;
    let text = |value: &Value| {
        value
            .as_str()
            .map_or_else(|| value.to_string(), str::to_owned)
    };
    let value = match parameter.get("example")? {
        Value::Array(values) => values.iter().map(text).collect::<Vec<_>>().join(","),
        value => text(value),
    };
    Some(format!(
        "{name}={}",
        value.replace(' ', "%20").replace('+', "%2B")
    ))
}

/// Asks, and compares the answer with the document.
async fn ask(
    platform: &Platform,
    described: &Described,
    path: &str,
    media: &str,
    position: i64,
) -> Result<()> {
    let request = platform.get(path, position).header("Accept", media);
    let mut answer = request.send().await?;
    let status = answer.status().as_u16();
    let headers = answer.headers().clone();
    let body = if media == STREAM {
        let first = answer.chunk().await?.context("something comes")?;
        String::from_utf8(first.to_vec())?
    } else {
        answer.text().await?
    };
    ensure!(status == 200, "{status}: {body}");
    let header = |(name, value)| -> Result<(&str, &str)> {
        let (name, value): (&reqwest::header::HeaderName, &reqwest::header::HeaderValue) =
            (name, value);
        Ok((name.as_str(), value.to_str()?))
    };
    let headers = headers.iter().map(header).collect::<Result<Vec<_>>>()?;
    let path = path.trim_end_matches('?');
    described.assert_answer(
        "GET",
        path,
        &Answered {
            status,
            headers,
            body: &body,
        },
    );
    Ok(())
}
