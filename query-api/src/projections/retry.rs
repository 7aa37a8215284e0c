//! `POST /v1/projections/{name}/retry`.

use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::response::Response;
use read_model::operations::Kind;
use service_kit::Problem;

use super::{Requests, document};
use crate::answer;
use crate::request::Demand;
use crate::views::Views;

/// Has the orders that a view could not take in tried again, and a view that has stopped go on.
pub(crate) async fn ask(
    State(requests): State<Requests>,
    State(views): State<Views>,
    path: Result<Path<String>, PathRejection>,
    demand: Demand,
) -> Result<Response, Problem> {
    demand.parameters(&[])?;
    let view = super::view(path)?;
    requests
        .ask(view, Kind::Retry, false, demand.subject())
        .await?;
    answer::state(&document::of(&views, view).await?)
}
