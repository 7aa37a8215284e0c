//! One transaction for several partitions: all their checkpoints, then the rows of each view at once.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, HashMap};

use event_store::Cursor;
use read_model::View;
use service_kit::problem::chain;
use sqlx::{PgPool, Postgres, Transaction};
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

/// Writes batches of different partitions in one transaction, and says of each what it parked; `None`: it is not written. That may be
/// the fault of another one, or a matter of the moment: who tries alone will know.
pub(crate) async fn write(views: &PgPool, batches: Vec<Batch>) -> Vec<Option<NewlyParked>> {
    let asked: Vec<u16> = batches.iter().map(|batch| batch.partition).collect();
    let failure = match caught_while(write_those_free(views, batches)).await {
        Ok(Ok(mut written)) => {
            return asked
                .iter()
                .map(|partition| written.remove(partition))
                .collect();
        }
        Ok(Err(error)) => chain(&error),
        Err(panic) => panic,
    };
    tracing::debug!(
        error = failure,
        partitions = asked.len(),
        "batches were refused"
    );
    metrics::counter!(metric::REFUSED).increment(1);
    asked.iter().map(|_| None).collect()
}

/// Writes what can be written without waiting for anybody, by partition.
async fn write_those_free(
    views: &PgPool,
    batches: Vec<Batch>,
) -> Result<HashMap<u16, NewlyParked>, sqlx::Error> {
    let began = Instant::now();
    let mut written: HashMap<u16, NewlyParked> = HashMap::new();
    let Some((mut transaction, batches)) = begin(views, batches).await? else {
        return Ok(written);
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

/// The beginning of a transaction in which the checkpoints of these batches have been moved, of all that nobody else holds and that are
/// where they are believed to be; `None`: of none.
async fn begin(
    views: &PgPool,
    mut batches: Vec<Batch>,
) -> Result<Option<(Transaction<'static, Postgres>, Vec<Batch>)>, sqlx::Error> {
    while !batches.is_empty() {
        let mut transaction = views.begin().await?;
        let steps: Vec<Step> = batches.iter().flat_map(Batch::steps).collect();
        let stayed = checkpoints::advance_together(&mut transaction, &steps).await?;
        if stayed.is_empty() {
            let held_back = batches.iter().flat_map(|batch| &batch.gathered);
            let held_back =
                held_back.map(|gathered| (&gathered.target, gathered.held_back.as_slice()));
            if rows::are_parked(&mut transaction, held_back).await? {
                return Ok(Some((transaction, batches)));
            }
            // Some order was taken in again: whose, each will see.
            batches.clear();
        }
        transaction.rollback().await?;
        batches.retain(|batch| !stayed.contains(&batch.partition));
    }
    Ok(None)
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
