//! The OpenAPI documents, as somebody uses them who has nothing else.

mod client;
mod queries;
mod validator;

use anyhow::{Context as _, Result};
use serde_json::Value;

use crate::platform::Platform;

/// The document of the service at the URL that the platform announces by this name.
async fn document(platform: &Platform, service: &str) -> Result<Value> {
    let url = format!("{}/openapi.json", platform.text(service));
    let answer = platform.http.get(&url).send().await?.error_for_status()?;
    answer.json().await.with_context(|| url)
}
