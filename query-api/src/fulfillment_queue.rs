//! `GET /v1/fulfillment/queue`.

use axum::extract::State;
use axum::response::Response;
use chrono::{DateTime, Utc};
use read_model::fulfillment_queue::SERVED;
use read_model::{View, position};
use serde_json::{Value, json};
use service_kit::{Problem, ProblemType};
use sqlx::Row as _;
use sqlx::postgres::PgRow;

use crate::answer;
use crate::request::{CursorOf, Parameters, Question};
use crate::views::{
    Generation, KnownGeneration, PageOf, Place, Rows, Snapshot, Statement, ViewQuery, Views,
};

/// What a cursor is bound to.
const WORDS: &str = "fulfillment queue";

/// Where an order stands in the queue: when it was confirmed, then its id.
#[derive(Debug)]
struct Key {
    confirmed_at: DateTime<Utc>,
    order_id: String,
}

/// A page of the queue.
struct Queue {
    generation: Generation,
    behind: Option<Key>,
    limit: u16,
}

/// What can ship now, oldest confirmation first.
pub(crate) async fn list(
    State(views): State<Views>,
    question: Question,
) -> Result<Response, Problem> {
    let parameters = question.parameters(&Parameters::OF_LISTS)?;
    let page = parameters.page()?;
    let (generation, behind) = match page.cursor {
        None => (Generation::Live, None),
        Some(cursor) => {
            let (generation, key) = CursorOf(WORDS).read(cursor)?;
            let key = Key::read(&key).ok_or_else(|| Problem::new(ProblemType::BadCursor))?;
            (Generation::Of(generation), Some(key))
        }
    };
    let query = Queue {
        generation,
        behind,
        limit: page.limit,
    };
    let found = views.read_fresh(&query, question.freshness).await?;
    let next = found.rows.last.as_ref().map(|last| {
        let cursor = CursorOf(WORDS).write(found.generation, &last.write());
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
        json!([self.confirmed_at.timestamp_micros(), self.order_id])
    }

    fn read(value: &Value) -> Option<Self> {
        Some(Self {
            confirmed_at: DateTime::from_timestamp_micros(value.get(0)?.as_i64()?)?,
            order_id: value.get(1)?.as_str()?.to_owned(),
        })
    }
}

impl ViewQuery for Queue {
    const VIEW: View = View::FulfillmentQueue;
    type Rows = Rows<Key>;

    fn generation(&self) -> Generation {
        self.generation
    }

    fn place(&self, _: &Self::Rows) -> Place {
        Place::View
    }

    fn statement(&self, generation: KnownGeneration) -> Statement {
        let position =
            position::of_view(&format!("'{}'", Self::VIEW), &generation.number.to_string());
        PageOf {
            view: Self::VIEW,
            position: &position,
            columns: "page.confirmed_at, page.order_id",
            order: "confirmed_at, order_id",
        }
        .statement(|statement| {
            let table = Self::VIEW.table(generation.number);
            statement.push(format!(
                "select confirmed_at, order_id, {SERVED} as document from {table}"
            ));
            if let Some(key) = &self.behind {
                statement
                    .push(" where (confirmed_at, order_id) > (")
                    .push_bind(key.confirmed_at)
                    .push(", ")
                    .push_bind(&key.order_id)
                    .push(")");
            }
            statement
                .push(" order by confirmed_at, order_id limit ")
                .push_bind(i64::from(self.limit) + 1);
        })
    }

    fn snapshot(&self, rows: &[PgRow]) -> Result<Snapshot<Self::Rows>, sqlx::Error> {
        Snapshot::of_page(rows, self.limit, |row| {
            Ok(Key {
                confirmed_at: row.try_get("confirmed_at")?,
                order_id: row.try_get("order_id")?,
            })
        })
    }
}
