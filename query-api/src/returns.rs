//! `GET /v1/returns`.

use axum::extract::State;
use axum::response::Response;
use chrono::{DateTime, Utc};
use read_model::{ReturnState, View, position};
use serde_json::{Value, json};
use service_kit::{Problem, ProblemType};
use sqlx::Row as _;
use sqlx::postgres::PgRow;

use crate::answer;
use crate::request::{CursorOf, Parameters, Question};
use crate::views::{
    Generation, KnownGeneration, PageOf, Place, Rows, Snapshot, Statement, ViewQuery, Views,
};

const STATUS: &str = "status";

/// The order of the list.
const ORDER: &str = "requested_at desc, order_id desc, position desc";

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

    /// Each status has its returns in the order of the list in an index, so each gives a page, and the page is the best of
    /// these: however rare a status is, no other returns are looked at.
    fn statement(&self, generation: KnownGeneration) -> Statement {
        let position =
            position::of_view(&format!("'{}'", Self::VIEW), &generation.number.to_string());
        PageOf {
            view: Self::VIEW,
            position: &position,
            columns: "page.requested_at, page.order_id, page.position",
            order: ORDER,
        }
        .statement(|statement| match &self.statuses {
            None => self.page_of(statement, generation.number, None),
            Some(statuses) => {
                statement.push("select * from (");
                for (index, status) in statuses.iter().enumerate() {
                    statement.push(if index > 0 { ") union all (" } else { "(" });
                    self.page_of(statement, generation.number, Some(status));
                }
                statement
                    .push(format!(")) best order by {ORDER} limit "))
                    .push_bind(i64::from(self.limit) + 1);
            }
        })
    }

    fn snapshot(&self, rows: &[PgRow]) -> Result<Snapshot<Self::Rows>, sqlx::Error> {
        Snapshot::of_page(rows, self.limit, |row| {
            Ok(Key {
                requested_at: row.try_get("requested_at")?,
                order_id: row.try_get("order_id")?,
                position: row.try_get("position")?,
            })
        })
    }
}

impl Returns {
    /// One return more than the page has, of this status or of any.
    fn page_of(&self, statement: &mut Statement, generation: i32, status: Option<&str>) {
        let table = Self::VIEW.table(generation);
        statement.push(format!(
            "select requested_at, order_id, position, document from {table} where true"
        ));
        if let Some(status) = status {
            statement.push(" and status = ").push_bind(status);
        }
        if let Some(key) = &self.behind {
            statement
                .push(" and (requested_at, order_id, position) < (")
                .push_bind(key.requested_at)
                .push(", ")
                .push_bind(&key.order_id)
                .push(", ")
                .push_bind(key.position)
                .push(")");
        }
        statement
            .push(format!(" order by {ORDER} limit "))
            .push_bind(i64::from(self.limit) + 1);
    }
}
