//! `GET /v1/reports/revenue`.

use axum::extract::State;
use axum::response::Response;
use chrono::{Datelike as _, NaiveDate};
use read_model::revenue::{Interval, RevenueDocument, Sums};
use read_model::{Currency, View, position};
use service_kit::Problem;
use sqlx::Row as _;
use sqlx::postgres::PgRow;

use crate::answer;
use crate::request::{Parameters, Question, bad_parameter};
use crate::views::{
    Generation, KnownGeneration, Place, Snapshot, Statement, ViewQuery, Views, sum,
};

const FROM: &str = "from";
const TO: &str = "to";
const CURRENCY: &str = "currency";
const INTERVAL: &str = "interval";

/// How long the intervals are that a report sums up, but for the first and the last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    Day,
    Week,
    Month,
}

/// The ledger of some days.
struct Revenue {
    from: NaiveDate,
    to: NaiveDate,
    /// Only these; none: all.
    currencies: Option<Vec<String>>,
    step: Step,
}

/// What moved in each interval.
pub(crate) async fn report(
    State(views): State<Views>,
    question: Question,
) -> Result<Response, Problem> {
    let parameters = question.parameters(&[FROM, TO, CURRENCY, INTERVAL])?;
    let query = Revenue::from_parameters(&parameters)?;
    let found = views.read_fresh(&query, question.freshness).await?;
    answer::document(&found.rows, found.position)
}

impl Step {
    const ALL: [Self; 3] = [Self::Day, Self::Week, Self::Month];

    /// The name in the contract, and for PostgreSQL's `date_trunc`, whose weeks begin on Mondays, too.
    fn as_str(self) -> &'static str {
        match self {
            Self::Day => "day",
            Self::Week => "week",
            Self::Month => "month",
        }
    }

    fn parse(name: &str) -> Result<Self, String> {
        let step = Self::ALL.into_iter().find(|step| step.as_str() == name);
        step.ok_or_else(|| {
            let names = Self::ALL.map(Self::as_str);
            format!("takes only: {}", names.join(", "))
        })
    }
}

impl Revenue {
    fn from_parameters(parameters: &Parameters) -> Result<Self, Problem> {
        let from = parameters.parsed(FROM, date)?.ok_or_else(|| needed(FROM))?;
        let later = |text: &str| match date(text)? {
            to if to > from => Ok(to),
            _ => Err("must be after `from`"),
        };
        Ok(Self {
            from,
            to: parameters.parsed(TO, later)?.ok_or_else(|| needed(TO))?,
            currencies: parameters.several(CURRENCY, |code| {
                Currency::parse(code).map(|currency| currency.code().to_owned())
            })?,
            step: parameters
                .parsed(INTERVAL, Step::parse)?
                .unwrap_or(Step::Day),
        })
    }
}

/// A day in UTC, in the one form that contracts have for it.
fn date(text: &str) -> Result<NaiveDate, &'static str> {
    let parsed = NaiveDate::parse_from_str(text, "%Y-%m-%d").ok();
    parsed
        .filter(|date| (1..=9999).contains(&date.year()) && date.to_string() == text)
        .ok_or("must be a date, like 2026-11-20")
}

fn needed(name: &str) -> Problem {
    bad_parameter(name, "is needed: a date, like 2026-11-20")
}

impl ViewQuery for Revenue {
    const VIEW: View = View::Revenue;
    type Rows = RevenueDocument;

    fn generation(&self) -> Generation {
        Generation::Live
    }

    fn place(&self, _: &Self::Rows) -> Place {
        Place::View
    }

    /// Times of day are none of its business, nor is the session's time zone: a day is cut as a timestamp without zone.
    fn statement(&self, generation: KnownGeneration) -> Statement {
        let step = self.step.as_str();
        let sql = format!(
            "select p.live_generation, {position} as view_position, r.*
            from projection p
            left join (
                select greatest(date_trunc('{step}', day::timestamp)::date, $3) as from_day,
                    least((date_trunc('{step}', day::timestamp) + interval '1 {step}')::date, $4) as to_day,
                    currency,
                    sum(orders)::bigint as orders,
                    sum(gross)::text as gross,
                    sum(discount)::text as discount,
                    sum(shipping)::text as shipping,
                    sum(tax)::text as tax,
                    sum(cancelled)::text as cancelled,
                    sum(returned)::text as returned,
                    sum(credited)::text as credited,
                    sum(captured)::text as captured,
                    sum(refunded)::text as refunded
                from {table}
                where day >= $3
                and day < $4
                and ($5::text[] is null or currency = any ($5))
                group by 1, 2, 3
            ) r on true
            where p.name = $1
            order by r.from_day, r.currency",
            position = position::of_view("$1", "$2"),
            table = Self::VIEW.table(generation.number),
        );
        Statement::kept(sql)
            .bind(Self::VIEW.as_str())
            .bind(generation.number)
            .bind(self.from)
            .bind(self.to)
            .bind(self.currencies.as_deref())
    }

    fn snapshot(&self, rows: &[PgRow]) -> Result<Snapshot<Self::Rows>, sqlx::Error> {
        Snapshot::of_rows(rows, |rows| {
            let items = rows.iter().filter_map(|row| interval(row).transpose());
            Ok(RevenueDocument::new(items.collect::<Result<_, _>>()?))
        })
    }
}

/// What a row says; none if it is that of an empty report, or if its movements took each other back.
fn interval(row: &PgRow) -> Result<Option<Interval>, sqlx::Error> {
    let Some(from) = row.try_get("from_day")? else {
        return Ok(None);
    };
    let (gross, cancelled, returned, credited) = (
        sum(row, "gross")?,
        sum(row, "cancelled")?,
        sum(row, "returned")?,
        sum(row, "credited")?,
    );
    let sums = Sums {
        orders: row.try_get("orders")?,
        gross,
        discount: sum(row, "discount")?,
        shipping: sum(row, "shipping")?,
        tax: sum(row, "tax")?,
        cancelled,
        returned,
        credited,
        net: gross - cancelled - returned - credited,
        captured: sum(row, "captured")?,
        refunded: sum(row, "refunded")?,
    };
    Ok((sums != Sums::default()).then_some(Interval {
        from,
        to: row.try_get("to_day")?,
        currency: row.try_get("currency")?,
        sums,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_has_ten_characters_and_no_time() {
        assert!(date("2026-11-20").is_ok() && date("0001-01-01").is_ok());
        for wrong in [
            "",
            "2026-11-2",
            "2026-1-020",
            "26-11-2026",
            "2026-02-29",
            "2026-13-01",
            "+2026-11-1",
            "0000-01-01",
            "2026-11-20T00:00:00Z",
            "2026-11-20 ",
            "20261120",
            "today",
        ] {
            assert!(date(wrong).is_err(), "{wrong}");
        }
    }
}
