//! How a projection is, as it is shown.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use read_model::operations::{self, Kind, Operation};
use read_model::{Timestamp, View, position};
use serde::Serialize;
use sqlx::postgres::PgRow;
use sqlx::{PgConnection, Row as _};

use super::progress::Rebuild;
use crate::views::{ReadError, Views};

/// Parked orders that are shown of a projection, those that were parked first.
const MAX_PARKED: u32 = 1_000;
/// How often it is read again because a table was dropped under it.
const ATTEMPTS: usize = 4;

/// A projection: a view and who keeps it.
#[derive(Debug, Serialize)]
pub(crate) struct Projection {
    name: &'static str,
    status: Status,
    #[serde(skip_serializing_if = "Option::is_none")]
    fault: Option<String>,
    generation: i32,
    shape_version: i32,
    position: i64,
    head: i64,
    lag_events: i64,
    lag_seconds: f64,
    parked_orders: Vec<ParkedOrder>,
    rebuild: Option<Rebuild>,
}

/// What a projection is at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Status {
    /// It follows the log.
    Live,
    /// It follows the log, and another generation is built beside it.
    Rebuilding,
    /// It has stopped, and says why.
    Faulted,
}

impl Status {
    /// All of them.
    pub(crate) const ALL: [Self; 3] = [Self::Live, Self::Rebuilding, Self::Faulted];
}

/// An order that the view could not take in.
#[derive(Debug, Serialize)]
struct ParkedOrder {
    order_id: String,
    position: i64,
    error: String,
    since: Timestamp,
}

/// All projections, in the order in which they are listed.
pub(crate) async fn all(views: &Views) -> Result<Vec<Projection>, ReadError> {
    let mut found = read(views, None).await?;
    let one = |view: &View| found.remove(view).ok_or(ReadError::NoView(*view));
    View::ALL.iter().map(one).collect()
}

/// The projection of this view.
pub(crate) async fn of(views: &Views, view: View) -> Result<Projection, ReadError> {
    let mut found = read(views, Some(view)).await?;
    found.remove(&view).ok_or(ReadError::NoView(view))
}

/// The projections that there are, of one view or of all.
async fn read(views: &Views, view: Option<View>) -> Result<BTreeMap<View, Projection>, ReadError> {
    let mut attempts = 1..ATTEMPTS;
    loop {
        // Whatever is wrong with the history, how the projections are must be told.
        let history = match views.live_generation(View::OrderHistory).await {
            Ok(generation) => Some(generation.number),
            Err(ReadError::NewerShape { .. } | ReadError::NoView(_)) => None,
            Err(error) => return Err(error),
        };
        let found = views
            .read_beside(|connection| Box::pin(select(connection, view, history)))
            .await;
        match found {
            Err(error) if error.is_no_table() && attempts.next().is_some() => {
                views.forget(View::OrderHistory);
            }
            found => return found,
        }
    }
}

async fn select(
    connection: &mut PgConnection,
    view: Option<View>,
    history: Option<i32>,
) -> Result<BTreeMap<View, Projection>, sqlx::Error> {
    // The rebuilds first: of one that is not under way any more, the rows below show what has become.
    let under_way = operations::all_under_way(&mut *connection).await?;
    let rows = sqlx::query(&statement(history))
        .bind(view.map(View::as_str))
        .fetch_all(connection)
        .await?;
    let mut found: BTreeMap<View, Projection> = BTreeMap::new();
    for row in &rows {
        // A newer program may have views that this one does not know.
        let Some(view) = View::parse(row.try_get("name")?) else {
            continue;
        };
        let projection = match found.entry(view) {
            std::collections::btree_map::Entry::Occupied(known) => known.into_mut(),
            std::collections::btree_map::Entry::Vacant(new) => {
                let rebuild = under_way
                    .iter()
                    .find(|operation| operation.view == view && operation.kind == Kind::Rebuild);
                match Projection::read(row, view, rebuild)? {
                    Some(projection) => new.insert(projection),
                    None => continue,
                }
            }
        };
        projection.parked_orders.extend(ParkedOrder::read(row)?);
    }
    Ok(found)
}

/// A row a projection and order that is parked in it; a row of nulls in place of the orders where there is none.
///
/// What a view lacks was recorded when the projectors heard of it, or before: the history knows more exactly, if it has it.
fn statement(history: Option<i32>) -> String {
    let recorded = match history {
        Some(generation) => format!(
            "(select h.occurred_at from {table} h where h.position > v.position order by h.position limit 1)",
            table = View::OrderHistory.table(generation)
        ),
        None => "null".to_owned(),
    };
    format!(
        "with viewed as materialized (
            select p.name, p.live_generation, g.shape_version, g.fault, {position} as position
            from projection p
            join generation g on g.projection = p.name and g.generation = p.live_generation
            where $1::text is null or p.name = $1
        ),
        told as materialized (
            select max(f.position) as head from frontier f
        )
        select v.name, v.live_generation, v.shape_version, v.fault, v.position,
            greatest(v.position, told.head) as head,
            case when v.position < told.head then
                extract(epoch from statement_timestamp() - least(
                    (select f.seen_at from frontier f where f.position > v.position order by f.position limit 1),
                    {recorded}
                ))::double precision
            else 0 end as lag_seconds,
            k.order_id, k.position as parked_position, k.error, k.since
        from viewed v
        cross join told
        left join lateral (
            select parked.*
            from parked
            where parked.projection = v.name
            and parked.generation = v.live_generation
            order by parked.position
            limit {MAX_PARKED}
        ) k on true
        order by v.name, k.position",
        position = position::of_view("p.name", "p.live_generation"),
    )
}

impl Projection {
    /// A projection without its parked orders; none if its generation has no checkpoints.
    fn read(
        row: &PgRow,
        view: View,
        rebuild: Option<&Operation>,
    ) -> Result<Option<Self>, sqlx::Error> {
        let Some(position) = row.try_get("position")? else {
            return Ok(None);
        };
        let fault: Option<String> = row.try_get("fault")?;
        let status = match (&fault, rebuild) {
            (Some(_), _) => Status::Faulted,
            (None, Some(_)) => Status::Rebuilding,
            (None, None) => Status::Live,
        };
        let head: i64 = row.try_get("head")?;
        Ok(Some(Self {
            name: view.as_str(),
            status,
            fault,
            generation: row.try_get("live_generation")?,
            shape_version: row.try_get("shape_version")?,
            position,
            head,
            // Positions have no gaps.
            lag_events: head - position,
            lag_seconds: milliseconds(row.try_get("lag_seconds")?),
            parked_orders: Vec::new(),
            rebuild: rebuild.map(Rebuild::from),
        }))
    }
}

impl ParkedOrder {
    /// The order of this row, if it has one.
    fn read(row: &PgRow) -> Result<Option<Self>, sqlx::Error> {
        let Some(order_id) = row.try_get("order_id")? else {
            return Ok(None);
        };
        Ok(Some(Self {
            order_id,
            position: row.try_get("parked_position")?,
            error: row.try_get("error")?,
            since: Timestamp::from_datetime(row.try_get::<DateTime<Utc>, _>("since")?),
        }))
    }
}

/// To the millisecond; the clocks of two databases may differ by more than a lag.
fn milliseconds(seconds: f64) -> f64 {
    (seconds.max(0.0) * 1_000.0).round() / 1_000.0
}
