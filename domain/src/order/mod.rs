//! The order: commands are decided, events applied, and everything that is shown of an order is
//! derived from its facts.
//!
//! `decide` and `allowed_commands` ask the same rules (`rules.rs`), one function a command.

mod aggregate;
mod amounts;
mod apply;
mod command;
mod command_name;
mod decide;
mod error;
mod event;
mod facts;
mod lifecycle;
mod line_quantities;
mod payload;
mod placing;
mod repricing;
mod return_lines;
mod revision;
mod rules;
mod status;
mod statuses;

use std::collections::HashSet;
use std::hash::Hash;

use serde::{Deserialize, Serialize};

pub use amounts::Amounts;
pub use command::{NewOrder, OrderCommand};
pub use command_name::CommandName;
pub use error::OrderError;
pub use event::{
    BillingAddressChanged, CancelledUnits, DiscountApplied, DiscountRemoved, GrantedPart,
    HoldPlaced, HoldReleased, LineAdded, LineQuantityChanged, LineRemoved, LinesCancelled,
    NoteAdded, OrderCancelled, OrderCompleted, OrderConfirmed, OrderContent, OrderDiscarded,
    OrderEvent, OrderRejected, OrderRevised, OrderTagged, OrderUntagged, PaymentAuthorized,
    PaymentCaptured, PaymentFailed, PaymentVoided, ReceivedValue, RefundFailed, RefundGranted,
    RefundSucceeded, Repriced, ReturnApproved, ReturnDeclined, ReturnReceived, ReturnRequested,
    Revised, ShipmentCreated, ShipmentDelivered, ShippingAddressChanged, ShippingSet,
};
pub use facts::{
    Customer, Facts, Hold, Line, Note, Payment, Received, Refund, RefundPart, Return, ReturnedLine,
    Shipment, Visibility,
};
pub use line_quantities::{InvalidLineQuantities, LineQuantities, LineQuantity};
pub use payload::{EventDecodeError, EventMembers};
pub use placing::{MAX_DISCOUNTS, MAX_LINES, MAX_TAGS};
pub use return_lines::{Condition, ReceivedLine, ReceivedLines, ReturnLine, ReturnLines};
pub use revision::{Change, InvalidRevision, MAX_CHANGES, Revision};
pub use rules::MAX_HOLDS;
pub use status::{
    FulfillmentStatus, OrderStatus, PaymentState, PaymentStatus, RefundOutcome, RefundState,
    ReturnState, ReturnStatus,
};

/// An order, folded from its events. The default is an order that does not exist yet.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Order {
    version: i64,
    facts: Option<Facts>,
}

impl Order {
    /// How many events it has.
    pub fn version(&self) -> i64 {
        self.version
    }

    /// What is known of it; nothing before its first event.
    pub fn facts(&self) -> Option<&Facts> {
        self.facts.as_ref()
    }

    /// Where it is in its life; nothing before its first event.
    pub fn status(&self) -> Option<OrderStatus> {
        self.facts().map(|facts| facts.status)
    }

    /// Its amounts; all 0 before its first event.
    pub fn amounts(&self) -> Amounts {
        self.facts().map(Facts::amounts).unwrap_or_default()
    }

    /// Where the customer's money is.
    pub fn payment_status(&self) -> Option<PaymentStatus> {
        self.facts().map(Facts::payment_status)
    }

    /// Where the goods are.
    pub fn fulfillment_status(&self) -> Option<FulfillmentStatus> {
        self.facts().map(Facts::fulfillment_status)
    }

    /// Whether units are on their way back.
    pub fn return_status(&self) -> Option<ReturnStatus> {
        self.facts().map(Facts::return_status)
    }

    /// Each command for which some request could succeed, in the order of [`CommandName::ALL`]. It
    /// depends on the events alone, never on the clock.
    pub fn allowed_commands(&self) -> Vec<CommandName> {
        let possible = |command: &CommandName| match self.facts() {
            Some(facts) => rules::some_request_could_succeed(facts, *command),
            None => matches!(command, CommandName::Place | CommandName::Draft),
        };
        CommandName::ALL.iter().copied().filter(possible).collect()
    }
}

/// The index at which something is named a second time.
fn second_naming<T: Eq + Hash>(names: impl Iterator<Item = T>) -> Option<usize> {
    let mut seen = HashSet::new();
    names
        .enumerate()
        .find_map(|(index, name)| (!seen.insert(name)).then_some(index))
}
