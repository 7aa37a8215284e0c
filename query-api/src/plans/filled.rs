//! Views with many orders.

use read_model::{View, create_view};
use sqlx::PgConnection;

use crate::views::PLANNING;

const DOCUMENT: &str = include_str!("../../../read-model/src/order/golden/in-the-middle.json");

/// Views without a row, and how statements are planned.
pub(super) async fn make_views(connection: &mut PgConnection) {
    read_model::MIGRATOR.run_direct(connection).await.unwrap();
    for view in [View::Orders, View::OrderHistory] {
        create_view(connection, view, 16).await.unwrap();
    }
    for (name, value) in PLANNING {
        sqlx::query("select set_config($1, $2, false)")
            .bind(name)
            .bind(value)
            .execute(&mut *connection)
            .await
            .unwrap();
    }
}

pub(super) async fn add_rows(connection: &mut PgConnection, orders: i64) {
    let entry = include_str!("../../tests/fill/entry.json");
    for (statement, rows, document) in [
        (
            include_str!("../../tests/fill/orders.sql"),
            orders,
            DOCUMENT,
        ),
        (include_str!("../../tests/fill/history.sql"), orders, entry),
    ] {
        sqlx::query(statement)
            .bind(rows)
            .bind(document)
            .execute(&mut *connection)
            .await
            .unwrap();
    }
    for statement in [
        include_str!("../../tests/fill/terms.sql"),
        "update checkpoint set position = 9000000, event_id = gen_random_uuid()",
    ] {
        sqlx::query(statement)
            .execute(&mut *connection)
            .await
            .unwrap();
    }
}

pub(super) async fn fill(connection: &mut PgConnection, orders: i64) {
    make_views(connection).await;
    add_rows(connection, orders).await;
    sqlx::query("vacuum analyze")
        .execute(connection)
        .await
        .unwrap();
}
