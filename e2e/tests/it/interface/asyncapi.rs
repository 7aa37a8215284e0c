//! The AsyncAPI document against real messages, and against the golden file of every event type.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use serde_json::{Map, Value, json};

use super::schema::check;
use super::{last_position, live, project_file};
use crate::lives::LIVES;
use crate::platform::{DataDir, Platform};
use crate::stream::{Read, read_all};

fn document() -> Result<Value> {
    Ok(serde_json::from_str(&project_file("docs/asyncapi.json")?)?)
}

/// Follows a reference within the document.
fn resolve<'a>(document: &'a Value, reference: &'a Value) -> Result<&'a Value> {
    match reference["$ref"].as_str() {
        None => Ok(reference),
        Some(text) => {
            let pointer = text.strip_prefix('#').context("a local reference")?;
            document.pointer(pointer).with_context(|| text.to_owned())
        }
    }
}

/// The described messages, by the `ce-type` that they have.
fn messages(document: &Value) -> Result<BTreeMap<String, &Value>> {
    let listed = document["channels"]["orders"]["messages"].as_object();
    listed
        .context("messages")?
        .values()
        .map(|reference| {
            let message = resolve(document, reference)?;
            let name = message["name"].as_str().context("a name")?.to_owned();
            Ok((name, message))
        })
        .collect()
}

/// The headers as they go over the wire, against the trait of the message.
fn check_message(document: &Value, message: &Read) -> Result<()> {
    let described = messages(document)?;
    let kind = message.header("ce-type")?;
    let described = described.get(kind).with_context(|| kind.to_owned())?;
    let traits = described["traits"].as_array().context("traits")?;
    for of_trait in traits {
        let headers = &resolve(document, of_trait)?["headers"];
        let values: Map<String, Value> = message
            .headers
            .iter()
            // What the client sends to the broker about the publishing is not part of the event.
            .filter(|(name, _)| !name.starts_with("Nats-"))
            .map(|(name, value)| (name.clone(), json!(value)))
            .collect();
        check(document, headers, &Value::Object(values)).context("headers")?;
    }

    let channel = &document["channels"]["orders"];
    let address = channel["address"].as_str().context("an address")?;
    let tokens: Vec<&str> = message.subject.split('.').collect();
    let places: Vec<&str> = address.split('.').collect();
    ensure!(
        tokens.len() == places.len(),
        "{} is not {address}",
        message.subject
    );
    for (place, token) in places.iter().zip(&tokens) {
        let Some(parameter) = place.strip_prefix('{').and_then(|p| p.strip_suffix('}')) else {
            ensure!(place == token, "{} is not {address}", message.subject);
            continue;
        };
        let values = channel["parameters"][parameter]["enum"].as_array();
        ensure!(
            values.is_none_or(|values| values.contains(&json!(token))),
            "{token} is no {parameter}"
        );
    }
    ensure!(described["title"] == tokens[4], "the subject's type");
    let slot: usize = message.header("ce-slot")?.parse()?;
    ensure!(
        tokens[2].parse::<usize>()? == slot * 16 / 256,
        "the partition"
    );

    if message.headers.contains_key("ce-dataref") {
        ensure!(message.payload.is_empty(), "data beside ce-dataref");
        return Ok(());
    }
    let payload = serde_json::from_slice(&message.payload)?;
    check(document, &described["payload"], &payload).context("payload")
}

#[tokio::test]
async fn every_message_of_a_running_platform_is_as_described() -> Result<()> {
    let data_dir = DataDir::new()?;
    let platform = Platform::start(&data_dir, &[]).await?;
    let document = document()?;
    let mut last = 0;
    for (index, life) in LIVES.iter().enumerate() {
        let order_id = format!("o-{index}");
        let answers = live(&platform, &order_id, life(&order_id)).await?;
        last = last_position(&answers)?;
    }

    let read = read_all(&platform, last, Duration::from_secs(60)).await?;
    for message in &read {
        check_message(&document, message)
            .with_context(|| format!("{} {:?}", message.subject, message.headers))?;
    }
    let seen: BTreeSet<String> = read
        .iter()
        .map(|message| message.header("ce-type").map(str::to_owned))
        .collect::<Result<_>>()?;
    let described: BTreeSet<String> = messages(&document)?.into_keys().collect();
    assert_eq!(seen, described, "an event of every type");
    platform.stop().await
}

#[test]
fn the_description_has_every_event_type_and_reads_its_golden_file() -> Result<()> {
    let document = document()?;
    let mut described = messages(&document)?;
    let golden = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../domain/tests/golden");
    for entry in std::fs::read_dir(golden)? {
        let path = entry?.path();
        let name = path.file_stem().and_then(|name| name.to_str());
        let name = format!("dev.order-platform.{}", name.context("a name")?);
        let message = described.remove(&name).with_context(|| name.clone())?;
        let payload = serde_json::from_str(&std::fs::read_to_string(&path)?)?;
        check(&document, &message["payload"], &payload).with_context(|| name.clone())?;
    }
    assert!(
        described.is_empty(),
        "described, but not there: {described:?}"
    );
    let types = &document["channels"]["orders"]["parameters"]["eventType"]["enum"];
    let listed: Vec<&Value> = types.as_array().context("types")?.iter().collect();
    let titles: Vec<&Value> = document["components"]["messages"]
        .as_object()
        .context("messages")?
        .values()
        .map(|message| &message["title"])
        .collect();
    assert_eq!(listed, titles);
    Ok(())
}
