//! `GET /v1/orders/{order_id}/timeline`.

use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::response::Response;
use read_model::{OrderId, View, position};
use service_kit::{Problem, ProblemType};
use sqlx::Row as _;
use sqlx::postgres::PgRow;

use crate::answer;
use crate::request::{CursorOf, Parameters, Question};
use crate::views::{
    Generation, KnownGeneration, PageOf, Place, Rows, Snapshot, Statement, ViewQuery, Views,
};

/// A page of an order's timeline.
pub(crate) struct Timeline {
    pub(crate) generation: Generation,
    pub(crate) order_id: OrderId,
    /// The sequence of the last entry of the page before.
    pub(crate) behind: i64,
    pub(crate) limit: u16,
}

/// What happened to an order, oldest first.
pub(crate) async fn timeline(
    State(views): State<Views>,
    question: Question,
    path: Result<Path<String>, PathRejection>,
) -> Result<Response, Problem> {
    let parameters = question.parameters(&Parameters::OF_LISTS)?;
    let page = parameters.page()?;
    let order_id = super::order_id(path)?;
    let words = format!("timeline {order_id}");
    let (generation, behind) = match page.cursor {
        None => (Generation::Live, 0),
        Some(cursor) => {
            let (generation, key) = CursorOf(&words).read(cursor)?;
            let sequence = key.as_i64();
            let sequence = sequence.ok_or_else(|| Problem::new(ProblemType::BadCursor))?;
            (Generation::Of(generation), sequence)
        }
    };
    let query = Timeline {
        generation,
        order_id,
        behind,
        limit: page.limit,
    };
    let found = views.read_fresh(&query, question.freshness).await?;
    if found.rows.documents.is_empty() && page.cursor.is_none() {
        return Err(answer::not_found_at("order", found.position));
    }
    let next = found.rows.last.map(|last| {
        let cursor = CursorOf(&words).write(found.generation, &last.into());
        question.next_page(&parameters, cursor)
    });
    Ok(answer::list(
        &found.rows.documents,
        next.as_ref(),
        found.position,
    ))
}

impl ViewQuery for Timeline {
    const VIEW: View = View::OrderHistory;
    /// The key is the entry's sequence.
    type Rows = Rows<i64>;

    fn generation(&self) -> Generation {
        self.generation
    }

    fn place(&self, _: &Self::Rows) -> Place {
        Place::Order(self.order_id.to_string())
    }

    fn statement(&self, generation: KnownGeneration) -> Statement {
        let order_id = self.order_id.as_str();
        let position = position::of_partition(
            &format!("'{}'", Self::VIEW),
            &generation.number.to_string(),
            &generation.partition_of(&self.order_id).to_string(),
            &generation.partitions.to_string(),
        );
        PageOf {
            view: Self::VIEW,
            position: &position,
            columns: "page.sequence",
            order: "sequence",
        }
        .statement(|statement| {
            let table = Self::VIEW.table(generation.number);
            statement
                .push(format!(
                    "select h.sequence, h.entry as document from {table} h where h.order_id = "
                ))
                .push_bind(order_id)
                .push(" and h.sequence > ")
                .push_bind(self.behind)
                .push(" order by h.sequence limit ")
                .push_bind(i64::from(self.limit) + 1);
        })
    }

    fn snapshot(&self, rows: &[PgRow]) -> Result<Snapshot<Self::Rows>, sqlx::Error> {
        Snapshot::of_page(rows, self.limit, |row| row.try_get("sequence"))
    }
}
