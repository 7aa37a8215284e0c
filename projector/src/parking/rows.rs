//! The table `parked`.

use std::collections::HashMap;

use event_store::Cursor;
use read_model::View;
use sqlx::postgres::PgRow;
use sqlx::types::chrono::{DateTime, Utc};
use sqlx::{PgConnection, PgExecutor, Row as _};
use uuid::Uuid;

use super::{Parked, ParkedOrders};
use crate::checkpoints::{Part, Target, small};

/// The parked orders of a partition. To be read after its checkpoints: whoever parks an order moves those.
pub(crate) async fn of_partition(
    executor: impl PgExecutor<'_>,
    partition: u16,
) -> Result<ParkedOrders, sqlx::Error> {
    let rows =
        sqlx::query("select projection, generation, order_id from parked where partition = $1")
            .bind(small(partition))
            .fetch_all(executor)
            .await?;
    let mut parked = ParkedOrders::default();
    for row in rows {
        if let Some(view) = View::parse(row.try_get(0)?) {
            parked.add(view, row.try_get(1)?, row.try_get(2)?);
        }
    }
    Ok(parked)
}

/// Parks orders, in the transaction that moves this generation's checkpoint. `since` says since when those were that were parked
/// before; the others are from now on.
pub(crate) async fn insert(
    connection: &mut PgConnection,
    view: View,
    part: Part,
    orders: &[Parked],
    since: &HashMap<String, DateTime<Utc>>,
) -> Result<(), sqlx::Error> {
    if orders.is_empty() {
        return Ok(());
    }
    let texts = |column: fn(&Parked) -> &str| orders.iter().map(column).collect::<Vec<_>>();
    let positions: Vec<i64> = orders.iter().map(|order| order.position).collect();
    let event_ids: Vec<Uuid> = orders.iter().map(|order| order.event_id).collect();
    let unknown: Vec<bool> = orders.iter().map(|order| order.unknown).collect();
    let since: Vec<Option<DateTime<Utc>>> = orders
        .iter()
        .map(|order| since.get(&order.order_id).copied())
        .collect();
    sqlx::query(
        "insert into parked (projection, generation, partition, order_id, position, event_id, error, unknown, since)
        select $1, $2, $3, order_id, position, event_id, error, unknown, coalesce(since, now())
        from unnest($4::text[], $5::bigint[], $6::uuid[], $7::text[], $8::boolean[], $9::timestamptz[])
            as new (order_id, position, event_id, error, unknown, since)",
    )
    .bind(view.as_str())
    .bind(part.generation)
    .bind(small(part.partition))
    .bind(texts(|order| &order.order_id))
    .bind(positions)
    .bind(event_ids)
    .bind(texts(|order| &order.error))
    .bind(unknown)
    .bind(since)
    .execute(connection)
    .await?;
    Ok(())
}

/// Whether all of these orders are still parked, in a transaction that has moved the checkpoints: nobody can change that then.
/// Whoever takes an order in again leaves the checkpoint where it is, so the checkpoint alone does not tell.
pub(crate) async fn are_parked(
    connection: &mut PgConnection,
    held_back: impl IntoIterator<Item = (&Target, &[String])>,
) -> Result<bool, sqlx::Error> {
    let mut columns = (Vec::new(), Vec::new(), Vec::new());
    for (target, orders) in held_back {
        for order in orders {
            columns.0.push(target.view.as_str());
            columns.1.push(target.generation);
            columns.2.push(order.as_str());
        }
    }
    if columns.0.is_empty() {
        return Ok(true);
    }
    sqlx::query_scalar(
        "select count(*) = cardinality($1::text[])
        from unnest($1::text[], $2::integer[], $3::text[]) as held (projection, generation, order_id)
        join parked using (projection, generation, order_id)",
    )
    .bind(columns.0)
    .bind(columns.1)
    .bind(columns.2)
    .fetch_one(connection)
    .await
}

/// The parked orders of one generation and partition: at which event each is held, and since when.
pub(crate) async fn of_generation(
    executor: impl PgExecutor<'_>,
    view: View,
    part: Part,
) -> Result<Vec<Taken>, sqlx::Error> {
    let rows = sqlx::query(
        "select order_id, position, since
        from parked
        where projection = $1
        and generation = $2
        and partition = $3",
    )
    .bind(view.as_str())
    .bind(part.generation)
    .bind(small(part.partition))
    .fetch_all(executor)
    .await?;
    rows.iter().map(taken).collect()
}

fn taken(row: &PgRow) -> Result<Taken, sqlx::Error> {
    Ok(Taken {
        order_id: row.try_get("order_id")?,
        position: row.try_get("position")?,
        since: row.try_get("since")?,
    })
}

/// Which parked orders are tried again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Again {
    /// Those that somebody asked for.
    Asked,
    /// Those too whose event was unknown: it may be that this program knows it.
    Unknown,
}

/// Whether orders of this partition are to be tried again in this generation.
pub(crate) async fn any(
    executor: impl PgExecutor<'_>,
    partition: u16,
    target: &Target,
    again: Again,
) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar(
        "select exists (
            select
            from parked
            where projection = $1
            and generation = $2
            and partition = $3
            and (retry or (unknown and $4))
        )",
    )
    .bind(target.view.as_str())
    .bind(target.generation)
    .bind(small(partition))
    .bind(again == Again::Unknown)
    .fetch_one(executor)
    .await
}

/// Where an order was parked.
#[derive(Debug)]
pub(crate) struct Taken {
    pub(crate) order_id: String,
    pub(crate) position: i64,
    pub(crate) since: DateTime<Utc>,
}

/// Takes out orders that are to be tried again, at most `limit`, in the order of their ids, behind `after`.
pub(crate) async fn take(
    connection: &mut PgConnection,
    partition: u16,
    target: &Target,
    again: Again,
    after: &str,
    limit: i64,
) -> Result<Vec<Taken>, sqlx::Error> {
    let rows = sqlx::query(
        "delete from parked
        where projection = $1
        and generation = $2
        and order_id in (
            select order_id
            from parked
            where projection = $1
            and generation = $2
            and partition = $3
            and (retry or (unknown and $4))
            and order_id > $5
            order by order_id
            limit $6
        )
        returning order_id, position, since",
    )
    .bind(target.view.as_str())
    .bind(target.generation)
    .bind(small(partition))
    .bind(again == Again::Unknown)
    .bind(after)
    .bind(limit)
    .fetch_all(connection)
    .await?;
    rows.iter().map(taken).collect()
}

/// Forgets that these orders are parked, and all whose event lies beyond `agreed`: they are folded anew.
pub(crate) async fn forget_orders(
    connection: &mut PgConnection,
    partition: u16,
    target: &Target,
    orders: &[String],
    agreed: Cursor,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "delete from parked
        where projection = $1
        and generation = $2
        and partition = $3
        and (order_id = any ($4) or position > $5)",
    )
    .bind(target.view.as_str())
    .bind(target.generation)
    .bind(small(partition))
    .bind(orders)
    .bind(agreed.position)
    .execute(connection)
    .await?;
    Ok(())
}
