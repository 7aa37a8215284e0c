//! From placing to an end, and what stands in the way.

use serde::{Deserialize, Serialize};

use crate::order::LineQuantity;
use crate::{HoldId, NoteText, Text};

/// A draft was given up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderDiscarded {}

/// A hold was put on the order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HoldPlaced {
    /// Names the hold.
    pub hold_id: HoldId,
    /// Why.
    pub reason: Text,
    /// More about why.
    pub note: Option<NoteText>,
}

/// A hold was released.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HoldReleased {
    /// The hold.
    pub hold_id: HoldId,
}

/// The order was confirmed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderConfirmed {}

/// The order was refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderRejected {
    /// Why.
    pub reason: Text,
    /// The units that this cancels: all that were not cancelled before.
    pub lines: Vec<LineQuantity>,
}

/// The whole order was cancelled, by command or because its last unit was.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderCancelled {
    /// Why.
    pub reason: Text,
    /// Whether the units go back to stock; false where none are left, for the event before has
    /// said it of the last ones.
    pub restock: bool,
    /// The units that this cancels: all that were not cancelled before. Who keeps stock needs no
    /// other event to know what comes back.
    pub lines: Vec<LineQuantity>,
}

/// The last obligation was met.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderCompleted {}
