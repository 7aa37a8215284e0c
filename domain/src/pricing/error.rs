//! Why an order cannot be priced.

use thiserror::Error;

use super::Location;
use crate::{DiscountCode, MAX_AMOUNT};

/// Why an order cannot be priced.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum PricingError {
    /// A code twice in one line, or twice in the order's own discounts.
    #[error("the discount code {code} is used already")]
    CodeUsed {
        /// The later of the two.
        at: Location,
        /// The code.
        code: DiscountCode,
    },
    /// A fixed discount takes more than the discounts before it left.
    #[error("the discount of {amount} exceeds the {base} that it applies to")]
    DiscountExceedsBase {
        /// The discount.
        at: Location,
        /// Its amount, in minor units.
        amount: i64,
        /// What it applies to, in minor units.
        base: i64,
    },
    /// An amount that the prices lead to is beyond [`MAX_AMOUNT`].
    #[error("an amount exceeds {MAX_AMOUNT}")]
    AmountTooLarge {
        /// The line or the shipping that has it, or the whole order.
        at: Location,
    },
}
