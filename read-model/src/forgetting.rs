//! Taking rows out of views whose log has taken another turn: what those rows say may never have happened.

use sqlx::PgConnection;

use crate::{SLOTS, View};

/// Removes the rows of these orders from a view of orders; of the history only what lies beyond `position`.
pub async fn forget_orders(
    connection: &mut PgConnection,
    view: View,
    generation: i32,
    order_ids: &[String],
    position: i64,
) -> Result<(), sqlx::Error> {
    let kept = match view {
        View::OrderHistory => "and position > $2",
        // Names the parameter, which the statement is given in any case.
        _ => "and $2::bigint is not null",
    };
    for table in view.tables(generation) {
        let statement = format!("delete from {table} where order_id = any ($1) {kept}");
        sqlx::query(&statement)
            .bind(order_ids)
            .bind(position)
            .execute(&mut *connection)
            .await?;
    }
    Ok(())
}

/// Removes all rows of one of `partitions` partitions from a view.
pub async fn forget_partition(
    connection: &mut PgConnection,
    view: View,
    generation: i32,
    partition: u16,
    partitions: u16,
) -> Result<(), sqlx::Error> {
    let of_partition = of_partition(view);
    for table in view.tables(generation) {
        let statement = format!("delete from {table} where {of_partition}");
        sqlx::query(&statement)
            .bind(i32::from(partition))
            .bind(i32::from(partitions))
            .execute(&mut *connection)
            .await?;
    }
    Ok(())
}

/// Whether a row of a view is of partition `$1` of `$2`, as an SQL expression.
pub(crate) fn of_partition(view: View) -> String {
    if view.is_of_orders() {
        format!("get_byte(decode(md5(order_id), 'hex'), 0) * $2 / {SLOTS} = $1")
    } else {
        // Names the parameter, which the statement is given in any case.
        "partition = $1 and $2::integer is not null".to_owned()
    }
}
