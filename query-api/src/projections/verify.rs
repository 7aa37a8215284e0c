//! `POST /v1/projections/{name}/verify` and `GET /v1/projections/{name}/verifications/{verification_id}`.

use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::response::Response;
use read_model::operations::Kind;
use service_kit::Problem;

use super::Requests;
use super::progress::{self, Verification};
use crate::answer;
use crate::request::{Demand, Operator};
use crate::views::Views;

const FIX: &str = "fix";

/// Has a view compared with the log, row by row, and with `fix` the rows that differ replaced.
pub(crate) async fn ask(
    State(requests): State<Requests>,
    State(views): State<Views>,
    path: Result<Path<String>, PathRejection>,
    demand: Demand,
) -> Result<Response, Problem> {
    let parameters = demand.parameters(&[FIX])?;
    let fix = parameters.parsed(FIX, |text| match text {
        "true" => Ok(true),
        "false" => Ok(false),
        _ => Err("takes only: true, false"),
    })?;
    let view = super::view(path)?;
    let operation = requests
        .ask(view, Kind::Verify, fix.unwrap_or(false), demand.subject())
        .await?;
    let id = operation.operation_id;
    // Of one that is under way already.
    let found = views
        .read_beside(|connection| Box::pin(progress::differences(connection, id)))
        .await?;
    let location = format!("/v1/projections/{view}/verifications/{id}");
    answer::accepted(&Verification::of(&operation, found), &location)
}

/// How far it is, and what it has found.
pub(crate) async fn progress(
    State(views): State<Views>,
    operator: Operator,
    path: Result<Path<(String, String)>, PathRejection>,
) -> Result<Response, Problem> {
    operator.parameters(&[])?;
    let operation = super::operation(&views, Kind::Verify, path).await?;
    // After it: what has ended has found all of this.
    let id = operation.operation_id;
    let found = views
        .read_beside(|connection| Box::pin(progress::differences(connection, id)))
        .await?;
    answer::state(&Verification::of(&operation, found))
}
