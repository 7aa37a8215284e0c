//! Answers: the bytes of the database, framed.

use axum::body::Body;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use serde::Serialize;
use service_kit::{Problem, ProblemType};

use crate::request::MediaType;

const LOG_POSITION: HeaderName = HeaderName::from_static("log-position");
const X_ACCEL_BUFFERING: HeaderName = HeaderName::from_static("x-accel-buffering");

/// JSON as it is, complete up to `position`.
pub(crate) fn json(body: String, position: i64) -> Response {
    let mut response = Response::new(Body::from(body));
    let json = HeaderValue::from_static("application/json");
    response.headers_mut().insert(header::CONTENT_TYPE, json);
    framed(response, position)
}

/// A document that this service makes itself, complete up to `position`.
pub(crate) fn document(document: &impl Serialize, position: i64) -> Result<Response, Problem> {
    Ok(json(text_of(document)?, position))
}

/// How something is now: nobody may keep it.
pub(crate) fn state(document: &impl Serialize) -> Result<Response, Problem> {
    let mut response = Response::new(Body::from(text_of(document)?));
    let headers = response.headers_mut();
    let json = HeaderValue::from_static("application/json");
    headers.insert(header::CONTENT_TYPE, json);
    let kept = HeaderValue::from_static("no-store");
    headers.insert(header::CACHE_CONTROL, kept);
    Ok(response)
}

/// Something was begun; how far it is stands at `location`.
pub(crate) fn accepted(document: &impl Serialize, location: &str) -> Result<Response, Problem> {
    let mut response = state(document)?;
    *response.status_mut() = StatusCode::ACCEPTED;
    let location = HeaderValue::try_from(location)
        .map_err(|error| Problem::from_failure(ProblemType::Internal, &error))?;
    response.headers_mut().insert(header::LOCATION, location);
    Ok(response)
}

/// The items of a list that this service makes itself.
pub(crate) fn documents(documents: &[impl Serialize]) -> Result<Vec<String>, Problem> {
    documents.iter().map(text_of).collect()
}

fn text_of(document: &impl Serialize) -> Result<String, Problem> {
    serde_json::to_string(document)
        .map_err(|error| Problem::from_failure(ProblemType::Internal, &error))
}

/// A body of this type that comes bit by bit, complete up to `position`.
pub(crate) fn streamed(body: Body, media: MediaType, position: i64) -> Response {
    let mut response = Response::new(body);
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, media.content_type());
    // A proxy that collects it before it passes it on would defeat it.
    headers.insert(X_ACCEL_BUFFERING, HeaderValue::from_static("no"));
    framed(response, position)
}

/// The caller has this already.
pub(crate) fn not_modified(position: i64) -> Response {
    framed(StatusCode::NOT_MODIFIED.into_response(), position)
}

/// There can be no such thing.
pub(crate) fn not_found(what: &str) -> Problem {
    Problem::new(ProblemType::NotFound).detail(format!("there is no such {what}"))
}

/// There is no such thing, up to `position`.
pub(crate) fn not_found_at(what: &str, position: i64) -> Problem {
    not_found(what).header(LOG_POSITION, position.into())
}

fn framed(mut response: Response, position: i64) -> Response {
    let headers = response.headers_mut();
    headers.insert(LOG_POSITION, position.into());
    // Only the caller may keep it, and must ask each time whether it still holds.
    let kept = HeaderValue::from_static("private, no-cache");
    headers.insert(header::CACHE_CONTROL, kept);
    response
}

/// A page of a list: its items as they are stored, and the way to the next page.
pub(crate) fn list(items: &[String], next: Option<&NextPage>, position: i64) -> Response {
    const FRAME: usize = 64;
    let cursor = next.map(|next| next.cursor.as_str());
    let length: usize = items.iter().map(|item| item.len() + 1).sum();
    let mut body = String::with_capacity(length + cursor.map_or(0, str::len) + FRAME);
    body.push_str("{\"items\":[");
    for (index, item) in items.iter().enumerate() {
        if index > 0 {
            body.push(',');
        }
        body.push_str(item);
    }
    body.push_str("],\"next_cursor\":");
    match cursor {
        // Characters of base64url: nothing to escape.
        Some(cursor) => {
            body.push('"');
            body.push_str(cursor);
            body.push('"');
        }
        None => body.push_str("null"),
    }
    body.push('}');
    let mut response = json(body, position);
    if let Some(next) = next
        && let Ok(link) = HeaderValue::try_from(format!("<{}>; rel=\"next\"", next.target))
    {
        response.headers_mut().insert(header::LINK, link);
    }
    response
}

/// Where a list goes on.
#[derive(Debug)]
pub(crate) struct NextPage {
    /// The cursor.
    pub(crate) cursor: String,
    /// Path and query of the next page.
    pub(crate) target: String,
}
