//! `GET /v1/orders`.

use axum::extract::State;
use axum::response::Response;
use chrono::{DateTime, Utc};
use read_model::{View, position};
use serde_json::{Value, json};
use service_kit::{Problem, ProblemType};
use sqlx::{PgPool, Postgres, QueryBuilder, Row as _};

use super::filter::Filter;
use crate::answer;
use crate::request::{CursorOf, Parameters, Question};
use crate::views::{Generation, Place, Rows, Snapshot, ViewQuery, Views};

/// Where an order stands in the list: when it was placed (a draft: created), then its id.
#[derive(Debug)]
struct Key {
    sorted_at: DateTime<Utc>,
    order_id: String,
}

/// A page of the list.
struct Orders {
    generation: Generation,
    filter: Filter,
    behind: Option<Key>,
    limit: u16,
}

/// Orders, newest first.
pub(crate) async fn list(
    State(views): State<Views>,
    question: Question,
) -> Result<Response, Problem> {
    let known = [&Filter::PARAMETERS[..], &Parameters::OF_LISTS].concat();
    let parameters = question.parameters(&known)?;
    let filter = Filter::from_parameters(&parameters)?;
    let page = parameters.page()?;
    let words = filter.words();
    let (generation, behind) = match page.cursor {
        None => (Generation::Live, None),
        Some(cursor) => {
            let (generation, key) = CursorOf(&words).read(cursor)?;
            let key = Key::read(&key).ok_or_else(|| Problem::new(ProblemType::BadCursor))?;
            (Generation::Of(generation), Some(key))
        }
    };
    let query = Orders {
        generation,
        filter,
        behind,
        limit: page.limit,
    };
    let found = views.read_fresh(&query, question.freshness).await?;
    let next = found.rows.last.as_ref().map(|last| {
        let cursor = CursorOf(&words).write(found.generation, &last.write());
        question.next_page(&parameters, cursor)
    });
    Ok(answer::list(
        &found.rows.documents,
        next.as_ref(),
        found.position,
    ))
}

impl Key {
    fn write(&self) -> Value {
        json!([self.sorted_at.timestamp_micros(), self.order_id])
    }

    fn read(value: &Value) -> Option<Self> {
        Some(Self {
            sorted_at: DateTime::from_timestamp_micros(value.get(0)?.as_i64()?)?,
            order_id: value.get(1)?.as_str()?.to_owned(),
        })
    }
}

impl ViewQuery for Orders {
    const VIEW: View = View::Orders;
    type Rows = Rows<Key>;

    fn generation(&self) -> Generation {
        self.generation
    }

    fn place(&self, _: &Self::Rows) -> Place {
        Place::View
    }

    async fn run(
        &self,
        pool: &PgPool,
        generation: i32,
    ) -> Result<Snapshot<Self::Rows>, sqlx::Error> {
        let rows = self.statement(generation).build().fetch_all(pool).await?;
        Snapshot::of_page(&rows, self.limit, |last| {
            Ok(Key {
                sorted_at: last.try_get("sorted_at")?,
                order_id: last.try_get("order_id")?,
            })
        })
    }
}

impl Orders {
    /// An empty page is one row, of nulls.
    fn statement(&self, generation: i32) -> QueryBuilder<'_, Postgres> {
        let view = Self::VIEW;
        let mut query = QueryBuilder::new(format!(
            "select p.live_generation, {position} as view_position, page.sorted_at, page.order_id, page.document
            from projection p
            left join (
                select sorted_at, order_id, document::text
                from {table}
                where true",
            position = position::of_view(&format!("'{view}'"), &generation.to_string()),
            table = view.table(generation),
        ));
        self.filter.restrict(&mut query);
        if let Some(key) = &self.behind {
            query
                .push(" and (sorted_at, order_id) < (")
                .push_bind(key.sorted_at)
                .push(", ")
                .push_bind(&key.order_id)
                .push(")");
        }
        query
            .push(" order by sorted_at desc, order_id desc limit ")
            .push_bind(i64::from(self.limit) + 1)
            .push(format!(
                ") page on true
                where p.name = '{view}'
                order by page.sorted_at desc, page.order_id desc"
            ));
        query
    }
}
