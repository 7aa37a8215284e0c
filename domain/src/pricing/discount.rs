//! Discounts as they are asked for, before it is known what they take.

use super::Rounding;
use crate::named::named_enum;
use crate::{DiscountCode, Percentage, PositiveAmount};

/// A discount on one line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Discount {
    /// Names it within its line.
    pub code: DiscountCode,
    /// What it takes.
    pub value: DiscountValue,
}

/// A discount on the whole order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderDiscount {
    /// Names it within the order's discounts.
    pub code: DiscountCode,
    /// What it takes.
    pub value: DiscountValue,
    /// What it lowers.
    pub applies_to: AppliesTo,
}

/// What a discount takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DiscountValue {
    /// A part of what the discounts before it left.
    Percentage(Percentage),
    /// A fixed amount, of the whole line or order; never more than is left.
    Fixed(PositiveAmount),
}

named_enum! {
    /// What an order-level discount lowers.
    #[derive(Default)]
    pub enum AppliesTo {
        /// The money of all lines.
        #[default]
        Order = "order",
        /// The shipping charge only.
        Shipping = "shipping",
    }
}

/// A fixed discount is larger than what it applies to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct ExceedsBase {
    pub(super) amount: PositiveAmount,
}

impl DiscountValue {
    /// What is left of `base` after this discount: rounding falls on what the customer pays.
    pub(super) fn leaves(self, rounding: Rounding, base: i128) -> Result<i128, ExceedsBase> {
        match self {
            Self::Percentage(percentage) => {
                let kept = Percentage::WHOLE - percentage.parts();
                Ok(rounding.divide(base * kept, Percentage::WHOLE))
            }
            Self::Fixed(amount) if i128::from(amount.get()) > base => Err(ExceedsBase { amount }),
            Self::Fixed(amount) => Ok(base - i128::from(amount.get())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn percent(text: &str) -> DiscountValue {
        DiscountValue::Percentage(Percentage::parse(text).unwrap())
    }

    #[test]
    fn ten_percent_of_1999_leave_1799() {
        assert_eq!(percent("10").leaves(Rounding::HalfEven, 1999), Ok(1799));
        assert_eq!(percent("10").leaves(Rounding::Down, 1999), Ok(1799));
        assert_eq!(
            percent("0.0001").leaves(Rounding::Down, 1_000_000),
            Ok(999_999)
        );
        assert_eq!(percent("100").leaves(Rounding::HalfUp, 1999), Ok(0));
    }

    #[test]
    fn a_fixed_discount_takes_at_most_what_is_there() {
        let amount = PositiveAmount::parse(1000).unwrap();
        let fixed = DiscountValue::Fixed(amount);
        assert_eq!(fixed.leaves(Rounding::HalfEven, 1000), Ok(0));
        assert_eq!(
            fixed.leaves(Rounding::HalfEven, 999),
            Err(ExceedsBase { amount })
        );
    }
}
