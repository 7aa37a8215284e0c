//! `GET /v1/products/{sku}`.

use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::response::Response;
use read_model::products::ProductDocument;
use read_model::{Sku, View, position};
use service_kit::Problem;
use sqlx::postgres::PgRow;

use super::{SUMS, from_rows};
use crate::answer;
use crate::request::Question;
use crate::views::{Generation, KnownGeneration, Place, Snapshot, Statement, ViewQuery, Views};

/// The product with this SKU.
struct BySku(Sku);

/// What became of a product, over all orders once placed.
pub(crate) async fn by_sku(
    State(views): State<Views>,
    question: Question,
    path: Result<Path<String>, PathRejection>,
) -> Result<Response, Problem> {
    question.parameters(&[])?;
    let wanted = path.ok().and_then(|Path(sku)| Sku::parse(sku).ok());
    // What cannot be a SKU names no product, however long one waits.
    let sku = wanted.ok_or_else(|| answer::not_found("product"))?;
    let found = views.read_fresh(&BySku(sku), question.freshness).await?;
    match found.rows {
        Some(product) => answer::document(&product, found.position),
        None => Err(answer::not_found_at("product", found.position)),
    }
}

impl ViewQuery for BySku {
    const VIEW: View = View::Products;
    type Rows = Option<ProductDocument>;

    fn generation(&self) -> Generation {
        Generation::Live
    }

    /// Orders of a product are in any partition.
    fn place(&self, _: &Self::Rows) -> Place {
        Place::View
    }

    fn statement(&self, generation: KnownGeneration) -> Statement {
        let sql = format!(
            "select p.live_generation, {position} as view_position, s.*
            from projection p
            left join (
                select {SUMS}
                from {table}
                where sku = $3
                group by sku, currency
            ) s on true
            where p.name = $1
            order by s.currency",
            position = position::of_view("$1", "$2"),
            table = Self::VIEW.table(generation.number),
        );
        Statement::kept(sql)
            .bind(Self::VIEW.as_str())
            .bind(generation.number)
            .bind(self.0.as_str())
    }

    fn snapshot(&self, rows: &[PgRow]) -> Result<Snapshot<Self::Rows>, sqlx::Error> {
        Snapshot::of_rows(rows, |rows| Ok(from_rows(rows)?.pop()))
    }
}
