//! `GET /v1/orders/{order_id}` and `GET /v1/orders/by-number/{order_number}`.

use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::http::header;
use axum::response::Response;
use read_model::{OrderId, View, position};
use service_kit::Problem;
use sqlx::Row as _;
use sqlx::postgres::PgRow;

use super::past::{self, Until};
use crate::answer;
use crate::request::{Question, etag, none_match};
use crate::views::{
    Generation, KnownGeneration, Place, Snapshot, Statement, ViewQuery, Views, single_orders,
};

/// The order with this id.
pub(crate) struct ById(pub(crate) OrderId);

/// The order with this number.
pub(crate) struct ByNumber(pub(crate) String);

/// An order as it is shown.
pub(crate) struct StoredOrder {
    pub(super) version: i64,
    pub(super) document: String,
}

/// An order that was found by its number.
pub(crate) struct Named {
    order_id: String,
    order: StoredOrder,
}

/// The order with this id, now or as it was.
pub(crate) async fn by_id(
    State(views): State<Views>,
    question: Question,
    path: Result<Path<String>, PathRejection>,
) -> Result<Response, Problem> {
    let parameters = question.parameters(&Until::PARAMETERS)?;
    let until = Until::from_parameters(&parameters)?;
    let id = super::order_id(path)?;
    if let Some(until) = until {
        return past::respond(&views, &question, id, until).await;
    }
    let found = views.read_fresh(&ById(id), question.freshness).await?;
    let order = found
        .rows
        .ok_or_else(|| answer::not_found_at("order", found.position))?;
    Ok(respond(&question, order, found.position))
}

/// The order with this number.
pub(crate) async fn by_number(
    State(views): State<Views>,
    question: Question,
    path: Result<Path<String>, PathRejection>,
) -> Result<Response, Problem> {
    question.parameters(&[])?;
    let wanted = path.ok().map(|Path(number)| number);
    let number = wanted
        .filter(|number| may_be_number(number))
        .ok_or_else(|| answer::not_found("order"))?;
    let query = ByNumber(number);
    let found = views.read_fresh(&query, question.freshness).await?;
    let named = found
        .rows
        .ok_or_else(|| answer::not_found_at("order", found.position))?;
    Ok(respond(&question, named.order, found.position))
}

/// Numbers are made of digits and one hyphen; anything else need not be looked for.
fn may_be_number(text: &str) -> bool {
    text.len() <= 32
        && text
            .bytes()
            .all(|byte| byte.is_ascii_digit() || byte == b'-')
}

/// The order, unless the caller has it already.
pub(super) fn respond(question: &Question, order: StoredOrder, position: i64) -> Response {
    let mut response = if none_match(question.headers(), order.version) {
        answer::not_modified(position)
    } else {
        answer::json(order.document, position)
    };
    let tag = etag(order.version);
    response.headers_mut().insert(header::ETAG, tag);
    response
}

impl ViewQuery for ById {
    const VIEW: View = View::Orders;
    type Rows = Option<StoredOrder>;

    fn generation(&self) -> Generation {
        Generation::Live
    }

    fn place(&self, _: &Self::Rows) -> Place {
        Place::Order(self.0.to_string())
    }

    fn statement(&self, generation: KnownGeneration) -> Statement {
        single_orders::statement(&[&self.0], generation)
    }

    fn single_order(&self) -> Option<&OrderId> {
        Some(&self.0)
    }

    fn snapshot(&self, rows: &[PgRow]) -> Result<Snapshot<Self::Rows>, sqlx::Error> {
        let found = snapshot(rows)?;
        Ok(Snapshot {
            live_generation: found.live_generation,
            position: found.position,
            rows: found.rows.map(|named| named.order),
        })
    }

    fn parked(&self, rows: &[PgRow]) -> Result<Option<i64>, sqlx::Error> {
        parked(rows)
    }
}

impl ViewQuery for ByNumber {
    const VIEW: View = View::Orders;
    type Rows = Option<Named>;

    fn generation(&self) -> Generation {
        Generation::Live
    }

    fn place(&self, order: &Self::Rows) -> Place {
        match order {
            Some(order) => Place::Order(order.order_id.clone()),
            None => Place::Anywhere,
        }
    }

    /// The position is that of the order's partition; while nobody knows the order, that of the whole view. It may be any of
    /// those then that are parked and have no number yet.
    fn statement(&self, generation: KnownGeneration) -> Statement {
        Statement::kept(format!(
            "select p.live_generation,
                case
                    when o.order_id is null then {of_view}
                    else {of_partition}
                end as view_position,
                o.order_id, o.version, o.document::text,
                case
                    when o.order_id is null then (
                        select min(k.position)
                        from parked k
                        left join {table} held on held.order_id = k.order_id
                        where k.projection = $1 and k.generation = $2 and held.order_number is null
                    )
                    else (
                        select k.position
                        from parked k
                        where k.projection = $1 and k.generation = $2 and k.order_id = o.order_id
                    )
                end as parked_position
            from projection p
            left join {table} o on o.order_number = $3
            where p.name = $1",
            of_view = position::of_view("$1", "$2"),
            of_partition =
                position::of_partition("$1", "$2", &position::partition_of_order_id("$4"), "$4"),
            table = Self::VIEW.table(generation.number),
        ))
        .bind(Self::VIEW.as_str())
        .bind(generation.number)
        .bind(self.0.as_str())
        .bind(i32::from(generation.partitions))
    }

    fn snapshot(&self, rows: &[PgRow]) -> Result<Snapshot<Self::Rows>, sqlx::Error> {
        snapshot(rows)
    }

    fn parked(&self, rows: &[PgRow]) -> Result<Option<i64>, sqlx::Error> {
        parked(rows)
    }
}

fn parked(rows: &[PgRow]) -> Result<Option<i64>, sqlx::Error> {
    match rows.first() {
        Some(row) => row.try_get("parked_position"),
        None => Ok(None),
    }
}

fn snapshot(rows: &[PgRow]) -> Result<Snapshot<Option<Named>>, sqlx::Error> {
    let Some(row) = rows.first() else {
        return Ok(Snapshot {
            live_generation: None,
            position: None,
            rows: None,
        });
    };
    let order_id: Option<String> = row.try_get("order_id")?;
    let rows = match order_id {
        Some(order_id) => Some(Named {
            order_id,
            order: StoredOrder {
                version: row.try_get("version")?,
                document: row.try_get("document")?,
            },
        }),
        None => None,
    };
    Ok(Snapshot {
        live_generation: Some(row.try_get("live_generation")?),
        position: row.try_get("view_position")?,
        rows,
    })
}
