//! One client: commands of every kind, single and in bulk, sent again with the same key until they are answered.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use reqwest::Method;
use serde_json::{Value, json};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::acknowledged::Acknowledged;
use super::dice::Dice;
use crate::lives::{LIVES, Step};
use crate::platform::Platform;

/// How long one command may go unanswered, whatever is killed meanwhile.
const PATIENCE: Duration = Duration::from_secs(240);

/// How many orders live in one upload.
const IN_BULK: usize = 5;

/// A client.
pub(super) struct Client {
    platform: Arc<Platform>,
    name: String,
    dice: Dice,
    stop: CancellationToken,
    acknowledged: Acknowledged,
}

impl Client {
    pub(super) fn new(
        platform: Arc<Platform>,
        name: String,
        dice: Dice,
        stop: CancellationToken,
    ) -> Self {
        Self {
            platform,
            name,
            dice,
            stop,
            acknowledged: Acknowledged::default(),
        }
    }

    /// Lets orders live until it is told to stop; no life is left half way.
    pub(super) async fn run(mut self) -> Result<Acknowledged> {
        let mut number = 0;
        while !self.stop.is_cancelled() {
            number += 1;
            let order = format!("{}-{number}", self.name);
            if self.dice.once_in(6) {
                self.bulk(&order).await.with_context(|| order)?;
            } else {
                let life = LIVES[self.dice.below(LIVES.len())](&order);
                self.live(&order, &life).await.with_context(|| order)?;
            }
        }
        Ok(self.acknowledged)
    }

    async fn live(&mut self, order: &str, life: &[Step]) -> Result<()> {
        for (index, (command, body)) in life.iter().enumerate() {
            let path = path(order, index, command);
            let key = key(order, index);
            let answer = self
                .until_answered(&path, &key, body)
                .await
                .context(*command)?;
            self.acknowledged.take(&answer)?;
            if self.dice.once_in(8) {
                let again = self.until_answered(&path, &key, body).await?;
                ensure!(
                    again == answer,
                    "{command} was answered {answer}, then {again}"
                );
                self.acknowledged.repeats();
            }
        }
        Ok(())
    }

    /// Sends a command again and again, with the same key, until its outcome is known.
    async fn until_answered(&mut self, path: &str, key: &str, body: &Value) -> Result<Value> {
        let began = Instant::now();
        loop {
            let request = self
                .platform
                .http
                .request(
                    Method::POST,
                    format!("{}{path}", self.platform.text("command_url")),
                )
                .bearer_auth(self.platform.text("token"))
                .header("Idempotency-Key", key)
                .timeout(Duration::from_secs(15))
                .json(body);
            match request.send().await {
                Ok(answer) if answer.status().is_success() => {
                    // An answer can break off as well.
                    if let Ok(body) = answer.json().await {
                        return Ok(body);
                    }
                }
                Ok(answer) => {
                    let status = answer.status().as_u16();
                    let text = answer.text().await.unwrap_or_default();
                    let body = serde_json::from_str(&text).unwrap_or_default();
                    ensure!(is_passing(status, &body), "{status}: {text}");
                }
                Err(_) => {}
            }
            self.pause(began).await?;
        }
    }

    /// Several lives at once in one upload, their lines in turns. What is cut off is sent again, whole.
    async fn bulk(&mut self, name: &str) -> Result<()> {
        let lives: Vec<(String, Vec<Step>)> = (0..IN_BULK)
            .map(|number| {
                let order = format!("{name}-{number}");
                let life = LIVES[self.dice.below(LIVES.len())](&order);
                (order, life)
            })
            .collect();
        let longest = lives.iter().map(|(_, life)| life.len()).max().unwrap_or(0);
        let mut upload = String::new();
        let mut sent = 0;
        for index in 0..longest {
            for (order, life) in &lives {
                if let Some((command, body)) = life.get(index) {
                    upload.push_str(&line(order, index, command, body));
                    sent += 1;
                }
            }
        }
        let began = Instant::now();
        loop {
            if let Some(answers) = self.upload(&upload).await?
                && answers.len() == sent
                && answers.iter().all(is_success)
            {
                for answer in &answers {
                    self.acknowledged.take(&answer["body"])?;
                }
                return Ok(());
            }
            self.pause(began).await?;
        }
    }

    /// The answers to an upload; none if it was cut off.
    async fn upload(&mut self, upload: &str) -> Result<Option<Vec<Value>>> {
        let request = self
            .platform
            .http
            .post(format!("{}/v1/bulk", self.platform.text("command_url")))
            .bearer_auth(self.platform.text("token"))
            .header("Content-Type", "application/x-ndjson")
            .body(upload.to_owned());
        let Ok(answer) = request.send().await else {
            return Ok(None);
        };
        let status = answer.status();
        if !status.is_success() {
            ensure!(is_passing(status.as_u16(), &Value::Null), "bulk: {status}");
            return Ok(None);
        }
        let Ok(text) = answer.text().await else {
            return Ok(None);
        };
        let mut answers = Vec::new();
        for line in text.lines() {
            let Ok(answer) = serde_json::from_str::<Value>(line) else {
                return Ok(None);
            };
            let status = answer["status"].as_u64().context("status")?;
            let passing = u16::try_from(status).is_ok_and(|s| is_passing(s, &answer["body"]));
            // What follows a line that was not carried out is refused for that reason alone.
            if !is_success(&answer) && !passing && answers.iter().all(is_success) {
                bail!("a line was refused: {answer}");
            }
            answers.push(answer);
        }
        Ok(Some(answers))
    }

    async fn pause(&mut self, began: Instant) -> Result<()> {
        ensure!(began.elapsed() < PATIENCE, "unanswered for {PATIENCE:?}");
        self.acknowledged.repeats();
        tokio::time::sleep(Duration::from_millis(50 + self.dice.below(200) as u64)).await;
        Ok(())
    }
}

/// Answers after which the same is sent again: nothing was done, it is not known what, or it is being done.
fn is_passing(status: u16, body: &Value) -> bool {
    let problem = body["type"].as_str().unwrap_or_default();
    matches!(status, 500..=599 | 429) || (status == 409 && problem.ends_with("/key-in-use"))
}

fn is_success(answer: &Value) -> bool {
    matches!(answer["status"].as_u64(), Some(200 | 201))
}

fn path(order: &str, index: usize, command: &str) -> String {
    match index {
        0 => "/v1/orders".to_owned(),
        _ => format!("/v1/orders/{order}/{command}"),
    }
}

fn key(order: &str, index: usize) -> String {
    format!("{order}-{index}")
}

/// One line of an upload. Its command alone says that it is a draft.
fn line(order: &str, index: usize, command: &str, body: &Value) -> String {
    let mut line =
        json!({ "command": command, "idempotency_key": key(order, index), "data": body });
    if let Some(data) = line["data"].as_object_mut() {
        data.remove("draft");
    }
    if index > 0 {
        line["order_id"] = json!(order);
    }
    format!("{line}\n")
}
