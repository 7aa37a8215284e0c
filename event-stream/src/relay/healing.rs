//! Where to go on in the stream, also when the log has taken another turn.
//!
//! A standby that lagged was promoted, or a backup restored: positions that were published are used again for other
//! events. Then the stream's last message is not in the log. Nothing is published before the last message that both
//! agree on is found, the log's incarnation is raised and the stream purged; in this order, so that a relay that dies
//! in between leaves a stream of a lower incarnation, which the next one purges.

use async_nats::jetstream::stream::Stream;
use event_store::{Cursor, LogIdentity, incarnation, relay_row};

use super::status::StatusBoard;
use super::{Relay, RelayError};
use crate::StreamError;
use crate::message::Message;
use crate::stream::ours_at_or_below;

/// From where on the log is published, and as which incarnation of it.
pub(super) struct Place {
    pub(super) after: Cursor,
    pub(super) log: LogIdentity,
}

/// What the stream and the log agree on.
struct Agreed {
    /// The last event that both have; `None` if the stream has no such message left.
    last: Option<Cursor>,
    /// The earliest message found that the log does not have.
    gone: Option<Cursor>,
}

impl Relay {
    /// The place to go on after: the stream's newest message, or without one the relay's row. What the log does not
    /// have is first taken out of the stream.
    pub(super) async fn find_place(
        &self,
        stream: &Stream,
        newest: Option<(u64, Message)>,
        log: LogIdentity,
    ) -> Result<Place, RelayError> {
        let row = relay_row::read(self.store.pool(), &self.settings.stream.name).await?;
        let row = row.unwrap_or(Cursor::START);
        let (after, log) = match newest {
            Some((_, message)) if message.incarnation < log.incarnation => {
                // The incarnation was raised, and then the purge failed; or the broker has an older copy of its data.
                purge(stream).await?;
                (row, log)
            }
            Some((_, message))
                if message.incarnation == log.incarnation
                    && self.log_has(place_of(&message)).await? =>
            {
                (place_of(&message), log)
            }
            None if self.log_has(row).await? => (row, log),
            newest => self.heal(stream, newest, log, row).await?,
        };
        Ok(Place { after, log })
    }

    /// Raises the log's incarnation and purges the stream. Says where the two last agreed.
    async fn heal(
        &self,
        stream: &Stream,
        newest: Option<(u64, Message)>,
        log: LogIdentity,
        row: Cursor,
    ) -> Result<(Cursor, LogIdentity), RelayError> {
        let above = newest
            .as_ref()
            .map_or(log.incarnation, |(_, message)| message.incarnation);
        let Agreed { last, gone } = self.agreed(stream, newest, log).await?;
        let after = match (last, gone) {
            (Some(last), _) => last,
            // What the row says was published before whatever is left in the stream.
            (None, Some(gone)) if row.position < gone.position && self.log_has(row).await? => row,
            (None, _) => Cursor::START,
        };
        let name = &self.settings.stream.name;
        let raised = incarnation::raise(self.store.pool(), log, above, gone, name, after).await?;
        let Some(raised) = raised else {
            // Another relay was quicker; the next look finds what it left.
            return Err(RelayError::Overtaken);
        };
        purge(stream).await?;
        StatusBoard::healed();
        tracing::error!(
            log.position = after.position,
            log.incarnation = raised.incarnation,
            "the log has another history than the stream: events that were published are gone from it. \
             The stream was purged and goes on after the last position that both agree on"
        );
        Ok((after, raised))
    }

    /// Walks back through the stream, in growing steps and then by halves: who agrees on an event agrees on all
    /// before it.
    async fn agreed(
        &self,
        stream: &Stream,
        newest: Option<(u64, Message)>,
        log: LogIdentity,
    ) -> Result<Agreed, RelayError> {
        let mut agreed = Agreed {
            last: None,
            gone: None,
        };
        let first = stream.cached_info().state.first_sequence;
        let (mut above, mut step) = (0, 1);
        let mut looked_at = newest;
        // The last sequence below which nothing need be looked at.
        let mut below = first.saturating_sub(1);
        while let Some((sequence, message)) = looked_at {
            let place = place_of(&message);
            if self.log_has(place).await? {
                agreed.last = Some(place);
                below = sequence;
                break;
            }
            agreed.gone = Some(place);
            above = sequence;
            let next = sequence.saturating_sub(step);
            looked_at = ours_at_or_below(stream, next, first, log.log_id).await?;
            step *= 2;
        }
        while below + 1 < above {
            let middle = below + (above - below) / 2;
            match ours_at_or_below(stream, middle, below + 1, log.log_id).await? {
                None => below = middle,
                Some((sequence, message)) => {
                    let place = place_of(&message);
                    if self.log_has(place).await? {
                        agreed.last = Some(place);
                        // Between it and the middle there is none of ours.
                        below = middle;
                    } else {
                        agreed.gone = Some(place);
                        above = sequence;
                    }
                }
            }
        }
        Ok(agreed)
    }

    /// Whether this is the log's event at that position.
    async fn log_has(&self, event: Cursor) -> Result<bool, RelayError> {
        match self.store.read_forward(event, 0).await {
            Ok(_) => Ok(true),
            Err(error) if error.is_other_history() => Ok(false),
            Err(error) => Err(error.into()),
        }
    }
}

async fn purge(stream: &Stream) -> Result<(), RelayError> {
    stream.purge().await.map_err(StreamError::NotPurged)?;
    Ok(())
}

fn place_of(message: &Message) -> Cursor {
    Cursor::at(message.position, message.event_id)
}
