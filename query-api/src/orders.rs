//! Queries about orders: one, now or as it was, a list, and what happened to one.

mod by_terms;
mod filter;
pub(crate) mod list;
pub(crate) mod one;
pub(crate) mod past;
mod sort;
pub(crate) mod timeline;

use axum::extract::Path;
use axum::extract::rejection::PathRejection;
use read_model::OrderId;
use service_kit::Problem;

use crate::answer;

/// The id in a path. What cannot be an id names no order, however long one waits.
pub(crate) fn order_id(path: Result<Path<String>, PathRejection>) -> Result<OrderId, Problem> {
    path.ok()
        .and_then(|Path(id)| OrderId::parse(id).ok())
        .ok_or_else(|| answer::not_found("order"))
}
