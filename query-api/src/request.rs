//! What every query has in common, checked before its own part begins.

mod accept;
mod conditional;
mod cursor;
mod parameters;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, Uri};
use service_kit::{Actor, Problem, Scope};

pub(crate) use conditional::{etag, none_match};
pub(crate) use cursor::CursorOf;
pub(crate) use parameters::Parameters;

use crate::answer::NextPage;
use crate::router::App;
use crate::views::Freshness;

/// A query of somebody who may read orders and takes JSON.
#[derive(Debug)]
pub(crate) struct Question {
    /// How new the answer must be.
    pub(crate) freshness: Freshness,
    headers: HeaderMap,
    uri: Uri,
}

impl Question {
    /// The request's headers.
    pub(crate) fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    /// Where this list goes on behind this cursor.
    pub(crate) fn next_page(&self, parameters: &Parameters, cursor: String) -> NextPage {
        let target = format!("{}?{}", self.uri.path(), parameters.with_cursor(&cursor));
        NextPage { cursor, target }
    }

    /// The query's parameters, each of them one of `known` and there once.
    pub(crate) fn parameters(&self, known: &[&str]) -> Result<Parameters, Problem> {
        Parameters::parse(self.uri.query().unwrap_or_default(), known)
    }
}

impl FromRequestParts<App> for Question {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let actor = Actor::from_request_parts(parts, app).await?;
        app.rate_limiter().admit(&actor, &parts.extensions)?;
        actor.require(Scope::OrdersRead)?;
        accept::json(&parts.headers)?;
        Ok(Self {
            freshness: Freshness::from_headers(&parts.headers)?,
            headers: parts.headers.clone(),
            uri: parts.uri.clone(),
        })
    }
}
