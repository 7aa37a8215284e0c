//! All paths of the service.

use axum::Router;
use axum::extract::FromRef;
use axum::routing::{get, post};
use service_kit::health::Health;
use service_kit::{Authenticator, RateLimiter, edge};
use tokio_util::sync::CancellationToken;

use crate::projections::Requests;
use crate::stream::Hub;
use crate::views::Views;
use crate::{
    audit, customers, fulfillment_queue, openapi, orders, products, projections, returns, revenue,
    stream,
};

/// What every handler has. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct App {
    authenticator: Authenticator,
    rate_limiter: RateLimiter,
    views: Views,
    requests: Requests,
    hub: Hub,
}

impl App {
    pub(crate) fn new(
        authenticator: Authenticator,
        rate_limiter: RateLimiter,
        views: Views,
        requests: Requests,
        hub: Hub,
    ) -> Self {
        Self {
            authenticator,
            rate_limiter,
            views,
            requests,
            hub,
        }
    }

    /// Who counts each actor's requests.
    pub(crate) fn rate_limiter(&self) -> &RateLimiter {
        &self.rate_limiter
    }
}

impl FromRef<App> for Authenticator {
    fn from_ref(app: &App) -> Self {
        app.authenticator.clone()
    }
}

impl FromRef<App> for Views {
    fn from_ref(app: &App) -> Self {
        app.views.clone()
    }
}

impl FromRef<App> for Requests {
    fn from_ref(app: &App) -> Self {
        app.requests.clone()
    }
}

impl FromRef<App> for Hub {
    fn from_ref(app: &App) -> Self {
        app.hub.clone()
    }
}

/// The paths of the contract that are served today.
pub(crate) fn router(app: App, stopping: &CancellationToken) -> Router {
    let views = app.views.clone();
    let health = Health::new(stopping.clone()).needs("views", move || {
        let views = views.clone();
        async move { views.check().await }
    });
    let routes = Router::new()
        .route("/v1/orders", get(orders::list::list))
        .route("/v1/orders/{order_id}", get(orders::one::by_id))
        .route(
            "/v1/orders/by-number/{order_number}",
            get(orders::one::by_number),
        )
        .route(
            "/v1/orders/{order_id}/timeline",
            get(orders::timeline::timeline),
        )
        .route("/v1/orders/{order_id}/stream", get(stream::of_order))
        .route("/v1/stream", get(stream::all))
        .route("/v1/audit/events", get(audit::list::list))
        .route("/v1/customers/{customer_id}", get(customers::by_id))
        .route(
            "/v1/customers/{customer_id}/orders",
            get(orders::list::of_customer),
        )
        .route("/v1/products", get(products::list::list))
        .route("/v1/products/{sku}", get(products::one::by_sku))
        .route("/v1/reports/revenue", get(revenue::report))
        .route("/v1/fulfillment/queue", get(fulfillment_queue::list))
        .route("/v1/returns", get(returns::list))
        .merge(of_operators())
        .with_state(app)
        .merge(service_kit::openapi::routes(&openapi::document()));
    edge::wrap("query-api", routes, health)
}

/// The projections.
fn of_operators() -> Router<App> {
    use projections::{list, rebuild, retry, revert, verify};
    Router::new()
        .route("/v1/projections", get(list::list))
        .route("/v1/projections/{name}", get(list::one))
        .route("/v1/projections/{name}/rebuild", post(rebuild::ask))
        .route(
            "/v1/projections/{name}/rebuilds/{rebuild_id}",
            get(rebuild::progress),
        )
        .route("/v1/projections/{name}/verify", post(verify::ask))
        .route(
            "/v1/projections/{name}/verifications/{verification_id}",
            get(verify::progress),
        )
        .route("/v1/projections/{name}/revert", post(revert::ask))
        .route(
            "/v1/projections/{name}/reverts/{revert_id}",
            get(revert::progress),
        )
        .route("/v1/projections/{name}/retry", post(retry::ask))
}
