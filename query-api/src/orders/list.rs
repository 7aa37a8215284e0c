//! `GET /v1/orders`.

use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::response::Response;
use read_model::{CustomerId, View, orders, position};
use service_kit::{Problem, ProblemType};
use sqlx::postgres::PgRow;

use super::filter::{CUSTOMER_ID, Filter};
use super::sort::{Key, Sort};
use crate::answer;
use crate::request::{CursorOf, Parameters, Question};
use crate::views::{
    Generation, KnownGeneration, PageOf, Place, Rows, Snapshot, Statement, ViewQuery, Views,
};

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

/// Orders that have the words looked for are few up to this many: about as many are cheaper to put in order than to come
/// upon among some hundred thousand.
const FEW: usize = 2_000;

/// What the orders are joined with.
#[derive(Debug, Clone, Copy)]
enum Joined {
    /// They are filtered by themselves.
    Nothing,
    /// Their terms, which must fit, from whichever side is better.
    Terms,
    /// The terms of each in its turn, if many fit.
    TermsOfEach,
    /// Those whose terms fit, if they are few.
    Few,
}

/// Orders, newest first unless asked otherwise.
pub(crate) async fn list(
    State(views): State<Views>,
    question: Question,
) -> Result<Response, Problem> {
    let parameters = question.parameters(&known())?;
    let query = Orders::from_parameters(&parameters)?;
    page(&views, &question, &parameters, &query).await
}

/// The same list of one customer's orders; that filter is in the path, and so no parameter.
pub(crate) async fn of_customer(
    State(views): State<Views>,
    question: Question,
    path: Result<Path<String>, PathRejection>,
) -> Result<Response, Problem> {
    let mut known = known();
    known.retain(|name| *name != CUSTOMER_ID);
    let parameters = question.parameters(&known)?;
    let wanted = path.ok().and_then(|Path(id)| CustomerId::parse(id).ok());
    let customer = wanted.ok_or_else(|| answer::not_found("customer"))?;
    let filtered = parameters.and(CUSTOMER_ID, customer.as_str());
    let query = Orders::from_parameters(&filtered)?;
    page(&views, &question, &parameters, &query).await
}

async fn page(
    views: &Views,
    question: &Question,
    parameters: &Parameters,
    query: &Orders,
) -> Result<Response, Problem> {
    let found = views.read_fresh(query, question.freshness).await?;
    let next = found.rows.last.as_ref().map(|last| {
        let cursor = query.cursor_behind(found.generation, last);
        question.next_page(parameters, cursor)
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
        if !self.filter.looks_for_words() {
            let joined = if self.filter.needs_terms() {
                Joined::Terms
            } else {
                Joined::Nothing
            };
            return self.candidates_from(joined, generation, statement);
        }
        // The planner guesses how many orders have a word, at times wrongly by a factor of thousands. So they are looked up,
        // up to a number: few are put in order; are they many, then some of them soon come in the order of the list.
        let order = self.sort.clause("sort_key", "order_id");
        statement.push(format!(
            "with few as materialized (
                select t.order_id
                from {terms} t
                where true",
            terms = orders::terms_table(generation)
        ));
        self.filter.restrict_terms(statement);
        statement.push(format!(
            " limit {FEW} + 1
            ),
            known as materialized (select count(*) > {FEW} as many from few)
            select * from (("
        ));
        self.candidates_from(Joined::Few, generation, statement);
        statement.push(") union all (");
        self.candidates_from(Joined::TermsOfEach, generation, statement);
        statement
            .push(format!(")) either order by {order} limit "))
            .push_bind(i64::from(self.limit) + 1);
    }

    /// Candidates among the orders that are joined with this.
    fn candidates_from(&self, joined: Joined, generation: i32, statement: &mut Statement) {
        let column = self.sort.column();
        statement.push(format!(
            "select o.{column} as sort_key, o.order_id, o.document from {table} o",
            table = Self::VIEW.table(generation)
        ));
        let terms = orders::terms_table(generation);
        match joined {
            Joined::Nothing => {
                statement.push(" where true");
            }
            Joined::Few => {
                statement.push(
                    " join few on few.order_id = o.order_id where not (select many from known)",
                );
            }
            Joined::Terms => {
                statement.push(format!(
                    " join {terms} t on t.order_id = o.order_id where true"
                ));
                self.filter.restrict_terms(statement);
            }
            Joined::TermsOfEach => {
                // A scalar query is not turned into a join, which the planner would begin with all that have the words.
                statement.push(format!(
                    " where (select many from known)
                    and (select true from {terms} t where t.order_id = o.order_id"
                ));
                self.filter.restrict_terms(statement);
                statement.push(")");
            }
        }
        self.filter.restrict(statement);
        if let Some(key) = &self.behind {
            self.sort.behind(key, statement);
        }
        let order = self.sort.clause(&format!("o.{column}"), "o.order_id");
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

    fn statement(&self, generation: KnownGeneration) -> Statement {
        let position =
            position::of_view(&format!("'{}'", Self::VIEW), &generation.number.to_string());
        PageOf {
            view: Self::VIEW,
            position: &position,
            columns: "page.sort_key, page.order_id",
            order: &self.sort.clause("sort_key", "order_id"),
        }
        .statement(|statement| self.candidates(generation.number, statement))
    }

    fn snapshot(&self, rows: &[PgRow]) -> Result<Snapshot<Self::Rows>, sqlx::Error> {
        Snapshot::of_page(rows, self.limit, |row| self.sort.key_of(row))
    }
}
