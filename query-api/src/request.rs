//! What every query has in common, checked before its own part begins.

mod accept;
mod conditional;
mod cursor;
mod operator;
mod parameters;

use std::marker::PhantomData;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, Uri};
use service_kit::{Actor, Problem, Scope};

pub(crate) use accept::MediaType;
pub(crate) use conditional::{etag, none_match};
pub(crate) use cursor::CursorOf;
pub(crate) use operator::{Demand, Operator};
pub(crate) use parameters::{DEFAULT_LIMIT, MAX_LIMIT, MAX_VALUES, Parameters, bad_parameter};

use crate::answer::NextPage;
use crate::router::App;
use crate::views::Freshness;

/// Who may ask, and what the answer can be.
pub(crate) trait Terms {
    /// The scope that the token must hold.
    const SCOPE: Scope;
    /// The types of the answer, the usual one first.
    const OFFERED: &'static [MediaType];
}

/// For whoever may read orders, in JSON: most queries.
#[derive(Debug)]
pub(crate) struct OrdersInJson;

impl Terms for OrdersInJson {
    const SCOPE: Scope = Scope::OrdersRead;
    const OFFERED: &'static [MediaType] = &[MediaType::Json];
}

/// A query of somebody who may ask it and takes its answer.
#[derive(Debug)]
pub(crate) struct Question<T = OrdersInJson> {
    /// How new the answer must be.
    pub(crate) freshness: Freshness,
    /// The type of the answer.
    pub(crate) media: MediaType,
    headers: HeaderMap,
    uri: Uri,
    terms: PhantomData<T>,
}

impl<T> Question<T> {
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

impl<T: Terms> FromRequestParts<App> for Question<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let actor = Actor::from_request_parts(parts, app).await?;
        app.rate_limiter().admit(&actor, &parts.extensions)?;
        actor.require(T::SCOPE)?;
        let media = accept::best(&parts.headers, T::OFFERED)?;
        Ok(Self {
            freshness: Freshness::from_headers(&parts.headers)?,
            media,
            headers: parts.headers.clone(),
            uri: parts.uri.clone(),
            terms: PhantomData,
        })
    }
}
