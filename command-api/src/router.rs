//! All routes of the command API.

use std::time::Instant;

use axum::Router;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, Request, State};
use axum::response::Response;
use axum::routing::post;
use domain::OrderId;
use domain::order::CommandName;

use crate::admission::{self, Endpoint};
use crate::app::App;
use crate::refusal::Refusal;
use crate::{bulk, measure, openapi, reply};

/// The commands of an order that is there, each at `POST /v1/orders/{order_id}/{command}`, and the
/// two ways in which orders come: `POST /v1/orders` and `POST /v1/bulk`. And the document that says all this.
pub(crate) fn router(app: App) -> Router {
    let mut router = Router::new()
        .route("/v1/orders", post(new_order))
        .route("/v1/bulk", post(bulk::upload));
    for name in CommandName::ALL
        .iter()
        .copied()
        .filter(|name| *name != CommandName::Draft)
    {
        let handler = move |app: State<App>, id: Result<Path<String>, PathRejection>, request| {
            command(app, name, id, request)
        };
        router = router.route(&format!("/v1/orders/{{order_id}}/{name}"), post(handler));
    }
    router
        .with_state(app)
        .merge(service_kit::openapi::routes(&openapi::document()))
}

async fn new_order(State(app): State<App>, request: Request) -> Response {
    carry_out(&app, Endpoint::NewOrder, request).await
}

async fn command(
    State(app): State<App>,
    name: CommandName,
    order_id: Result<Path<String>, PathRejection>,
    request: Request,
) -> Response {
    // What no order can be called is no path.
    match order_id
        .ok()
        .and_then(|Path(text)| OrderId::parse(text).ok())
    {
        Some(order_id) => carry_out(&app, Endpoint::Command(name, order_id), request).await,
        None => reply::response(Err(Refusal::NoSuchOrder), &app.query_url),
    }
}

async fn carry_out(app: &App, endpoint: Endpoint, request: Request) -> Response {
    let began = Instant::now();
    let name = endpoint.name();
    let outcome = match admission::admit(app, endpoint, request).await {
        Ok(call) => app.commands.carry_out(&call).await,
        Err(refusal) => Err(refusal),
    };
    let response = reply::response(outcome, &app.query_url);
    measure::command(name, response.status(), began.elapsed());
    response
}
