//! `GET /v1/products`.

use axum::extract::State;
use axum::response::Response;
use read_model::products::ProductDocument;
use read_model::{View, position};
use service_kit::{Problem, ProblemType};
use sqlx::postgres::PgRow;

use super::{SUMS, from_rows};
use crate::answer;
use crate::request::{CursorOf, Parameters, Question};
use crate::views::{Generation, KnownGeneration, Place, Snapshot, Statement, ViewQuery, Views};

/// What a cursor is bound to.
const WORDS: &str = "products";

/// A page of the list.
pub(crate) struct Products {
    generation: Generation,
    /// The SKU of the last product of the page before; empty, which no SKU is, before the first page.
    behind: String,
    limit: u16,
}

/// Products by SKU.
pub(crate) async fn list(
    State(views): State<Views>,
    question: Question,
) -> Result<Response, Problem> {
    let parameters = question.parameters(&Parameters::OF_LISTS)?;
    let page = parameters.page()?;
    let (generation, behind) = match page.cursor {
        None => (Generation::Live, String::new()),
        Some(cursor) => {
            let (generation, key) = CursorOf(WORDS).read(cursor)?;
            let sku = key.as_str();
            let sku = sku.ok_or_else(|| Problem::new(ProblemType::BadCursor))?;
            (Generation::Of(generation), sku.to_owned())
        }
    };
    let query = Products {
        generation,
        behind,
        limit: page.limit,
    };
    let found = views.read_fresh(&query, question.freshness).await?;
    let mut products = found.rows;
    let limit = usize::from(page.limit);
    let more = products.len() > limit;
    products.truncate(limit);
    let next = products.last().filter(|_| more).map(|last| {
        let cursor = CursorOf(WORDS).write(found.generation, &last.sku.as_str().into());
        question.next_page(&parameters, cursor)
    });
    let documents = answer::documents(&products)?;
    Ok(answer::list(&documents, next.as_ref(), found.position))
}

impl ViewQuery for Products {
    const VIEW: View = View::Products;
    /// One more than the page has, if there are more.
    type Rows = Vec<ProductDocument>;

    fn generation(&self) -> Generation {
        self.generation
    }

    fn place(&self, _: &Self::Rows) -> Place {
        Place::View
    }

    /// The SKUs of the page first: a product has a row a currency and partition.
    fn statement(&self, generation: KnownGeneration) -> Statement {
        let sql = format!(
            "select p.live_generation, {position} as view_position, s.*
            from projection p
            left join (
                select {SUMS}
                from (
                    select sku
                    from {table}
                    where sku > $3
                    group by sku
                    order by sku
                    limit $4
                ) page
                join {table} using (sku)
                group by sku, currency
            ) s on true
            where p.name = $1
            order by s.sku, s.currency",
            position = position::of_view("$1", "$2"),
            table = Self::VIEW.table(generation.number),
        );
        Statement::kept(sql)
            .bind(Self::VIEW.as_str())
            .bind(generation.number)
            .bind(&self.behind)
            .bind(i64::from(self.limit) + 1)
    }

    fn snapshot(&self, rows: &[PgRow]) -> Result<Snapshot<Self::Rows>, sqlx::Error> {
        Snapshot::of_rows(rows, from_rows)
    }
}
