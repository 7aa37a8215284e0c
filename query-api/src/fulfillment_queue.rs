//! `GET /v1/fulfillment/queue`.

use axum::extract::State;
use axum::response::Response;
use chrono::{DateTime, Utc};
use read_model::fulfillment_queue::SERVED;
use read_model::{View, position};
use serde_json::{Value, json};
use service_kit::{Problem, ProblemType};
use sqlx::{PgPool, Row as _};

use crate::answer;
use crate::request::{CursorOf, Parameters, Question};
use crate::views::{Generation, Place, Rows, Snapshot, ViewQuery, Views};

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

    async fn run(
        &self,
        pool: &PgPool,
        generation: i32,
    ) -> Result<Snapshot<Self::Rows>, sqlx::Error> {
        let behind = self.behind.as_ref();
        let rows = sqlx::query(&Self::statement(generation))
            .bind(Self::VIEW.as_str())
            .bind(generation)
            .bind(behind.map_or(DateTime::UNIX_EPOCH, |key| key.confirmed_at))
            .bind(behind.map_or("", |key| key.order_id.as_str()))
            .bind(i64::from(self.limit) + 1)
            .fetch_all(pool)
            .await?;
        Snapshot::of_page(&rows, self.limit, |last| {
            Ok(Key {
                confirmed_at: last.try_get("confirmed_at")?,
                order_id: last.try_get("order_id")?,
            })
        })
    }
}

impl Queue {
    /// An empty page is one row, of nulls.
    fn statement(generation: i32) -> String {
        format!(
            "select p.live_generation, {position} as view_position, page.confirmed_at, page.order_id, page.document
            from projection p
            left join (
                select confirmed_at, order_id, {SERVED} as document
                from {table}
                where (confirmed_at, order_id) > ($3, $4)
                order by confirmed_at, order_id
                limit $5
            ) page on true
            where p.name = $1
            order by page.confirmed_at, page.order_id",
            position = position::of_view("$1", "$2"),
            table = Self::VIEW.table(generation),
        )
    }
}
