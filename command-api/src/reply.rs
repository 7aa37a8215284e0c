//! Answers and refusals as HTTP.

use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, ETAG, LOCATION};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse as _, Response};

use crate::admission::media_type::JSON;
use crate::answer::Answer;
use crate::refusal::Refusal;

const LOG_POSITION: HeaderName = HeaderName::from_static("log-position");
const PREFERENCE_APPLIED: HeaderName = HeaderName::from_static("preference-applied");
const IDEMPOTENT_REPLAYED: HeaderName = HeaderName::from_static("idempotent-replayed");

/// The response to a command. `query_url` is where orders are shown.
pub(crate) fn response(outcome: Result<Answer, Refusal>, query_url: &str) -> Response {
    match outcome {
        Ok(answer) => {
            let headers = headers(&answer, query_url);
            (answer.status, headers, answer.body.get().to_owned()).into_response()
        }
        Err(refusal) => refusal.into_problem().into_response(),
    }
}

fn headers(answer: &Answer, query_url: &str) -> HeaderMap {
    let mut headers = HeaderMap::with_capacity(8);
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(JSON));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if let Some(place) = answer.place {
        insert(&mut headers, ETAG, &format!("\"{}\"", place.version));
        headers.insert(LOG_POSITION, place.position.into());
    }
    if answer.status == StatusCode::CREATED {
        insert(
            &mut headers,
            LOCATION,
            &format!("{query_url}/v1/orders/{}", answer.order_id),
        );
    }
    if answer.represented {
        insert(&mut headers, PREFERENCE_APPLIED, "return=representation");
    }
    if answer.replayed {
        insert(&mut headers, IDEMPOTENT_REPLAYED, "true");
    }
    headers
}

/// The values here are ASCII: numbers, order ids, and a URL that the configuration has checked.
fn insert(headers: &mut HeaderMap, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        headers.insert(name, value);
    }
}
