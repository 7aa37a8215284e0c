//! From an HTTP request to a command that is let in.
//!
//! What is wrong is told in the contract's order: who asks (401), how often (429), may they (403), how
//! much (413), what is it (415, 406), is it well formed (400). Whether the body makes sense is not
//! decided here.

pub(crate) mod idempotency_key;
pub(crate) mod if_match;
pub(crate) mod media_type;
pub(crate) mod parameters;
mod payload;
mod prefer;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Instant;

use axum::extract::{ConnectInfo, Request};
use axum::http::HeaderMap;
use axum::http::header::{IF_MATCH, USER_AGENT};
use axum::http::request::Parts;
use domain::OrderId;
use domain::envelope::Client;
use domain::order::CommandName;
use serde_json::{Map, Value};
use service_kit::{Actor, Correlation};

use crate::app::App;
use crate::body::json;
use crate::call::{Call, Mode, Origin};
use crate::commands::{self, Target};
use crate::refusal::Refusal;
use if_match::IfMatch;

pub(crate) use payload::drain;

/// The most bytes of a single command's body.
const LARGEST_BODY: usize = 1 << 20;

/// The most characters of a `User-Agent` that are kept.
const LONGEST_USER_AGENT: usize = 255;

/// What a path leads to.
#[derive(Debug, Clone)]
pub(crate) enum Endpoint {
    /// `POST /v1/orders`: the body says whether to place or to draft.
    NewOrder,
    /// `POST /v1/orders/{order_id}/{command}`.
    Command(CommandName, OrderId),
}

impl Endpoint {
    /// The command, as far as the path says it.
    pub(crate) fn name(&self) -> CommandName {
        match self {
            Self::NewOrder => CommandName::Place,
            Self::Command(name, _) => *name,
        }
    }
}

/// Lets a request in, or says why not.
pub(crate) async fn admit(
    app: &App,
    endpoint: Endpoint,
    request: Request,
) -> Result<Call, Refusal> {
    let deadline = Instant::now() + app.request_deadline;
    let (parts, body) = request.into_parts();
    let actor = authenticated(app, &parts).await?;
    let mut name = endpoint.name();
    let target = match endpoint {
        Endpoint::NewOrder => Target::New,
        Endpoint::Command(_, order_id) => Target::Existing(order_id),
    };
    actor.require(commands::scope(name))?;

    let bytes = payload::read(body, &parts.headers, LARGEST_BODY, deadline).await?;
    if !bytes.is_empty() && !media_type::is(media_type::JSON, &parts.headers) {
        return Err(Refusal::NotJson {
            expected: media_type::JSON,
        });
    }
    accepted(media_type::JSON, &parts.headers)?;

    let dry_run = parameters::dry_run(parts.uri.query())?;
    let if_match = precondition(&parts.headers, &target)?;
    let mode = mode(dry_run, &parts.headers)?;
    let mut body = if bytes.is_empty() && commands::needs_no_body(name, &target) {
        Value::Object(Map::new())
    } else {
        json::parse(&bytes).map_err(|error| malformed(&error))?
    };
    if target == Target::New && commands::take_draft(&mut body) {
        name = CommandName::Draft;
    }
    let origin = Arc::new(origin(&actor, &parts));
    Ok(Call {
        origin,
        name,
        target,
        body,
        mode,
        if_match,
        deadline,
    })
}

/// Who asks, unless that is unknown or they ask too often.
pub(crate) async fn authenticated(app: &App, parts: &Parts) -> Result<Actor, Refusal> {
    let actor = app.authenticator.authenticate(&parts.headers).await?;
    app.rate_limiter.admit(&actor, &parts.extensions)?;
    Ok(actor)
}

/// Refuses a caller who takes no answer of this type.
pub(crate) fn accepted(offered: &'static str, headers: &HeaderMap) -> Result<(), Refusal> {
    if media_type::accepts(offered, headers) {
        Ok(())
    } else {
        Err(Refusal::NotAcceptable { offered })
    }
}

/// Who asks, and how the request came.
pub(crate) fn origin(actor: &Actor, parts: &Parts) -> Origin {
    let extensions = &parts.extensions;
    // Put there by what wraps all routes; without it the ids are made here.
    let correlation = extensions.get::<Correlation>().cloned();
    let correlation = correlation.unwrap_or_else(|| Correlation::from_headers(&parts.headers));
    let address = extensions
        .get::<ConnectInfo<SocketAddr>>()
        .map(|peer| peer.0.ip().to_string());
    let user_agent = parts
        .headers
        .get(USER_AGENT)
        .and_then(|agent| agent.to_str().ok());
    let user_agent = user_agent.map(|agent| agent.chars().take(LONGEST_USER_AGENT).collect());
    Origin {
        actor: actor.subject().to_owned(),
        correlation_id: correlation.id().to_owned(),
        traceparent: correlation.traceparent().to_owned(),
        client: Client {
            address,
            user_agent,
        },
        path: parts.uri.path().to_owned(),
    }
}

/// An order that is to be made has no version that anybody could know.
fn precondition(headers: &HeaderMap, target: &Target) -> Result<Option<IfMatch>, Refusal> {
    if *target == Target::New && headers.contains_key(IF_MATCH) {
        let detail = "If-Match has no meaning for a new order".to_owned();
        return Err(Refusal::Malformed { detail });
    }
    IfMatch::from_headers(headers)
}

/// A dry run looks at no key.
fn mode(dry_run: bool, headers: &HeaderMap) -> Result<Mode, Refusal> {
    if dry_run {
        return Ok(Mode::DryRun);
    }
    let key = idempotency_key::from_headers(headers)?;
    Ok(Mode::Effect {
        key,
        represented: prefer::representation(headers),
    })
}

/// What the parser says about a text that is not JSON.
pub(crate) fn malformed(error: &serde_json::Error) -> Refusal {
    Refusal::Malformed {
        detail: format!("the body is not JSON: {error}"),
    }
}
