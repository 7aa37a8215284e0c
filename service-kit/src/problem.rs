//! Errors as RFC 9457 `application/problem+json`.

mod problem_type;

use std::error::Error;

use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde_json::{Map, Value};

pub use problem_type::ProblemType;

/// What `type` URIs begin with; the name follows.
pub(crate) const TYPE_PREFIX: &str = "https://order-platform.dev/problems/";

/// After how many seconds to try again, where the problem does not say otherwise.
const DEFAULT_RETRY_AFTER: u32 = 1;

/// A place in the request's body that is wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PointedError {
    /// An RFC 6901 JSON pointer into the body, such as `/lines/0/quantity`.
    pub pointer: String,
    /// What is wrong there, for a person.
    pub detail: String,
}

/// An error as the client sees it. Nothing internal is ever in it.
///
/// As an answer it gets `instance` and `correlation_id` from [`crate::edge::wrap`]; a 503 always has `Retry-After`.
#[derive(Debug, Clone, PartialEq)]
pub struct Problem(Box<Parts>);

#[derive(Debug, Clone, PartialEq)]
struct Parts {
    kind: ProblemType,
    detail: Option<String>,
    members: Map<String, Value>,
    errors: Vec<PointedError>,
    retry_after: Option<u32>,
    headers: HeaderMap,
}

impl Problem {
    /// A problem of this type and nothing more.
    pub fn new(problem_type: ProblemType) -> Self {
        let retry_after = (problem_type.status() == StatusCode::SERVICE_UNAVAILABLE)
            .then_some(DEFAULT_RETRY_AFTER);
        Self(Box::new(Parts {
            kind: problem_type,
            detail: None,
            members: Map::new(),
            errors: Vec::new(),
            retry_after,
            headers: HeaderMap::new(),
        }))
    }

    /// A problem of this type for a failure of ours: logged here, once, with its chain of sources; the client sees none of it.
    pub fn from_failure(problem_type: ProblemType, failure: &(dyn Error + 'static)) -> Self {
        let chain = chain(failure);
        if problem_type == ProblemType::Internal {
            tracing::error!(problem = problem_type.name(), error = %chain, "request failed");
        } else {
            tracing::warn!(problem = problem_type.name(), error = %chain, "request failed");
        }
        Self::new(problem_type)
    }

    /// Says what is wrong, for a person.
    #[must_use]
    pub fn detail(mut self, detail: impl Into<String>) -> Self {
        self.0.detail = Some(detail.into());
        self
    }

    /// Adds a member that this type of problem has.
    #[must_use]
    pub fn member(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.0.members.insert(name.to_owned(), value.into());
        self
    }

    /// Points at a wrong place of the body.
    #[must_use]
    pub fn error(mut self, pointer: impl Into<String>, detail: impl Into<String>) -> Self {
        self.0.errors.push(PointedError {
            pointer: pointer.into(),
            detail: detail.into(),
        });
        self
    }

    /// Points at several wrong places of the body.
    #[must_use]
    pub fn errors(mut self, errors: impl IntoIterator<Item = PointedError>) -> Self {
        self.0.errors.extend(errors);
        self
    }

    /// Says after how many seconds to try again.
    #[must_use]
    pub fn retry_after(mut self, seconds: u32) -> Self {
        self.0.retry_after = Some(seconds);
        self
    }

    /// Adds a header to the answer.
    #[must_use]
    pub fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.0.headers.insert(name, value);
        self
    }

    /// The type.
    pub fn problem_type(&self) -> ProblemType {
        self.0.kind
    }

    /// The HTTP status.
    pub fn status(&self) -> StatusCode {
        self.0.kind.status()
    }

    /// After how many seconds to try again, if it is worth it.
    pub fn retry_after_seconds(&self) -> Option<u32> {
        self.0.retry_after
    }

    /// The body, for the request at the path `instance`.
    pub fn to_body(&self, instance: &str, correlation_id: &str) -> Value {
        self.render(Some((instance, correlation_id)))
    }

    fn render(&self, request: Option<(&str, &str)>) -> Value {
        let mut body = Map::new();
        let kind = self.0.kind;
        body.insert(
            "type".to_owned(),
            format!("{TYPE_PREFIX}{}", kind.name()).into(),
        );
        body.insert("title".to_owned(), kind.title().into());
        body.insert("status".to_owned(), kind.status().as_u16().into());
        if let Some(detail) = &self.0.detail {
            body.insert("detail".to_owned(), detail.as_str().into());
        }
        if let Some((instance, correlation_id)) = request {
            body.insert("instance".to_owned(), instance.into());
            body.insert("correlation_id".to_owned(), correlation_id.into());
        }
        if !self.0.errors.is_empty() {
            let errors = self.0.errors.iter().map(
                |error| serde_json::json!({ "pointer": error.pointer, "detail": error.detail }),
            );
            body.insert("errors".to_owned(), errors.collect());
        }
        for (name, value) in &self.0.members {
            body.entry(name.clone()).or_insert_with(|| value.clone());
        }
        Value::Object(body)
    }

    fn into_response_for(self, request: Option<(&str, &str)>) -> Response {
        let body = self.render(request).to_string();
        let mut response = (self.status(), body).into_response();
        let headers = response.headers_mut();
        headers.extend(self.0.headers.clone());
        headers.insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/problem+json"),
        );
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if let Some(seconds) = self.0.retry_after {
            headers.insert(header::RETRY_AFTER, seconds.into());
        }
        response.extensions_mut().insert(self);
        response
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        self.into_response_for(None)
    }
}

/// Writes `instance` and `correlation_id` into an answer that is a problem.
pub(crate) fn complete(mut response: Response, instance: &str, correlation_id: &str) -> Response {
    let Some(problem) = response.extensions_mut().remove::<Problem>() else {
        return response;
    };
    let completed = problem.into_response_for(Some((instance, correlation_id)));
    let (_, body) = completed.into_parts();
    let (mut parts, _) = response.into_parts();
    parts.headers.remove(header::CONTENT_LENGTH);
    Response::from_parts(parts, body)
}

/// A failure and its sources in one line. A source that its outer error already shows is not repeated.
pub fn chain(failure: &(dyn Error + 'static)) -> String {
    let mut text = failure.to_string();
    let mut source = failure.source();
    while let Some(inner) = source {
        let inner_text = inner.to_string();
        if !text.ends_with(&inner_text) {
            text.push_str(": ");
            text.push_str(&inner_text);
        }
        source = inner.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_body_has_the_contracts_members_in_order() {
        let body = Problem::new(ProblemType::InvalidRequest)
            .detail("1 field is wrong")
            .error("/lines/0/quantity", "must be at least 1")
            .member("order_status", "placed")
            .member("status", 200)
            .to_body("/v1/orders", "c-1");
        assert_eq!(
            body.to_string(),
            r#"{"type":"https://order-platform.dev/problems/invalid-request","title":"The request is invalid","status":422,"detail":"1 field is wrong","instance":"/v1/orders","correlation_id":"c-1","errors":[{"pointer":"/lines/0/quantity","detail":"must be at least 1"}],"order_status":"placed"}"#
        );
    }

    #[test]
    fn every_503_says_when_to_try_again() {
        for kind in ProblemType::ALL {
            let response = Problem::new(*kind).into_response();
            assert_eq!(
                response.headers().contains_key(header::RETRY_AFTER),
                response.status() == StatusCode::SERVICE_UNAVAILABLE,
                "{}",
                kind.name()
            );
        }
    }

    #[test]
    fn a_chain_repeats_nothing() {
        #[derive(Debug, thiserror::Error)]
        #[error("outer: {0}")]
        struct Shown(#[source] std::fmt::Error);
        #[derive(Debug, thiserror::Error)]
        #[error("outer")]
        struct Hidden(#[source] std::fmt::Error);
        let inner = std::fmt::Error.to_string();
        assert_eq!(chain(&Shown(std::fmt::Error)), format!("outer: {inner}"));
        assert_eq!(chain(&Hidden(std::fmt::Error)), format!("outer: {inner}"));
    }
}
