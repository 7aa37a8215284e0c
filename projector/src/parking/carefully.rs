//! Writing what can be written of a set of orders, and finding what cannot.

use read_model::View;
use service_kit::problem::chain;
use sqlx::{Executor as _, PgConnection};

use super::Parked;
use crate::caught::{caught, caught_while};
use crate::checkpoints::Part;
use crate::folding::{FoldError, Folded, Incoming, OrderEvents, Watcher, show};
use crate::projections::{self, Gathering};

/// Why orders could not be written at all, be they good or bad.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CarefulError {
    /// The views' database failed, or the history cannot hold an event.
    #[error("the views' database failed")]
    Views(#[from] sqlx::Error),
    /// An order's events do not follow one another, or the history cannot tell of one.
    #[error(transparent)]
    Fold(#[from] FoldError),
}

/// Events of one order that follow on where it stands.
#[derive(Debug, Clone, Copy)]
struct Piece<'a> {
    order_id: &'a str,
    before: &'a Folded,
    events: &'a [Incoming],
    known: usize,
}

impl<'a> From<&'a OrderEvents> for Piece<'a> {
    fn from(order: &'a OrderEvents) -> Self {
        Self {
            order_id: &order.order_id,
            before: &order.before,
            events: &order.events,
            known: order.known,
        }
    }
}

/// What came of an attempt.
enum Tried {
    /// All is written but what is parked.
    Written(Vec<Parked>),
    /// Nothing is, and this is why.
    Refused(String),
}

/// Why something was not written.
enum Refusal {
    /// What it says is the fault.
    Content(String),
    /// Something else is.
    Other(sqlx::Error),
}

/// Folds these orders and writes what can be written of them into a generation of a view, each order to its end or to just
/// before the first event that cannot be taken in; returns those. The history takes in everything.
///
/// To be called in a transaction. After an error that must be rolled back.
pub(crate) async fn write_carefully(
    connection: &mut PgConnection,
    view: View,
    part: Part,
    orders: &[&OrderEvents],
) -> Result<Vec<Parked>, CarefulError> {
    let pieces: Vec<Piece<'_>> = orders.iter().map(|order| Piece::from(*order)).collect();
    let mut parked = Vec::new();
    let mut left = vec![pieces.as_slice()];
    while let Some(pieces) = left.pop() {
        match (attempt(connection, view, part, pieces).await?, pieces) {
            (Tried::Written(found), _) => parked.extend(found),
            (Tried::Refused(_), [piece]) => {
                parked.extend(event_by_event(connection, view, part, *piece).await?);
            }
            (Tried::Refused(_), pieces) => {
                let (first, second) = pieces.split_at(pieces.len() / 2);
                left.extend([second, first]);
            }
        }
    }
    Ok(parked)
}

/// Takes in the events of one order one after the other, up to the first that cannot be; at once those that could be before.
async fn event_by_event(
    connection: &mut PgConnection,
    view: View,
    part: Part,
    order: Piece<'_>,
) -> Result<Option<Parked>, CarefulError> {
    let mut before = order.before.clone();
    let (known, mut left) = order.events.split_at(order.known);
    let piece = Piece {
        events: known,
        ..order
    };
    match attempt(connection, view, part, &[piece]).await? {
        Tried::Written(parked) if parked.is_empty() => {
            for event in known {
                before.take_carefully(event);
            }
        }
        Tried::Written(parked) => return Ok(parked.into_iter().next()),
        Tried::Refused(_) => left = order.events,
    }
    for event in left {
        let piece = Piece {
            before: &before,
            events: std::slice::from_ref(event),
            ..order
        };
        match attempt(connection, view, part, &[piece]).await? {
            Tried::Written(parked) if parked.is_empty() => {}
            Tried::Written(parked) => return Ok(parked.into_iter().next()),
            Tried::Refused(error) => {
                let error = before.flaw_with(event).unwrap_or_else(|| {
                    format!("event {} cannot be taken in: {error}", event.position())
                });
                if !tell(connection, view, part, event, &before, &error).await? {
                    return Ok(Some(Parked::at(event, &error, false)));
                }
            }
        }
        before.take_carefully(event);
    }
    Ok(None)
}

/// Folds and writes these orders, or changes nothing.
async fn attempt(
    connection: &mut PgConnection,
    view: View,
    part: Part,
    pieces: &[Piece<'_>],
) -> Result<Tried, CarefulError> {
    let gathered = caught(|| gather(view, part.partition, pieces));
    let (gathering, parked) = match gathered {
        Ok(Ok(gathered)) => gathered,
        Ok(Err(FoldError::Refused(error))) | Err(error) => return Ok(Tried::Refused(error)),
        Ok(Err(error)) => return Err(error.into()),
    };
    match write(connection, part.generation, &*gathering).await {
        Ok(()) => Ok(Tried::Written(parked)),
        Err(Refusal::Content(error)) => Ok(Tried::Refused(error)),
        Err(Refusal::Other(error)) => Err(error.into()),
    }
}

fn gather(
    view: View,
    partition: u16,
    pieces: &[Piece<'_>],
) -> Result<(Box<dyn Gathering>, Vec<Parked>), FoldError> {
    let mut watchers = [Watcher::new(view, partition, None)];
    for piece in pieces {
        let mut order = piece.before.clone();
        show(piece.order_id, &mut order, piece.events, &mut watchers)?;
    }
    let [watcher] = watchers;
    Ok((watcher.gathering, watcher.parked))
}

/// Writes an event that could not be taken in as what it is, if this view tells of such events; `false`: it does not.
async fn tell(
    connection: &mut PgConnection,
    view: View,
    part: Part,
    event: &Incoming,
    before: &Folded,
    error: &str,
) -> Result<bool, CarefulError> {
    let mut gathering = projections::gathering(view, part.partition);
    if !gathering
        .unfolded(event, before.fold(), error)
        .map_err(FoldError::from)?
    {
        return Ok(false);
    }
    match write(connection, part.generation, &*gathering).await {
        Ok(()) => Ok(true),
        Err(Refusal::Content(error)) => Err(FoldError::Refused(error).into()),
        Err(Refusal::Other(error)) => Err(error.into()),
    }
}

/// Writes what was gathered, or changes nothing.
async fn write(
    connection: &mut PgConnection,
    generation: i32,
    gathering: &dyn Gathering,
) -> Result<(), Refusal> {
    connection.execute("savepoint attempt").await?;
    let written = caught_while(gathering.write(connection, generation)).await;
    let refused = match written {
        Ok(Ok(())) => {
            connection.execute("release savepoint attempt").await?;
            return Ok(());
        }
        Ok(Err(error)) => refusal(&error).ok_or(error)?,
        Err(panic) => panic,
    };
    connection
        .execute("rollback to savepoint attempt; release savepoint attempt")
        .await?;
    Err(Refusal::Content(refused))
}

impl From<sqlx::Error> for Refusal {
    fn from(error: sqlx::Error) -> Self {
        Self::Other(error)
    }
}

/// The SQLSTATE of a key that is there already. After the log took another turn that is a row of a partition which has not gone back
/// yet: no order's fault, and gone in a moment.
const UNIQUE_VIOLATION: &str = "23505";

/// What is wrong with the content that was written, if that is what failed: the database refused a value (SQLSTATE class 22),
/// a constraint did (23, but for a key that is there already), or it was beyond what the database can hold (54); or it could not be brought into the database's
/// form. Everything else is a matter of the moment or of the program, and no order's fault.
pub(crate) fn refusal(error: &sqlx::Error) -> Option<String> {
    let is_content = match error {
        sqlx::Error::Database(database) => database.code().is_some_and(|code| {
            code != UNIQUE_VIOLATION
                && ["22", "23", "54"]
                    .iter()
                    .any(|class| code.starts_with(class))
        }),
        sqlx::Error::Encode(_) | sqlx::Error::Decode(_) => true,
        _ => false,
    };
    is_content.then(|| chain(error))
}
