//! `POST /v1/projections/{name}/rebuild` and `GET /v1/projections/{name}/rebuilds/{rebuild_id}`.

use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::response::Response;
use read_model::operations::Kind;
use service_kit::Problem;

use super::Requests;
use super::progress::Rebuild;
use crate::answer;
use crate::request::{Demand, Operator};
use crate::views::Views;

/// Has a new generation of a view built beside the live one, which it then becomes.
pub(crate) async fn ask(
    State(requests): State<Requests>,
    path: Result<Path<String>, PathRejection>,
    demand: Demand,
) -> Result<Response, Problem> {
    demand.parameters(&[])?;
    let view = super::view(path)?;
    let operation = requests
        .ask(view, Kind::Rebuild, false, demand.subject())
        .await?;
    let location = format!("/v1/projections/{view}/rebuilds/{}", operation.operation_id);
    answer::accepted(&Rebuild::from(&operation), &location)
}

/// How far it is.
pub(crate) async fn progress(
    State(views): State<Views>,
    operator: Operator,
    path: Result<Path<(String, String)>, PathRejection>,
) -> Result<Response, Problem> {
    operator.parameters(&[])?;
    let operation = super::operation(&views, Kind::Rebuild, path).await?;
    answer::state(&Rebuild::from(&operation))
}
