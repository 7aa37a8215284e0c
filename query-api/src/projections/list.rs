//! `GET /v1/projections` and `GET /v1/projections/{name}`.

use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::response::Response;
use serde::Serialize;
use service_kit::Problem;

use super::document::{self, Projection};
use crate::answer;
use crate::request::Operator;
use crate::views::Views;

/// All of them: they are few.
#[derive(Serialize)]
struct Page {
    items: Vec<Projection>,
    next_cursor: Option<String>,
}

/// Every projection.
pub(crate) async fn list(
    State(views): State<Views>,
    operator: Operator,
) -> Result<Response, Problem> {
    operator.parameters(&[])?;
    answer::state(&Page {
        items: document::all(&views).await?,
        next_cursor: None,
    })
}

/// One projection.
pub(crate) async fn one(
    State(views): State<Views>,
    operator: Operator,
    path: Result<Path<String>, PathRejection>,
) -> Result<Response, Problem> {
    operator.parameters(&[])?;
    let view = super::view(path)?;
    answer::state(&document::of(&views, view).await?)
}
