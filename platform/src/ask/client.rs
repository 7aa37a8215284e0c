//! A query API and a token for it.

use std::fmt;

use anyhow::{Context, Error, Result, bail};
use reqwest::{RequestBuilder, Response, StatusCode};
use serde_json::Value;

use super::Asking;
use crate::data_dir::DataDir;
use crate::http;

/// The contract's most items of a page.
const MAX_PAGE: usize = 200;

/// Asks one query API as one actor.
#[derive(Debug, Clone)]
pub(super) struct Client {
    http: reqwest::Client,
    url: String,
    token: String,
}

impl Client {
    /// The API that was named, else that of the platform that runs on the data directory; the token likewise.
    pub(super) fn find(asking: &Asking) -> Result<Self> {
        let (url, token) = match (&asking.url, &asking.token) {
            (Some(url), Some(token)) => (url.clone(), token.clone()),
            (url, token) => {
                let ready = running(asking)?;
                let member = |given: &Option<String>, name: &str| match given {
                    Some(given) => Ok(given.clone()),
                    None => ready[name].as_str().map(str::to_owned).with_context(|| {
                        format!("the running platform says no {name}: give --url and --token")
                    }),
                };
                (member(url, "query_url")?, member(token, "token")?)
            }
        };
        Ok(Self {
            http: http::client()?,
            url: url.trim_end_matches('/').to_owned(),
            token,
        })
    }

    /// A request for this path, to be sent with [`sent`].
    pub(super) fn get(&self, path: &str) -> RequestBuilder {
        self.http
            .get(format!("{}{path}", self.url))
            .bearer_auth(&self.token)
    }

    /// The JSON at this path, which must be there.
    pub(super) async fn read(&self, path: &str) -> Result<Value> {
        let answer = good(sent(self.get(path)).await?).await?;
        answer.json().await.context("an answer in an unknown form")
    }

    /// Asks that something be done. Where it is told how far it is, if anywhere, and the answer.
    pub(super) async fn demand(&self, path: &str) -> Result<(Option<String>, Value)> {
        let request = self.http.post(format!("{}{path}", self.url));
        let answer = good(sent(request.bearer_auth(&self.token)).await?).await?;
        let location = answer.headers().get("Location");
        let location = location.and_then(|value| value.to_str().ok().map(str::to_owned));
        let body = answer
            .json()
            .await
            .context("an answer in an unknown form")?;
        Ok((location, body))
    }

    /// A request for this path with a query.
    fn ask(&self, path: &str, query: &[(&str, String)]) -> RequestBuilder {
        let mut pairs = form_urlencoded::Serializer::new(String::new());
        pairs.extend_pairs(query);
        self.get(&format!("{path}?{}", pairs.finish()))
    }

    /// The JSON at this path; nothing if there is no such thing.
    pub(super) async fn find_json(
        &self,
        path: &str,
        query: &[(&str, String)],
    ) -> Result<Option<String>> {
        let answer = sent(self.ask(path, query)).await?;
        if answer.status() == StatusCode::NOT_FOUND {
            return Ok(None);
        }
        let answer = good(answer).await?;
        Ok(Some(answer.text().await.context("the answer broke off")?))
    }

    /// Hands over the items of a list, page by page, at most so many of them.
    pub(super) async fn list(
        &self,
        path: &str,
        query: &[(&'static str, String)],
        most: usize,
        mut page: impl FnMut(Vec<Value>),
    ) -> Result<()> {
        let mut left = most;
        let mut cursor: Option<String> = None;
        while left > 0 {
            let mut query = query.to_vec();
            query.push(("limit", left.min(MAX_PAGE).to_string()));
            query.extend(cursor.take().map(|cursor| ("cursor", cursor)));
            let answer = good(sent(self.ask(path, &query)).await?).await?;
            let mut body: Value = answer
                .json()
                .await
                .context("an answer in an unknown form")?;
            let Value::Array(items) = body["items"].take() else {
                bail!("an answer in an unknown form: no items");
            };
            left -= items.len().min(left);
            page(items);
            match body["next_cursor"].take() {
                Value::String(next) => cursor = Some(next),
                _ => return Ok(()),
            }
        }
        Ok(())
    }
}

fn running(asking: &Asking) -> Result<Value> {
    let dir = DataDir::find(&asking.data_dir).ok();
    let ready = dir
        .filter(DataDir::is_locked)
        .and_then(|dir| std::fs::read_to_string(dir.ready_file()).ok());
    let ready = ready.with_context(|| {
        format!(
            "no platform runs on {}: start one with `orders up`, name its place with --data-dir, or give --url and \
             --token",
            asking.data_dir.display()
        )
    })?;
    serde_json::from_str(&ready).context("the running platform's ready.json")
}

/// The answer to a request.
pub(super) async fn sent(request: RequestBuilder) -> Result<Response> {
    request
        .send()
        .await
        .context("the query API does not answer")
}

/// An answer that is what was asked for; else the problem that it is becomes the error.
pub(super) async fn good(answer: Response) -> Result<Response> {
    let status = answer.status();
    if status.is_success() {
        return Ok(answer);
    }
    let text = answer.text().await.unwrap_or_default();
    let problem: Value = serde_json::from_str(&text).unwrap_or_default();
    let title = problem["title"].as_str().unwrap_or("no problem document");
    let said = match problem["detail"].as_str() {
        Some(detail) => format!("{status}: {title}: {detail}"),
        None => format!("{status}: {title}"),
    };
    Err(Refused { status, said }.into())
}

/// An answer that is not what was asked for.
#[derive(Debug)]
struct Refused {
    status: StatusCode,
    said: String,
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.said)
    }
}

impl std::error::Error for Refused {}

/// Whether the same question may be answered in a moment: the query API is away, or cannot answer now.
pub(super) fn is_passing(error: &Error) -> bool {
    match error.downcast_ref::<Refused>() {
        Some(refused) => refused.status.is_server_error(),
        None => error.is::<reqwest::Error>(),
    }
}
