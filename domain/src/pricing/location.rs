//! Which part of a new order an error is about.

use std::fmt;

/// A part of a new order, by index. Shown as a JSON pointer (RFC 6901) into its body, whose
/// members are named like the fields of `NewOrder`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Location {
    /// The order as a whole.
    Order,
    /// All its lines.
    Lines,
    /// One line.
    Line(usize),
    /// The id of one line.
    LineId(usize),
    /// All discounts of one line.
    LineDiscounts(usize),
    /// One discount of one line.
    LineDiscount {
        /// The line's index.
        line: usize,
        /// The discount's index in that line.
        discount: usize,
    },
    /// All order-level discounts.
    Discounts,
    /// One order-level discount.
    Discount(usize),
    /// The shipping.
    Shipping,
    /// The address that it goes to.
    ShippingAddress,
    /// All its tags.
    Tags,
    /// One tag.
    Tag(usize),
    /// The total that the caller expected.
    ExpectedTotal,
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Order => Ok(()),
            Self::Lines => f.write_str("/lines"),
            Self::Line(line) => write!(f, "/lines/{line}"),
            Self::LineId(line) => write!(f, "/lines/{line}/line_id"),
            Self::LineDiscounts(line) => write!(f, "/lines/{line}/discounts"),
            Self::LineDiscount { line, discount } => {
                write!(f, "/lines/{line}/discounts/{discount}")
            }
            Self::Discounts => f.write_str("/discounts"),
            Self::Discount(discount) => write!(f, "/discounts/{discount}"),
            Self::Shipping => f.write_str("/shipping"),
            Self::ShippingAddress => f.write_str("/shipping_address"),
            Self::Tags => f.write_str("/tags"),
            Self::Tag(tag) => write!(f, "/tags/{tag}"),
            Self::ExpectedTotal => f.write_str("/expected_total"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Location;

    #[test]
    fn a_location_is_shown_as_a_json_pointer() {
        assert_eq!(Location::Order.to_string(), "");
        let discount = Location::LineDiscount {
            line: 2,
            discount: 1,
        };
        assert_eq!(discount.to_string(), "/lines/2/discounts/1");
    }
}
