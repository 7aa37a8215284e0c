//! An order that is placed and changes. Nothing is priced anew; what is taken back is frozen.

use serde::{Deserialize, Serialize};

use crate::pricing::{AppliedOrderDiscount, PricedLine, PricedShipping, Totals};
use crate::{Amount, LineId, Quantity, Text};

/// Units of a line that were cancelled.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CancelledUnits {
    /// The line.
    pub line_id: LineId,
    /// How many of its units.
    pub quantity: Quantity,
    /// What they are worth, in minor units.
    pub amount: Amount,
}

/// Units that had not shipped were cancelled.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LinesCancelled {
    /// Why.
    pub reason: Text,
    /// Whether they go back to stock.
    pub restock: bool,
    /// Which units, and their worth.
    pub lines: Vec<CancelledUnits>,
}

/// A placed order was changed in several ways at once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderRevised {
    /// Why.
    pub reason: Text,
    /// What was changed, in the order asked for.
    pub changes: Vec<Revised>,
    /// What lines and shipping sum to now.
    pub totals: Totals,
}

/// One change of a revision.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "op", rename_all = "snake_case")]
pub enum Revised {
    /// One more line.
    AddLine {
        /// The line, priced alone.
        line: Box<PricedLine>,
    },
    /// Fewer units of a line.
    CancelUnits {
        /// Which units, and their worth.
        #[serde(flatten)]
        units: CancelledUnits,
        /// Whether they go back to stock.
        restock: bool,
    },
    /// Another shipping.
    SetShipping {
        /// The shipping, with what shipping discounts left.
        shipping: PricedShipping,
        /// All order-level discounts with what they take now.
        discounts: Vec<AppliedOrderDiscount>,
    },
}
