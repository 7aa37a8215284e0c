//! One transaction for several partitions: all their checkpoints, then the rows of each view at once.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, HashMap, HashSet};

use event_store::Cursor;
use read_model::View;
use service_kit::Kept;
use service_kit::problem::chain;
use sqlx::{Connection as _, PgConnection, PgPool};
use tokio::time::Instant;

use super::metric;
use crate::caught::caught_while;
use crate::checkpoints::{self, Step, Target};
use crate::parking::{Parked, rows};
use crate::projections::Gathering;

/// What a partition makes of some events.
#[derive(Debug)]
pub(crate) struct Batch {
    pub(crate) partition: u16,
    /// How many events they are.
    pub(crate) events: usize,
    /// The last of them.
    pub(crate) end: Cursor,
    /// What they come to in each generation that is at the same place.
    pub(crate) gathered: Vec<Gathered>,
}

/// What some events come to in a generation of a view.
#[derive(Debug)]
pub(crate) struct Gathered {
    pub(crate) target: Target,
    pub(crate) gathering: Box<dyn Gathering>,
    /// Orders that had events again, and are parked.
    pub(crate) held_back: Vec<String>,
    /// Orders that could not be folded to the end.
    pub(crate) parked: Vec<Parked>,
}

/// The orders that a batch parked, by generation.
pub(crate) type NewlyParked = Vec<(Target, Vec<Parked>)>;

/// What partitions parked.
type Written = HashMap<u16, NewlyParked>;

/// Writes batches of different partitions in one transaction, and says of each what it parked; `None`: it is not written. That may be
/// the fault of another one, or a matter of the moment: who tries alone will know.
pub(crate) async fn write(views: &Kept, batches: Vec<Batch>) -> Vec<Option<NewlyParked>> {
    let asked: Vec<u16> = batches.iter().map(|batch| batch.partition).collect();
    let writing = async {
        let mut connection = views.take().await?;
        let written = write_those_free(&mut connection, batches).await?;
        connection.give_back();
        Ok(written)
    };
    let mut written = unless_refused(writing, asked.len()).await;
    asked
        .iter()
        .map(|partition| written.remove(partition))
        .collect()
}

/// The same for one partition, while others may be at it, too.
pub(crate) async fn write_alone(views: &PgPool, batch: Batch) -> Option<NewlyParked> {
    let partition = batch.partition;
    let writing = async {
        let mut connection = views.acquire().await?;
        write_those_free(&mut connection, vec![batch]).await
    };
    unless_refused(writing, 1).await.remove(&partition)
}

/// What was written; nothing, if the transaction was refused.
async fn unless_refused(
    writing: impl Future<Output = Result<Written, sqlx::Error>>,
    partitions: usize,
) -> Written {
    let failure = match caught_while(writing).await {
        Ok(Ok(written)) => return written,
        Ok(Err(error)) => chain(&error),
        Err(panic) => panic,
    };
    tracing::debug!(error = failure, partitions, "batches were refused");
    metrics::counter!(metric::REFUSED).increment(1);
    Written::new()
}

/// Writes what can be written without waiting for anybody.
async fn write_those_free(
    views: &mut PgConnection,
    mut batches: Vec<Batch>,
) -> Result<Written, sqlx::Error> {
    let began = Instant::now();
    let mut written = Written::new();
    let mut transaction = loop {
        if batches.is_empty() {
            return Ok(written);
        }
        let mut transaction = views.begin().await?;
        let Some(free) = move_checkpoints(&mut transaction, &batches).await? else {
            break transaction;
        };
        transaction.rollback().await?;
        batches.retain(|batch| free.contains(&batch.partition));
    };
    let mut events = 0;
    let mut generations: BTreeMap<(View, i32), Box<dyn Gathering>> = BTreeMap::new();
    for batch in batches {
        events += batch.events;
        let newly_parked = written.entry(batch.partition).or_default();
        for Gathered {
            target,
            gathering,
            parked,
            ..
        } in batch.gathered
        {
            let part = target.part(batch.partition);
            rows::insert(
                &mut transaction,
                target.view,
                part,
                &parked,
                &HashMap::new(),
            )
            .await?;
            newly_parked.push((target, parked));
            match generations.entry((target.view, target.generation)) {
                Entry::Vacant(place) => {
                    place.insert(gathering);
                }
                Entry::Occupied(mut place) => place.get_mut().absorb(gathering),
            }
        }
    }
    for ((_, generation), gathering) in &generations {
        gathering.write(&mut transaction, *generation).await?;
    }
    transaction.commit().await?;
    metric::batch(events, began);
    Ok(written)
}

/// Moves the checkpoints of these batches. If not all of them move, nothing may be written, and those that could have moved are told:
/// the others are held by somebody, or are not where they are believed to be.
async fn move_checkpoints(
    transaction: &mut PgConnection,
    batches: &[Batch],
) -> Result<Option<HashSet<u16>>, sqlx::Error> {
    let steps: Vec<Step> = batches.iter().flat_map(Batch::steps).collect();
    let stayed = checkpoints::advance_together(transaction, &steps).await?;
    if stayed.is_empty() {
        let held_back = batches.iter().flat_map(|batch| &batch.gathered);
        let held_back = held_back.map(|gathered| (&gathered.target, gathered.held_back.as_slice()));
        let all_are_parked = rows::are_parked(transaction, held_back).await?;
        // Some order was taken in again: whose, each will see.
        return Ok((!all_are_parked).then(HashSet::new));
    }
    let asked = batches.iter().map(|batch| batch.partition);
    Ok(Some(
        asked
            .filter(|partition| !stayed.contains(partition))
            .collect(),
    ))
}

impl Batch {
    fn steps(&self) -> impl Iterator<Item = Step> {
        self.gathered.iter().map(|gathered| Step {
            partition: self.partition,
            target: gathered.target,
            to: self.end,
        })
    }
}
