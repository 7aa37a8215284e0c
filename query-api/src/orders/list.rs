//! `GET /v1/orders`.

use axum::extract::State;
use axum::response::Response;
use read_model::{View, orders, position};
use service_kit::{Problem, ProblemType};
use sqlx::postgres::PgRow;

use super::filter::Filter;
use super::sort::{Key, Sort};
use crate::answer;
use crate::request::{CursorOf, Parameters, Question};
use crate::views::{Generation, PageOf, Place, Rows, Snapshot, Statement, ViewQuery, Views};

/// A page of the list.
pub(crate) struct Orders {
    generation: Generation,
    filter: Filter,
    sort: Sort,
    /// The filter and the sort in words.
    words: String,
    behind: Option<Key>,
    limit: u16,
}

/// Orders, newest first unless asked otherwise.
pub(crate) async fn list(
    State(views): State<Views>,
    question: Question,
) -> Result<Response, Problem> {
    let parameters = question.parameters(&known())?;
    let query = Orders::from_parameters(&parameters)?;
    let found = views.read_fresh(&query, question.freshness).await?;
    let next = found.rows.last.as_ref().map(|last| {
        let cursor = query.cursor_behind(found.generation, last);
        question.next_page(&parameters, cursor)
    });
    Ok(answer::list(
        &found.rows.documents,
        next.as_ref(),
        found.position,
    ))
}

/// The parameters of the list.
pub(crate) fn known() -> Vec<&'static str> {
    [
        &Filter::PARAMETERS[..],
        &[Sort::PARAMETER],
        &Parameters::OF_LISTS,
    ]
    .concat()
}

impl Orders {
    /// The page that a query asks for.
    pub(crate) fn from_parameters(parameters: &Parameters) -> Result<Self, Problem> {
        let filter = Filter::from_parameters(parameters)?;
        let sort = Sort::from_parameters(parameters)?;
        let page = parameters.page()?;
        let words = format!("{}\nsort={}", filter.words(), sort.words());
        let (generation, behind) = match page.cursor {
            None => (Generation::Live, None),
            Some(cursor) => {
                let (generation, key) = CursorOf(&words).read(cursor)?;
                let key = sort
                    .read(&key)
                    .ok_or_else(|| Problem::new(ProblemType::BadCursor))?;
                (Generation::Of(generation), Some(key))
            }
        };
        Ok(Self {
            generation,
            filter,
            sort,
            words,
            behind,
            limit: page.limit,
        })
    }

    /// The cursor of the page that begins behind this order.
    pub(crate) fn cursor_behind(&self, generation: i32, last: &Key) -> String {
        CursorOf(&self.words).write(generation, &last.write())
    }

    /// One order more than the page has.
    fn candidates(&self, generation: i32, statement: &mut Statement) {
        let sort = self.sort;
        statement.push(format!(
            "select o.{column} as sort_key, o.order_id, o.document from {table} o",
            column = sort.column(),
            table = Self::VIEW.table(generation)
        ));
        if self.filter.needs_terms() {
            let terms = orders::terms_table(generation);
            statement.push(format!(" join {terms} t on t.order_id = o.order_id"));
        }
        statement.push(" where true");
        self.filter.restrict(statement);
        if let Some(key) = &self.behind {
            sort.behind(key, statement);
        }
        let order = sort.clause(&format!("o.{}", sort.column()), "o.order_id");
        statement
            .push(format!(" order by {order} limit "))
            .push_bind(i64::from(self.limit) + 1);
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

    fn statement(&self, generation: i32) -> Statement {
        let position = position::of_view(&format!("'{}'", Self::VIEW), &generation.to_string());
        PageOf {
            view: Self::VIEW,
            position: &position,
            columns: "page.sort_key, page.order_id",
            order: &self.sort.clause("sort_key", "order_id"),
        }
        .statement(|statement| self.candidates(generation, statement))
    }

    fn snapshot(&self, rows: &[PgRow]) -> Result<Snapshot<Self::Rows>, sqlx::Error> {
        Snapshot::of_page(rows, self.limit, |row| self.sort.key_of(row))
    }
}
