//! The stream as a public interface: its description, and a consumer that is not ours.

mod asyncapi;
mod consumer;
mod schema;

use anyhow::{Context, Result};
use serde_json::Value;

use crate::lives::Step;
use crate::platform::{Platform, expect};

/// Lets an order live, and returns what was answered to each command.
pub(crate) async fn live(
    platform: &Platform,
    order_id: &str,
    life: Vec<Step>,
) -> Result<Vec<Value>> {
    let mut answers = Vec::new();
    for (index, (command, body)) in life.iter().enumerate() {
        let (status, path) = if index == 0 {
            (201, "/v1/orders".to_owned())
        } else {
            (200, format!("/v1/orders/{order_id}/{command}"))
        };
        let answer = platform.post(&path, body).send().await?;
        answers.push(expect(status, answer).await.context(*command)?);
    }
    Ok(answers)
}

/// The position of the last event that a command led to.
pub(crate) fn last_position(answers: &[Value]) -> Result<i64> {
    let last = answers
        .last()
        .and_then(|answer| answer["events"].as_array()?.last());
    last.and_then(|event| event["position"].as_i64())
        .context("a position")
}

/// A file of the project.
fn project_file(path: &str) -> Result<String> {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("..")
        .join(path);
    std::fs::read_to_string(&path).with_context(|| path.display().to_string())
}
