//! What is remembered of generations: which is live, and what of each never changes.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use read_model::{OrderId, View, partition_of};
use sqlx::PgPool;

use super::{ReadError, failure};

/// A generation that this program may show, by what never changes of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct KnownGeneration {
    /// Its number.
    pub(crate) number: i32,
    /// Into how many partitions its orders are divided.
    pub(crate) partitions: u16,
    /// The version of its shape: this program's, or an older one.
    pub(crate) shape_version: i32,
}

impl KnownGeneration {
    /// The partition that an order belongs to.
    pub(crate) fn partition_of(self, order_id: &OrderId) -> i32 {
        i32::from(partition_of(order_id.as_str(), self.partitions))
    }
}

/// The generations that were seen. Those of a shape that this program does not know are not among them.
#[derive(Debug, Default)]
pub(super) struct Generations {
    seen: Mutex<Seen>,
}

#[derive(Debug, Default)]
struct Seen {
    /// The live one of each view when it was last seen.
    live: BTreeMap<View, i32>,
    known: BTreeMap<(View, i32), KnownGeneration>,
}

impl Generations {
    /// The live generation of a view when it was last seen.
    pub(super) async fn live(
        &self,
        pool: &PgPool,
        view: View,
    ) -> Result<KnownGeneration, ReadError> {
        let live = self.seen(|seen| {
            let number = *seen.live.get(&view)?;
            seen.known.get(&(view, number)).copied()
        });
        match live {
            Some(live) => Ok(live),
            None => self.look_up(pool, view, None).await,
        }
    }

    /// This generation of a view.
    pub(super) async fn numbered(
        &self,
        pool: &PgPool,
        view: View,
        number: i32,
    ) -> Result<KnownGeneration, ReadError> {
        match self.seen(|seen| seen.known.get(&(view, number)).copied()) {
            Some(known) => Ok(known),
            None => self.look_up(pool, view, Some(number)).await,
        }
    }

    /// Reads what there is to know of a generation, or of the live one, and remembers it if this program knows its shape.
    pub(super) async fn look_up(
        &self,
        pool: &PgPool,
        view: View,
        number: Option<i32>,
    ) -> Result<KnownGeneration, ReadError> {
        let statement = "select p.live_generation, g.generation, g.shape_version, count(c.partition)
            from projection p
            left join generation g on g.projection = p.name and g.generation = coalesce($2, p.live_generation)
            left join checkpoint c on c.projection = g.projection and c.generation = g.generation
            where p.name = $1
            group by p.live_generation, g.generation, g.shape_version";
        let found: Option<(i32, Option<i32>, Option<i32>, i64)> = sqlx::query_as(statement)
            .bind(view.as_str())
            .bind(number)
            .fetch_optional(pool)
            .await
            .or_else(|error| match error {
                error if failure::is_no_table(&error) => Ok(None),
                error => Err(ReadError::Database(error)),
            })?;
        let (live, found, shape, partitions) = found.ok_or(ReadError::NoView(view))?;
        let (Some(found), Some(shape)) = (found, shape) else {
            return Err(match number {
                Some(_) => ReadError::GenerationGone,
                None => ReadError::NoView(view),
            });
        };
        if shape > view.shape_version() {
            return Err(ReadError::NewerShape { view, shape });
        }
        let known = KnownGeneration {
            number: found,
            partitions: u16::try_from(partitions).unwrap_or(u16::MAX),
            shape_version: shape,
        };
        self.seen(|seen| {
            seen.known.insert((view, found), known);
            if found == live {
                seen.live.insert(view, live);
            }
        });
        Ok(known)
    }

    /// Forgets all of a view.
    pub(super) fn forget(&self, view: View) {
        self.seen(|seen| {
            seen.live.remove(&view);
            seen.known.retain(|(of, _), _| *of != view);
        });
    }

    fn seen<T>(&self, with: impl FnOnce(&mut Seen) -> T) -> T {
        with(&mut self.seen.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
