//! `POST /v1/projections/{name}/revert` and `GET /v1/projections/{name}/reverts/{revert_id}`.

use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::response::Response;
use read_model::operations::Kind;
use service_kit::Problem;

use super::Requests;
use super::progress::Revert;
use crate::answer;
use crate::request::{Demand, Operator};
use crate::views::Views;

/// Has the generation that was live before become the live one again.
pub(crate) async fn ask(
    State(requests): State<Requests>,
    path: Result<Path<String>, PathRejection>,
    demand: Demand,
) -> Result<Response, Problem> {
    demand.parameters(&[])?;
    let view = super::view(path)?;
    let operation = requests
        .ask(view, Kind::Revert, false, demand.subject())
        .await?;
    let location = format!("/v1/projections/{view}/reverts/{}", operation.operation_id);
    answer::accepted(&Revert::from(&operation), &location)
}

/// How far it is.
pub(crate) async fn progress(
    State(views): State<Views>,
    operator: Operator,
    path: Result<Path<(String, String)>, PathRejection>,
) -> Result<Response, Problem> {
    operator.parameters(&[])?;
    let operation = super::operation(&views, Kind::Revert, path).await?;
    answer::state(&Revert::from(&operation))
}
