//! `GET /v1/orders/{order_id}?version=…` and `?at=…`: the order as it was shown then.
//!
//! The history holds every event of an order; the fold that makes the order's document makes it again from the first of
//! them.

use axum::response::Response;
use read_model::audit::{self, EntryError};
use read_model::order::OrderFold;
use read_model::{OrderId, Timestamp, View, position};
use service_kit::{Problem, ProblemType};
use sqlx::Row as _;
use sqlx::postgres::PgRow;

use super::one::{self, StoredOrder};
use crate::answer;
use crate::request::{Parameters, Question, bad_parameter};
use crate::views::{
    Generation, KnownGeneration, Place, ReadError, Snapshot, Statement, ViewQuery, Views,
};

const VERSION: &str = "version";
const AT: &str = "at";

/// Up to where an order's events count.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Until {
    /// So many events.
    Version(i64),
    /// The last event at or before this time.
    Time(Timestamp),
}

/// The events that an order had.
pub(crate) struct Events {
    pub(crate) order_id: OrderId,
    pub(crate) until: Until,
}

impl Until {
    /// The names of its parameters.
    pub(super) const PARAMETERS: [&'static str; 2] = [VERSION, AT];

    /// When the order is asked for, if not now.
    pub(super) fn from_parameters(parameters: &Parameters) -> Result<Option<Self>, Problem> {
        let version = parameters.parsed(VERSION, |text| match text.parse() {
            Ok(version @ 1..) if text.starts_with(|c: char| c.is_ascii_digit()) => Ok(version),
            _ => Err("must be a number from 1 on"),
        })?;
        let at = parameters.parsed(AT, Timestamp::parse)?;
        match (version, at) {
            (Some(_), Some(_)) => Err(bad_parameter(AT, "cannot stand beside `version`")),
            (version, at) => Ok(version.map(Self::Version).or(at.map(Self::Time))),
        }
    }
}

/// The order as it was then.
pub(super) async fn respond(
    views: &Views,
    question: &Question,
    order_id: OrderId,
    until: Until,
) -> Result<Response, Problem> {
    let query = Events { order_id, until };
    let found = views.read_fresh(&query, question.freshness).await?;
    let position = found.position;
    let events = i64::try_from(found.rows.len()).unwrap_or(i64::MAX);
    match until {
        _ if events == 0 => return Err(answer::not_found_at("order", position)),
        Until::Version(version) if events < version => {
            return Err(answer::not_found_at("version", position));
        }
        Until::Version(_) | Until::Time(_) => {}
    }
    // Folding a long life is work for a thread that others do not wait for.
    let order = tokio::task::spawn_blocking(move || fold(&found.rows))
        .await
        .map_err(|panic| Problem::from_failure(ProblemType::Internal, &panic))?
        .map_err(ReadError::from)?;
    Ok(one::respond(question, order, position))
}

/// The order after these entries, which are its first.
fn fold(entries: &[String]) -> Result<StoredOrder, EntryError> {
    let mut fold = OrderFold::default();
    for entry in entries {
        fold.apply(&audit::recorded(entry)?);
    }
    Ok(StoredOrder {
        version: fold.version(),
        document: serde_json::to_string(&fold.document())?,
    })
}

impl ViewQuery for Events {
    const VIEW: View = View::OrderHistory;
    /// The entries, oldest first.
    type Rows = Vec<String>;

    fn generation(&self) -> Generation {
        Generation::Live
    }

    fn place(&self, _: &Self::Rows) -> Place {
        Place::Order(self.order_id.to_string())
    }

    /// No entry is one row, whose entry is null.
    fn statement(&self, generation: KnownGeneration) -> Statement {
        let condition = match self.until {
            Until::Version(_) => "sequence <= $5",
            Until::Time(_) => "occurred_at <= $5",
        };
        let statement = Statement::kept(format!(
            "select p.live_generation, {position} as view_position, h.entry::text
            from projection p
            left join (
                select sequence, entry
                from {table}
                where order_id = $4
                and {condition}
            ) h on true
            where p.name = $1
            order by h.sequence",
            position = position::of_partition("$1", "$2", "$3", "$6"),
            table = Self::VIEW.table(generation.number),
        ))
        .bind(Self::VIEW.as_str())
        .bind(generation.number)
        .bind(generation.partition_of(&self.order_id))
        .bind(self.order_id.as_str());
        let statement = match self.until {
            Until::Version(version) => statement.bind(version),
            Until::Time(time) => statement.bind(time.as_datetime()),
        };
        statement.bind(i32::from(generation.partitions))
    }

    fn snapshot(&self, rows: &[PgRow]) -> Result<Snapshot<Self::Rows>, sqlx::Error> {
        let entries = rows.iter().map(|row| row.try_get("entry"));
        let entries = entries.collect::<Result<Vec<Option<String>>, _>>()?;
        Ok(Snapshot {
            live_generation: match rows.first() {
                Some(row) => row.try_get("live_generation")?,
                None => None,
            },
            position: match rows.first() {
                Some(row) => row.try_get("view_position")?,
                None => None,
            },
            rows: entries.into_iter().flatten().collect(),
        })
    }
}
