//! A new generation of a view, built beside the live one: filled from the log, caught up, followed, switched to.

use std::collections::HashMap;

use event_store::{Cursor, LogIdentity, PartitionOf};
use read_model::Keeper;
use read_model::operations::{Operation, Phase};
use sqlx::{PgConnection, PgPool, Row as _};
use tokio::task::JoinSet;

use super::filling::{self, Extent};
use super::report::Report;
use super::{OfView, Replay, ReplayError, cleaning, switching};
use crate::checkpoints::{self, Part};
use crate::parking::{Parked, TOO_MANY, rows};
use crate::partition::Partition;

/// A round of catching up in which no partition had more events leaves so little to do that the owners can take over: each has it
/// in one batch. How long a round takes says nothing, on a machine that is busy.
const FEW: usize = 500;

/// Carries a rebuild out from wherever it is.
pub(super) async fn rebuild(
    replay: &Replay,
    operation: &Operation,
    report: &std::sync::Arc<Report>,
) -> Result<(), ReplayError> {
    let views = &replay.sources.views;
    report.enter(views, Phase::Building).await?;
    let new = begin(replay, operation).await?;
    build(replay, &new, report).await?;
    check_parked(views, &new).await?;
    index(views, &new).await?;
    report.enter(views, Phase::CatchingUp).await?;
    catch_up(replay, &new, report).await?;
    follow(views, &new).await?;
    report.enter(views, Phase::Switching).await?;
    switching::switch(views, &new).await
}

/// Takes back what a rebuild that failed has made.
pub(super) async fn give_up(views: &PgPool, operation: &Operation) -> Result<(), sqlx::Error> {
    let statement = "select generation from operation where operation_id = $1";
    let generation: Option<i32> = sqlx::query_scalar(statement)
        .bind(operation.operation_id)
        .fetch_one(views)
        .await?;
    match generation {
        Some(generation) => {
            let view = operation.view;
            cleaning::drop_now(views, &OfView { view, generation }).await
        }
        None => Ok(()),
    }
}

/// The generation that the operation builds, made now if it is not there yet.
async fn begin(replay: &Replay, operation: &Operation) -> Result<OfView, sqlx::Error> {
    let (view, partitions) = (operation.view, replay.sources.stream.partitions);
    let mut transaction = replay.sources.views.begin().await?;
    // One begins at a time.
    sqlx::query("select from projection where name = $1 for update")
        .bind(view.as_str())
        .execute(&mut *transaction)
        .await?;
    let row = sqlx::query(
        "select o.generation,
            greatest(
                (select max(generation) from generation where projection = o.projection),
                (select max(generation) from operation where projection = o.projection)
            ) as highest
        from operation o
        where o.operation_id = $1",
    )
    .bind(operation.operation_id)
    .fetch_one(&mut *transaction)
    .await?;
    if let Some(generation) = row.try_get("generation")? {
        return Ok(OfView { view, generation });
    }
    // Never one that was there before: cursors name theirs.
    let generation = row.try_get::<i32, _>("highest")? + 1;
    let keeper = Keeper::Builder;
    read_model::create_generation(&mut transaction, view, generation, partitions, keeper).await?;
    sqlx::query("update operation set generation = $2 where operation_id = $1")
        .bind(operation.operation_id)
        .bind(generation)
        .execute(&mut *transaction)
        .await?;
    transaction.commit().await?;
    tracing::info!(
        view = view.as_str(),
        generation,
        "a new generation is built"
    );
    Ok(OfView { view, generation })
}

/// Fills each partition that is not filled yet, several at once.
async fn build(
    replay: &Replay,
    new: &OfView,
    report: &std::sync::Arc<Report>,
) -> Result<(), ReplayError> {
    let store = &replay.sources.store;
    let count = replay.sources.stream.partitions;
    let log = store.identity().await?;
    let head = store.head(count).await?;
    let targets = checkpoints::generation(&replay.sources.views, new.view, new.generation).await?;
    let mut missing = Vec::new();
    let mut done = 0;
    for (index, checkpoint) in (0..).zip(&targets) {
        let place = PartitionOf { index, count };
        match head.partitions.get(usize::from(index)) {
            _ if checkpoint.position > 0 => done += store.count(place, checkpoint.position).await?,
            Some(last) if *last > 0 => missing.push((place, *last)),
            _ => {}
        }
    }
    report.expect(head.position, done);

    let mut filling = JoinSet::new();
    for (place, last) in missing {
        if filling.len() >= replay.workers {
            filled(&mut filling).await?;
        }
        let (replay, new, report) = (replay.clone(), new.clone(), report.clone());
        filling.spawn(async move { fill(&replay, &new, place, last, log, &report).await });
    }
    while !filling.is_empty() {
        filled(&mut filling).await?;
    }
    Ok(())
}

/// Waits for one of them.
async fn filled(filling: &mut JoinSet<Result<(), ReplayError>>) -> Result<(), ReplayError> {
    match filling.join_next().await {
        Some(filled) => filled?,
        None => Ok(()),
    }
}

/// Fills one partition up to its event at `last`: rows and checkpoint in one transaction.
async fn fill(
    replay: &Replay,
    new: &OfView,
    place: PartitionOf,
    last: i64,
    log: LogIdentity,
    report: &Report,
) -> Result<(), ReplayError> {
    let store = &replay.sources.store;
    let to = cursor_at(replay, last).await?;
    let mut transaction = replay.sources.views.begin().await?;
    let start = new.at(Cursor::START);
    if !checkpoints::advance(&mut transaction, place.index, &[&start], to).await? {
        // Another process has filled it.
        return Ok(());
    }
    let extent = Extent {
        place,
        up_to: last,
        before: HashMap::new(),
    };
    let (view, generation) = (new.view, new.generation);
    let parked = filling::fill(store, &mut transaction, view, generation, extent, report).await?;
    park(&mut transaction, new, place.index, &parked).await?;
    if store.identity().await? != log || cursor_at(replay, last).await? != to {
        return Err(other_history());
    }
    transaction.commit().await?;
    Ok(())
}

/// Parks what could not be taken in. What the live generation could not take in either is no news.
async fn park(
    connection: &mut PgConnection,
    new: &OfView,
    partition: u16,
    parked: &[Parked],
) -> Result<(), ReplayError> {
    let live: i32 = sqlx::query_scalar("select live_generation from projection where name = $1")
        .bind(new.view.as_str())
        .fetch_one(&mut *connection)
        .await?;
    let [of_live, part] = [live, new.generation].map(|generation| Part {
        generation,
        partition,
    });
    let known = rows::of_generation(&mut *connection, new.view, of_live).await?;
    let known: HashMap<_, _> = known
        .into_iter()
        .map(|order| (order.order_id, order.since))
        .collect();
    rows::insert(connection, new.view, part, parked, &known).await?;
    Ok(())
}

/// Refuses a generation that could not take in more orders than can be the orders' fault, which the live one has.
async fn check_parked(views: &PgPool, new: &OfView) -> Result<(), ReplayError> {
    let row = sqlx::query(
        "select count(*) as orders, min(position) as first, (array_agg(error order by position))[1] as error
        from parked
        where projection = $1
        and generation = $2
        and order_id not in (
            select order_id
            from projection p
            join parked l on l.projection = p.name and l.generation = p.live_generation
            where p.name = $1
        )",
    )
    .bind(new.view.as_str())
    .bind(new.generation)
    .fetch_one(views)
    .await?;
    let orders: i64 = row.try_get("orders")?;
    if orders <= TOO_MANY {
        return Ok(());
    }
    let (first, error): (i64, String) = (row.try_get("first")?, row.try_get("error")?);
    Err(ReplayError::Refused(format!(
        "{orders} orders failed that the live generation has, the first at position {first}: {error}"
    )))
}

/// The event at this position.
async fn cursor_at(replay: &Replay, position: i64) -> Result<Cursor, ReplayError> {
    let id = replay.sources.store.event_id(position).await?;
    id.map(|id| Cursor::at(position, id))
        .ok_or_else(other_history)
}

fn other_history() -> ReplayError {
    ReplayError::Refused(
        "the log took another turn while the view was built: ask for the rebuild again".to_owned(),
    )
}

/// Makes the indexes, which are smaller and sooner made when the tables are full.
async fn index(views: &PgPool, new: &OfView) -> Result<(), sqlx::Error> {
    let mut transaction = views.begin().await?;
    sqlx::query("set local maintenance_work_mem = '256MB'")
        .execute(&mut *transaction)
        .await?;
    read_model::create_indexes(&mut transaction, new.view, new.generation).await?;
    transaction.commit().await
}

/// Takes in what has happened since, round by round, until hardly anything is left.
pub(super) async fn catch_up(
    replay: &Replay,
    new: &OfView,
    report: &Report,
) -> Result<(), ReplayError> {
    loop {
        let mut most = 0;
        let checkpoints =
            checkpoints::generation(&replay.sources.views, new.view, new.generation).await?;
        for (index, checkpoint) in (0..).zip(checkpoints) {
            let target = new.at(checkpoint);
            let mut partition =
                Partition::of_builder(replay.sources.clone(), index, target).await?;
            let events = partition.read_log().await?;
            report.did(events);
            most = most.max(events);
        }
        if most <= FEW {
            return Ok(());
        }
    }
}

/// Hands the generation over to the owners of the partitions.
pub(super) async fn follow(views: &PgPool, new: &OfView) -> Result<(), sqlx::Error> {
    sqlx::query("update generation set followed = true where projection = $1 and generation = $2")
        .bind(new.view.as_str())
        .bind(new.generation)
        .execute(views)
        .await?;
    Ok(())
}
