//! `GET /v1/customers/{customer_id}`.

use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::response::Response;
use chrono::{DateTime, Utc};
use read_model::customers::{CustomerDocument, CustomerMoney};
use read_model::{CustomerId, Timestamp, View, position};
use service_kit::Problem;
use sqlx::Row as _;
use sqlx::postgres::PgRow;

use crate::answer;
use crate::request::Question;
use crate::views::{
    Generation, KnownGeneration, Place, Snapshot, Statement, ViewQuery, Views, sum,
};

/// The customer with this id.
struct ById(CustomerId);

/// What a customer ordered, over all orders once placed.
pub(crate) async fn by_id(
    State(views): State<Views>,
    question: Question,
    path: Result<Path<String>, PathRejection>,
) -> Result<Response, Problem> {
    question.parameters(&[])?;
    let wanted = path.ok().and_then(|Path(id)| CustomerId::parse(id).ok());
    // What cannot be an id names no customer, however long one waits.
    let id = wanted.ok_or_else(|| answer::not_found("customer"))?;
    let found = views.read_fresh(&ById(id), question.freshness).await?;
    match found.rows {
        Some(customer) => answer::document(&customer, found.position),
        None => Err(answer::not_found_at("customer", found.position)),
    }
}

impl ViewQuery for ById {
    const VIEW: View = View::Customers;
    type Rows = Option<CustomerDocument>;

    fn generation(&self) -> Generation {
        Generation::Live
    }

    /// Orders of a customer are in any partition.
    fn place(&self, _: &Self::Rows) -> Place {
        Place::View
    }

    fn statement(&self, generation: KnownGeneration) -> Statement {
        let sql = format!(
            "select p.live_generation, {position} as view_position, c.*
            from projection p
            left join (
                select currency,
                    sum(orders)::bigint as orders,
                    min(first_order_at) as first_order_at,
                    max(last_order_at) as last_order_at,
                    max(last_position) as last_position,
                    (array_agg(name order by last_position desc))[1] as name,
                    (array_agg(email order by last_position desc))[1] as email,
                    sum(ordered)::text as ordered,
                    sum(due)::text as due,
                    sum(captured)::text as captured,
                    sum(refunded)::text as refunded
                from {table}
                where customer_id = $3
                group by currency
            ) c on true
            where p.name = $1
            order by c.currency",
            position = position::of_view("$1", "$2"),
            table = Self::VIEW.table(generation.number),
        );
        Statement::kept(sql)
            .bind(Self::VIEW.as_str())
            .bind(generation.number)
            .bind(self.0.as_str())
    }

    fn snapshot(&self, rows: &[PgRow]) -> Result<Snapshot<Self::Rows>, sqlx::Error> {
        Snapshot::of_rows(rows, |rows| self.customer(rows))
    }
}

impl ById {
    /// The customer, from a row a currency; none if there is none.
    fn customer(&self, rows: &[PgRow]) -> Result<Option<CustomerDocument>, sqlx::Error> {
        let mut customer: Option<(i64, CustomerDocument)> = None;
        for row in rows {
            let Some(currency) = row.try_get("currency")? else {
                continue;
            };
            let (first, last): (DateTime<Utc>, DateTime<Utc>) = (
                row.try_get("first_order_at")?,
                row.try_get("last_order_at")?,
            );
            let (first, last) = (
                Timestamp::from_datetime(first),
                Timestamp::from_datetime(last),
            );
            let position: i64 = row.try_get("last_position")?;
            let (known, customer) = customer.get_or_insert_with(|| {
                let nobody = CustomerDocument {
                    customer_id: self.0.to_string(),
                    name: None,
                    email: None,
                    orders: 0,
                    first_order_at: first,
                    last_order_at: last,
                    money: Vec::new(),
                };
                (0, nobody)
            });
            if position > *known {
                *known = position;
                customer.name = row.try_get("name")?;
                customer.email = row.try_get("email")?;
            }
            customer.orders += row.try_get::<i64, _>("orders")?;
            customer.first_order_at = customer.first_order_at.min(first);
            customer.last_order_at = customer.last_order_at.max(last);
            customer.money.push(CustomerMoney {
                currency,
                ordered: sum(row, "ordered")?,
                due: sum(row, "due")?,
                captured: sum(row, "captured")?,
                refunded: sum(row, "refunded")?,
            });
        }
        Ok(customer.map(|(_, customer)| customer))
    }
}
