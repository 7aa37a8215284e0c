//! `GET /v1/orders/{order_id}/timeline`.

use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::response::Response;
use read_model::{OrderId, View, position, slot};
use service_kit::{Problem, ProblemType};
use sqlx::{PgPool, Row as _};

use crate::answer;
use crate::request::{CursorOf, Parameters, Question};
use crate::views::{Generation, Place, Rows, Snapshot, ViewQuery, Views};

/// A page of an order's timeline.
struct Timeline {
    generation: Generation,
    order_id: OrderId,
    /// The sequence of the last entry of the page before.
    behind: i64,
    limit: u16,
}

/// What happened to an order, oldest first.
pub(crate) async fn timeline(
    State(views): State<Views>,
    question: Question,
    path: Result<Path<String>, PathRejection>,
) -> Result<Response, Problem> {
    let parameters = question.parameters(&Parameters::OF_LISTS)?;
    let page = parameters.page()?;
    let wanted = path.ok().and_then(|Path(id)| OrderId::parse(id).ok());
    let order_id = wanted.ok_or_else(|| answer::not_found("order"))?;
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

    /// An empty page is one row, of nulls.
    async fn run(
        &self,
        pool: &PgPool,
        generation: i32,
    ) -> Result<Snapshot<Self::Rows>, sqlx::Error> {
        let statement = format!(
            "select p.live_generation, {position} as view_position, page.sequence, page.document
            from projection p
            left join (
                select sequence, entry::text as document
                from {table}
                where order_id = $4
                and sequence > $5
                order by sequence
                limit $6
            ) page on true
            where p.name = $1
            order by page.sequence",
            position = position::of_slot("$1", "$2", "$3"),
            table = Self::VIEW.table(generation),
        );
        let rows = sqlx::query(&statement)
            .bind(Self::VIEW.as_str())
            .bind(generation)
            .bind(i32::from(slot(self.order_id.as_str())))
            .bind(self.order_id.as_str())
            .bind(self.behind)
            .bind(i64::from(self.limit) + 1)
            .fetch_all(pool)
            .await?;
        Snapshot::of_page(&rows, self.limit, |last| last.try_get("sequence"))
    }
}
