//! Units that come back.

use serde::{Deserialize, Serialize};

use crate::order::{Condition, ReturnLines};
use crate::{Amount, LineId, Quantity, ReturnId, Text};

/// Units are to come back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReturnRequested {
    /// Names the return.
    pub return_id: ReturnId,
    /// Which units, and why.
    pub lines: ReturnLines,
}

/// We agreed to a return.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReturnApproved {
    /// The return.
    pub return_id: ReturnId,
    /// Why.
    pub reason: Option<Text>,
}

/// We refused a return.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReturnDeclined {
    /// The return.
    pub return_id: ReturnId,
    /// Why.
    pub reason: Text,
}

/// Units of a line that came back, and their worth.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReceivedValue {
    /// The line.
    pub line_id: LineId,
    /// How many of its units.
    pub quantity: Quantity,
    /// In which condition.
    pub condition: Condition,
    /// Whether they go back to stock.
    pub restock: bool,
    /// What they are worth, in minor units.
    pub amount: Amount,
}

/// Units came back, which closed their return.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReturnReceived {
    /// The return.
    pub return_id: ReturnId,
    /// What came; nothing at all is possible.
    pub lines: Vec<ReceivedValue>,
    /// What it is worth together, in minor units.
    pub amount: Amount,
}
