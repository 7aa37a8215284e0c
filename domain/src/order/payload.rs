//! Events as the log stores them: the type and its version are columns of their own, the payload
//! is the JSON of the event's own members.

use serde::{Serialize, Serializer};
use thiserror::Error;

use super::OrderEvent;

/// Why a stored event cannot be read.
#[derive(Debug, Error)]
pub enum EventDecodeError {
    /// A type that this program does not know.
    #[error("unknown event type {event_type}")]
    UnknownType {
        /// The type.
        event_type: String,
    },
    /// A version that this program does not know.
    #[error("unknown version {event_version} of event type {event_type}")]
    UnknownVersion {
        /// The type.
        event_type: String,
        /// The version.
        event_version: String,
    },
    /// A payload that is not what its type and version promise.
    #[error("malformed payload of event type {event_type}")]
    Malformed {
        /// The type.
        event_type: String,
        /// What is wrong with it.
        source: serde_json::Error,
    },
}

/// An event's own members without its type.
#[derive(Debug, Clone, Copy)]
pub struct EventMembers<'a>(&'a OrderEvent);

/// Makes, from one list of the types, all that stands between an event and its name.
macro_rules! event_types {
    ($($name:ident),+ $(,)?) => {
        impl OrderEvent {
            /// Every type that [`Self::from_payload`] reads.
            pub const TYPES: &'static [&'static str] = &[$(stringify!($name),)+];

            /// The name of its type.
            pub fn event_type(&self) -> &'static str {
                match self {
                    $(Self::$name(_) => stringify!($name),)+
                }
            }

            /// Nothing if there is no such type.
            fn read(event_type: &str, payload: &str) -> Option<Result<Self, serde_json::Error>> {
                match event_type {
                    $(stringify!($name) => Some(serde_json::from_str(payload).map(Self::$name)),)+
                    _ => None,
                }
            }
        }

        impl Serialize for EventMembers<'_> {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                match self.0 {
                    $(OrderEvent::$name(event) => event.serialize(serializer),)+
                }
            }
        }
    };
}

event_types! {
    OrderPlaced,
    OrderDrafted,
    OrderDiscarded,
    LineAdded,
    LineQuantityChanged,
    LineRemoved,
    DiscountApplied,
    DiscountRemoved,
    ShippingSet,
    OrderRevised,
    ShippingAddressChanged,
    BillingAddressChanged,
    HoldPlaced,
    HoldReleased,
    OrderConfirmed,
    OrderRejected,
    PaymentAuthorized,
    PaymentCaptured,
    PaymentVoided,
    PaymentFailed,
    ShipmentCreated,
    ShipmentDelivered,
    LinesCancelled,
    OrderCancelled,
    ReturnRequested,
    ReturnApproved,
    ReturnDeclined,
    ReturnReceived,
    RefundGranted,
    RefundSucceeded,
    RefundFailed,
    OrderCompleted,
    NoteAdded,
    OrderTagged,
    OrderUntagged,
}

impl OrderEvent {
    /// The version of its type's shape. Every type is in its first.
    pub fn event_version(&self) -> &'static str {
        "1"
    }

    /// Its members, to be serialized without its type.
    pub fn members(&self) -> EventMembers<'_> {
        EventMembers(self)
    }

    /// The JSON of its members.
    pub fn to_payload(&self) -> Result<String, serde_json::Error> {
        serde_json::to_string(&self.members())
    }

    /// Reads what [`Self::to_payload`] wrote under this type and version.
    pub fn from_payload(
        event_type: &str,
        event_version: &str,
        payload: &str,
    ) -> Result<Self, EventDecodeError> {
        let malformed = |source| EventDecodeError::Malformed {
            event_type: event_type.to_owned(),
            source,
        };
        if event_version != "1" && Self::TYPES.contains(&event_type) {
            return Err(EventDecodeError::UnknownVersion {
                event_type: event_type.to_owned(),
                event_version: event_version.to_owned(),
            });
        }
        Self::read(event_type, payload)
            .ok_or_else(|| EventDecodeError::UnknownType {
                event_type: event_type.to_owned(),
            })?
            .map_err(malformed)
    }
}
