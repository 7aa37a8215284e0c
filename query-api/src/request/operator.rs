//! What operators ask about the views and of the projectors. None of it is data of a view: it says how things are now, has no
//! position and waits for none.

use axum::body::HttpBody as _;
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::Uri;
use axum::http::request::Parts;
use service_kit::{Actor, Problem, ProblemType, Scope};

use super::{MediaType, Parameters, accept};
use crate::router::App;

/// A request of an operator who takes its answer.
#[derive(Debug)]
pub(crate) struct Operator {
    actor: Actor,
    uri: Uri,
}

/// A request of an operator that something be done. All that it says is in its path and its parameters.
#[derive(Debug)]
pub(crate) struct Demand(Operator);

impl Operator {
    /// The query's parameters, each of them one of `known` and there once.
    pub(crate) fn parameters(&self, known: &[&str]) -> Result<Parameters, Problem> {
        Parameters::parse(self.uri.query().unwrap_or_default(), known)
    }
}

impl Demand {
    /// Who asks.
    pub(crate) fn subject(&self) -> &str {
        self.0.actor.subject()
    }

    /// As [`Operator::parameters`].
    pub(crate) fn parameters(&self, known: &[&str]) -> Result<Parameters, Problem> {
        self.0.parameters(known)
    }
}

impl FromRequestParts<App> for Operator {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let actor = Actor::from_request_parts(parts, app).await?;
        app.rate_limiter().admit(&actor, &parts.extensions)?;
        actor.require(Scope::Ops)?;
        accept::best(&parts.headers, &[MediaType::Json])?;
        Ok(Self {
            actor,
            uri: parts.uri.clone(),
        })
    }
}

impl FromRequest<App> for Demand {
    type Rejection = Problem;

    async fn from_request(request: Request, app: &App) -> Result<Self, Problem> {
        let (mut parts, body) = request.into_parts();
        let operator = Operator::from_request_parts(&mut parts, app).await?;
        // What stands in a body would be ignored, and whoever wrote it would not know.
        if !body.is_end_stream() {
            return Err(Problem::new(ProblemType::Malformed).detail("this takes no body"));
        }
        Ok(Self(operator))
    }
}
