//! `GET /v1/orders`.

use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::response::Response;
use read_model::{CustomerId, View, orders, position};
use service_kit::{Problem, ProblemType};
use sqlx::postgres::PgRow;

use super::by_terms::ByTerms;
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
    pub(super) filter: Filter,
    pub(super) sort: Sort,
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
    fn candidates(&self, generation: KnownGeneration, statement: &mut Statement) {
        let table = Self::VIEW.table(generation.number);
        if !self.filter.needs_terms() {
            let column = self.sort.column();
            statement.push(format!(
                "select o.{column} as sort_key, o.order_id, o.document from {table} o where true"
            ));
            return self.first_of(self.rows(), statement);
        }
        let by_terms = ByTerms {
            list: self,
            table,
            terms: orders::terms_table(generation.number),
            terms_are_enough: self.sort.is_of_terms()
                && !self.filter.needs_orders()
                && generation.shape_version >= orders::TERMS_ARE_SORTED_SINCE,
        };
        match self.filter.looks_for() {
            Some(words) => by_terms.search(words, statement),
            None => by_terms.look_up(statement),
        }
    }

    /// Of the orders `o`, these many of the list from where the page begins; ends a `where` clause that has a condition already.
    pub(super) fn first_of(&self, rows: i64, statement: &mut Statement) {
        self.filter.restrict(statement);
        if let Some(key) = &self.behind {
            self.sort.behind(key, statement);
        }
        let column = self.sort.column();
        let order = self.sort.clause(&format!("o.{column}"), "o.order_id");
        // Written out: a plan that is kept must know that these are few.
        statement.push(format!(" order by {order} limit {rows}"));
    }

    /// Ends a statement that selects what was found in several ways.
    pub(super) fn end(&self, statement: &mut Statement) {
        let order = self.sort.clause("found.sort_key", "found.order_id");
        statement.push(format!(" order by {order} limit {}", self.rows()));
    }

    /// How many orders are read for a page: one more than it shows.
    pub(super) fn rows(&self) -> i64 {
        i64::from(self.limit) + 1
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
        let mut statement = PageOf {
            view: Self::VIEW,
            position: &position,
            columns: "page.sort_key, page.order_id",
            order: &self.sort.clause("sort_key", "order_id"),
        }
        .statement(|statement| self.candidates(generation, statement));
        if !self.filter.has_values() {
            // How a search goes is decided while it runs, whatever the words are. To plan all its ways takes longer than to go one.
            statement.keep();
        }
        statement
    }

    fn snapshot(&self, rows: &[PgRow]) -> Result<Snapshot<Self::Rows>, sqlx::Error> {
        Snapshot::of_page(rows, self.limit, |row| self.sort.key_of(row))
    }
}
