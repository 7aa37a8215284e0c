//! `GET /v1/returns`.

use axum::extract::State;
use axum::response::Response;
use chrono::{DateTime, Utc};
use read_model::{ReturnState, View, position};
use serde_json::{Value, json};
use service_kit::{Problem, ProblemType};
use sqlx::{PgPool, Postgres, QueryBuilder, Row as _};

use crate::answer;
use crate::request::{CursorOf, Parameters, Question};
use crate::views::{Generation, Place, Rows, Snapshot, ViewQuery, Views};

const STATUS: &str = "status";

/// Where a return stands in the list: when it was requested, then its order's id, then the position of the request.
#[derive(Debug)]
struct Key {
    requested_at: DateTime<Utc>,
    order_id: String,
    position: i64,
}

/// A page of the list.
struct Returns {
    generation: Generation,
    /// Only returns with one of these; none: all. None of them twice.
    statuses: Option<Vec<&'static str>>,
    behind: Option<Key>,
    limit: u16,
}

/// Returns, newest request first.
pub(crate) async fn list(
    State(views): State<Views>,
    question: Question,
) -> Result<Response, Problem> {
    let known = [&[STATUS][..], &Parameters::OF_LISTS].concat();
    let parameters = question.parameters(&known)?;
    let statuses = parameters.several(STATUS, status)?.map(|mut statuses| {
        statuses.sort_unstable();
        statuses.dedup();
        statuses
    });
    let page = parameters.page()?;
    let words = match &statuses {
        Some(statuses) => format!("returns\nstatus={}", statuses.join(",")),
        None => "returns".to_owned(),
    };
    let (generation, behind) = match page.cursor {
        None => (Generation::Live, None),
        Some(cursor) => {
            let (generation, key) = CursorOf(&words).read(cursor)?;
            let key = Key::read(&key).ok_or_else(|| Problem::new(ProblemType::BadCursor))?;
            (Generation::Of(generation), Some(key))
        }
    };
    let query = Returns {
        generation,
        statuses,
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

fn status(name: &str) -> Result<&'static str, String> {
    let known = ReturnState::parse(name).map(ReturnState::as_str);
    known.ok_or_else(|| {
        let names: Vec<&str> = ReturnState::ALL
            .iter()
            .map(|state| state.as_str())
            .collect();
        format!("takes only: {}", names.join(", "))
    })
}

impl Key {
    fn write(&self) -> Value {
        let micros = self.requested_at.timestamp_micros();
        json!([micros, self.order_id, self.position])
    }

    fn read(value: &Value) -> Option<Self> {
        Some(Self {
            requested_at: DateTime::from_timestamp_micros(value.get(0)?.as_i64()?)?,
            order_id: value.get(1)?.as_str()?.to_owned(),
            position: value.get(2)?.as_i64()?,
        })
    }
}

impl ViewQuery for Returns {
    const VIEW: View = View::Returns;
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
                requested_at: last.try_get("requested_at")?,
                order_id: last.try_get("order_id")?,
                position: last.try_get("position")?,
            })
        })
    }
}

impl Returns {
    /// An empty page is one row, of nulls.
    ///
    /// Each status has its returns in the order of the list in an index of its own, so each gives a page, and the page is
    /// the best of these: however rare a status is, no other returns are looked at.
    fn statement(&self, generation: i32) -> QueryBuilder<'_, Postgres> {
        let view = Self::VIEW;
        let mut query = QueryBuilder::new(format!(
            "select p.live_generation, {position} as view_position,
                page.requested_at, page.order_id, page.position, page.document
            from projection p
            left join (",
            position = position::of_view(&format!("'{view}'"), &generation.to_string()),
        ));
        match &self.statuses {
            None => self.page_of(&mut query, generation, None),
            Some(statuses) => {
                query.push("select * from (");
                for (index, status) in statuses.iter().enumerate() {
                    query.push(if index > 0 { ") union all (" } else { "(" });
                    self.page_of(&mut query, generation, Some(status));
                }
                query.push(
                    ")) best order by requested_at desc, order_id desc, position desc limit ",
                );
                query.push_bind(i64::from(self.limit) + 1);
            }
        }
        query.push(format!(
            ") page on true
            where p.name = '{view}'
            order by page.requested_at desc, page.order_id desc, page.position desc"
        ));
        query
    }

    fn page_of<'a>(
        &'a self,
        query: &mut QueryBuilder<'a, Postgres>,
        generation: i32,
        status: Option<&'static str>,
    ) {
        query.push(format!(
            "select requested_at, order_id, position, document::text
            from {table}
            where true",
            table = Self::VIEW.table(generation),
        ));
        if let Some(status) = status {
            query.push(" and status = ").push_bind(status);
        }
        if let Some(key) = &self.behind {
            query
                .push(" and (requested_at, order_id, position) < (")
                .push_bind(key.requested_at)
                .push(", ")
                .push_bind(&key.order_id)
                .push(", ")
                .push_bind(key.position)
                .push(")");
        }
        query
            .push(" order by requested_at desc, order_id desc, position desc limit ")
            .push_bind(i64::from(self.limit) + 1);
    }
}
