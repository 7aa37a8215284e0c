//! `GET /v1/orders/{order_id}` and `GET /v1/orders/by-number/{order_number}`.

use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::http::header;
use axum::response::Response;
use read_model::{OrderId, View, position, slot};
use service_kit::Problem;
use sqlx::postgres::PgRow;
use sqlx::{PgPool, Row as _};

use crate::answer;
use crate::request::{Question, etag, none_match};
use crate::views::{Found, Generation, Place, Snapshot, ViewQuery, Views};

/// The order with this id.
struct ById(OrderId);

/// The order with this number.
struct ByNumber(String);

/// An order as it is stored.
struct StoredOrder {
    order_id: String,
    version: i64,
    document: String,
}

/// The order with this id.
pub(crate) async fn by_id(
    State(views): State<Views>,
    question: Question,
    path: Result<Path<String>, PathRejection>,
) -> Result<Response, Problem> {
    question.parameters(&[])?;
    let wanted = path.ok().and_then(|Path(id)| OrderId::parse(id).ok());
    // What cannot be an id names no order, however long one waits.
    let id = wanted.ok_or_else(|| answer::not_found("order"))?;
    let found = views.read_fresh(&ById(id), question.freshness).await?;
    respond(&question, found)
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
    respond(&question, found)
}

/// Numbers are made of digits and one hyphen; anything else need not be looked for.
fn may_be_number(text: &str) -> bool {
    text.len() <= 32
        && text
            .bytes()
            .all(|byte| byte.is_ascii_digit() || byte == b'-')
}

fn respond(question: &Question, found: Found<Option<StoredOrder>>) -> Result<Response, Problem> {
    let position = found.position;
    let order = found
        .rows
        .ok_or_else(|| answer::not_found_at("order", position))?;
    let mut response = if none_match(question.headers(), order.version) {
        answer::not_modified(position)
    } else {
        answer::json(order.document, position)
    };
    let tag = etag(order.version);
    response.headers_mut().insert(header::ETAG, tag);
    Ok(response)
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

    async fn run(
        &self,
        pool: &PgPool,
        generation: i32,
    ) -> Result<Snapshot<Self::Rows>, sqlx::Error> {
        let statement = format!(
            "select p.live_generation, {position}, o.order_id, o.version, o.document::text
            from projection p
            left join {table} o on o.order_id = $4
            where p.name = $1",
            position = position::of_slot("$1", "$2", "$3"),
            table = Self::VIEW.table(generation),
        );
        let row = sqlx::query(&statement)
            .bind(Self::VIEW.as_str())
            .bind(generation)
            .bind(i32::from(slot(self.0.as_str())))
            .bind(self.0.as_str())
            .fetch_optional(pool)
            .await?;
        snapshot(row)
    }
}

impl ViewQuery for ByNumber {
    const VIEW: View = View::Orders;
    type Rows = Option<StoredOrder>;

    fn generation(&self) -> Generation {
        Generation::Live
    }

    fn place(&self, order: &Self::Rows) -> Place {
        match order {
            Some(order) => Place::Order(order.order_id.clone()),
            None => Place::Anywhere,
        }
    }

    /// The position is that of the order's partition; while nobody knows the order, that of the whole view.
    async fn run(
        &self,
        pool: &PgPool,
        generation: i32,
    ) -> Result<Snapshot<Self::Rows>, sqlx::Error> {
        let statement = format!(
            "select p.live_generation,
                case
                    when o.order_id is null then {of_view}
                    else {of_slot}
                end,
                o.order_id, o.version, o.document::text
            from projection p
            left join {table} o on o.order_number = $3
            where p.name = $1",
            of_view = position::of_view("$1", "$2"),
            of_slot = position::of_slot("$1", "$2", position::SLOT_OF_ORDER_ID),
            table = Self::VIEW.table(generation),
        );
        let row = sqlx::query(&statement)
            .bind(Self::VIEW.as_str())
            .bind(generation)
            .bind(&self.0)
            .fetch_optional(pool)
            .await?;
        snapshot(row)
    }
}

fn snapshot(row: Option<PgRow>) -> Result<Snapshot<Option<StoredOrder>>, sqlx::Error> {
    let Some(row) = row else {
        return Ok(Snapshot {
            live_generation: None,
            position: None,
            rows: None,
        });
    };
    let order_id: Option<String> = row.try_get(2)?;
    let rows = match order_id {
        Some(order_id) => Some(StoredOrder {
            order_id,
            version: row.try_get(3)?,
            document: row.try_get(4)?,
        }),
        None => None,
    };
    Ok(Snapshot {
        live_generation: Some(row.try_get(0)?),
        position: row.try_get(1)?,
        rows,
    })
}
