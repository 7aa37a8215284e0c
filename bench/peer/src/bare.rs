//! One route and one statement: a document out of a table that somebody else has filled.

use std::sync::Arc;

use axum::Router;
use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use sqlx::PgPool;

#[derive(Clone)]
struct Documents {
    pool: PgPool,
    statement: Arc<str>,
}

/// Serves the column `document` of this table by `order_id`.
pub(crate) fn router(pool: PgPool, table: &str) -> Router {
    let statement = format!("select document::text from {table} where order_id = $1");
    let documents = Documents {
        pool,
        statement: statement.into(),
    };
    Router::new()
        .route("/orders/{order_id}", get(read))
        .with_state(documents)
}

async fn read(State(documents): State<Documents>, Path(order_id): Path<String>) -> Response {
    let found: Result<Option<String>, sqlx::Error> = sqlx::query_scalar(&documents.statement)
        .bind(order_id)
        .fetch_optional(&documents.pool)
        .await;
    match found {
        Ok(Some(document)) => {
            ([(header::CONTENT_TYPE, "application/json")], document).into_response()
        }
        Ok(None) => StatusCode::NOT_FOUND.into_response(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}
