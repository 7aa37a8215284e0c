//! An event as it comes from the log: one that this program can read, or one that it cannot.

use domain::envelope::Recorded;
use domain::order::EventDecodeError;
use event_store::{DecodeError, StoredEvent};
use service_kit::problem::chain;
use uuid::Uuid;

use crate::caught::caught;

/// An event of an order, with the version of its shape.
#[derive(Debug)]
pub(crate) struct OrderEventAt {
    pub(crate) recorded: Recorded,
    pub(crate) event_version: String,
}

/// An event of an order that this program cannot read.
#[derive(Debug)]
pub(crate) struct Unread {
    /// As the log has it.
    pub(crate) stored: StoredEvent,
    pub(crate) flaw: Flaw,
}

/// An event of an order, as far as this program can read it.
#[derive(Debug)]
#[expect(
    clippy::large_enum_variant,
    reason = "nearly all are known, and a box for each would cost more than the room"
)]
pub(crate) enum Incoming {
    /// Read.
    Known(OrderEventAt),
    /// Not to be read.
    Unread(Box<Unread>),
}

/// Why an order cannot be folded any further.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Flaw {
    /// What is wrong, with which event.
    pub(crate) error: String,
    /// Whether that event's type or version is unknown here, so that another program may know it.
    pub(crate) unknown: bool,
}

impl Incoming {
    /// Reads a stored event.
    pub(crate) fn read(stored: StoredEvent) -> Self {
        let position = stored.position;
        let flaw = match caught(|| stored.decode()) {
            Ok(Ok(recorded)) => {
                return Self::Known(OrderEventAt {
                    // Of what is shown, which is the event as this program reads it.
                    event_version: recorded.event.event_version().to_owned(),
                    recorded,
                });
            }
            Ok(Err(error)) => Flaw {
                unknown: is_unknown(&error),
                error: chain(&error),
            },
            Err(panic) => Flaw {
                unknown: false,
                error: format!("event {position} cannot be read: {panic}"),
            },
        };
        Self::Unread(Box::new(Unread { stored, flaw }))
    }

    /// The order that it belongs to.
    pub(crate) fn order_id(&self) -> &str {
        match self {
            Self::Known(event) => &event.recorded.order_id,
            Self::Unread(event) => &event.stored.aggregate_id,
        }
    }

    /// Its position in the log.
    pub(crate) fn position(&self) -> i64 {
        match self {
            Self::Known(event) => event.recorded.position,
            Self::Unread(event) => event.stored.position,
        }
    }

    /// Its id.
    pub(crate) fn event_id(&self) -> Uuid {
        match self {
            Self::Known(event) => event.recorded.event_id,
            Self::Unread(event) => event.stored.event_id,
        }
    }

    /// Its place among the order's events.
    pub(crate) fn sequence(&self) -> i64 {
        match self {
            Self::Known(event) => event.recorded.sequence,
            Self::Unread(event) => event.stored.sequence,
        }
    }
}

fn is_unknown(error: &DecodeError) -> bool {
    matches!(
        error,
        DecodeError::Event {
            source: EventDecodeError::UnknownType { .. } | EventDecodeError::UnknownVersion { .. },
            ..
        }
    )
}
