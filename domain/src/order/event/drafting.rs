//! What can happen to a draft. Each change prices it anew.

use serde::{Deserialize, Serialize};

use crate::pricing::{AppliedOrderDiscount, PricedLine, PricedShipping, Totals};
use crate::{DiscountCode, LineId, Quantity};

/// What a draft's new price changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Repriced {
    /// The lines that are new or whose money is another now, in the order of the draft's lines;
    /// new ones come last.
    pub lines: Vec<PricedLine>,
    /// All order-level discounts with what they take now.
    pub discounts: Vec<AppliedOrderDiscount>,
    /// The shipping as it is now.
    pub shipping: Option<PricedShipping>,
    /// What lines and shipping sum to now.
    pub totals: Totals,
}

/// A line was added to a draft.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LineAdded {
    /// The line; the last of those that were priced.
    pub line_id: LineId,
    /// The draft's new price.
    pub repriced: Repriced,
}

/// Another number of units of a draft's line is wanted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LineQuantityChanged {
    /// The line.
    pub line_id: LineId,
    /// How many units from now on.
    pub quantity: Quantity,
    /// The draft's new price.
    pub repriced: Repriced,
}

/// A line was removed from a draft.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LineRemoved {
    /// The line.
    pub line_id: LineId,
    /// The draft's new price.
    pub repriced: Repriced,
}

/// An order-level discount was applied to a draft.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DiscountApplied {
    /// The discount; the last of those that apply.
    pub code: DiscountCode,
    /// The draft's new price.
    pub repriced: Repriced,
}

/// An order-level discount was removed from a draft.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DiscountRemoved {
    /// The discount.
    pub code: DiscountCode,
    /// The draft's new price.
    pub repriced: Repriced,
}

/// A draft's shipping was set.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShippingSet {
    /// The draft's new price, the shipping's among it.
    pub repriced: Repriced,
}
