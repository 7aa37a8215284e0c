//! Its two routes.

use std::collections::HashMap;
use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use cqrs_es::AggregateError;
use cqrs_es::persist::{GenericQuery, ViewRepository as _};
use postgres_es::{PostgresCqrs, PostgresViewRepository, postgres_cqrs};
use serde_json::json;
use sqlx::PgPool;
use uuid::Uuid;

use crate::order::{NewOrder, Order, OrderCommand, OrderView};

type Views = PostgresViewRepository<OrderView, Order>;

#[derive(Clone)]
struct Service {
    orders: Arc<PostgresCqrs<Order>>,
    views: Arc<Views>,
}

pub(crate) fn router(pool: PgPool) -> Router {
    let views = Arc::new(Views::new("order_view", pool.clone()));
    let query: GenericQuery<Views, OrderView, Order> = GenericQuery::new(Arc::clone(&views));
    let service = Service {
        orders: Arc::new(postgres_cqrs(pool, vec![Box::new(query)], ())),
        views,
    };
    Router::new()
        .route("/orders", post(place))
        .route("/orders/{order_id}", get(read))
        .with_state(service)
}

async fn place(State(service): State<Service>, Json(order): Json<NewOrder>) -> Response {
    let order_id = order.order_id.clone();
    let command_id = Uuid::now_v7().to_string();
    let metadata = HashMap::from([
        ("actor".to_owned(), "a-customer".to_owned()),
        ("command".to_owned(), "place".to_owned()),
        ("command_id".to_owned(), command_id),
    ]);
    let command = OrderCommand::Place(Box::new(order));
    match service
        .orders
        .execute_with_metadata(&order_id, command, metadata)
        .await
    {
        Ok(()) => (StatusCode::CREATED, Json(json!({ "order_id": order_id }))).into_response(),
        Err(AggregateError::UserError(refused)) => {
            (StatusCode::CONFLICT, refused.to_string()).into_response()
        }
        Err(AggregateError::AggregateConflict) => StatusCode::CONFLICT.into_response(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

async fn read(State(service): State<Service>, Path(order_id): Path<String>) -> Response {
    match service.views.load(&order_id).await {
        Ok(Some(order)) => Json(order).into_response(),
        Ok(None) => StatusCode::NOT_FOUND.into_response(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}
