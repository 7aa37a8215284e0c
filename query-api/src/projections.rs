//! The projections: how each view is, and what operators ask of the projectors that keep them.
//!
//! This service only writes down what is asked; projectors carry it out and write down how far they are.

mod document;
pub(crate) mod list;
mod progress;
pub(crate) mod rebuild;
mod requests;
pub(crate) mod retry;
pub(crate) mod revert;
pub(crate) mod verify;

use axum::extract::Path;
use axum::extract::rejection::PathRejection;
use read_model::View;
use read_model::operations::{self, Kind, Operation};
use service_kit::Problem;
use uuid::Uuid;

use crate::answer;
use crate::views::Views;

pub(crate) use document::Status;
pub(crate) use requests::Requests;

/// The view that a path names.
fn view(path: Result<Path<String>, PathRejection>) -> Result<View, Problem> {
    path.ok()
        .and_then(|Path(name)| View::parse(&name))
        .ok_or_else(|| answer::not_found("projection"))
}

/// The operation that a path names by its view and its id.
async fn operation(
    views: &Views,
    kind: Kind,
    path: Result<Path<(String, String)>, PathRejection>,
) -> Result<Operation, Problem> {
    let Ok(Path((name, id))) = path else {
        return Err(answer::not_found(kind.as_str()));
    };
    let view = View::parse(&name).ok_or_else(|| answer::not_found("projection"))?;
    let nothing = || answer::not_found(kind.as_str());
    let id = Uuid::parse_str(&id).map_err(|_| nothing())?;
    let found = views
        .read_beside(|connection| Box::pin(operations::find(connection, id)))
        .await?;
    found
        .filter(|operation| operation.view == view && operation.kind == kind)
        .ok_or_else(nothing)
}
