//! One division, rounded as an order agreed.

use crate::named::named_enum;

named_enum! {
    /// How a fraction of a minor unit is rounded, everywhere in an order.
    #[derive(Default)]
    pub enum Rounding {
        /// To the nearest; a half to the even neighbour.
        #[default]
        HalfEven = "half_even",
        /// To the nearest; a half upwards.
        HalfUp = "half_up",
        /// Cut off.
        Down = "down",
    }
}

impl Rounding {
    /// `numerator / denominator`, rounded. The numerator is not negative and the denominator
    /// positive: amounts and rates are.
    pub(crate) fn divide(self, numerator: i128, denominator: i128) -> i128 {
        debug_assert!(
            numerator >= 0 && denominator > 0,
            "{numerator} / {denominator}"
        );
        let (quotient, remainder) = (numerator / denominator, numerator % denominator);
        let up = match self {
            Self::Down => false,
            Self::HalfUp => remainder * 2 >= denominator,
            Self::HalfEven => {
                let twice = remainder * 2;
                twice > denominator || (twice == denominator && quotient % 2 == 1)
            }
        };
        quotient + i128::from(up)
    }
}

#[cfg(test)]
mod tests {
    use super::Rounding::{Down, HalfEven, HalfUp};

    #[test]
    fn a_half_goes_to_the_even_neighbour_up_or_down() {
        for (tenths, half_even, half_up, down) in [
            (4, 0, 0, 0),
            (5, 0, 1, 0),
            (6, 1, 1, 0),
            (15, 2, 2, 1),
            (25, 2, 3, 2),
            (26, 3, 3, 2),
        ] {
            assert_eq!(HalfEven.divide(tenths, 10), half_even, "{tenths}");
            assert_eq!(HalfUp.divide(tenths, 10), half_up, "{tenths}");
            assert_eq!(Down.divide(tenths, 10), down, "{tenths}");
        }
    }

    #[test]
    fn what_divides_evenly_is_not_rounded() {
        for rounding in [HalfEven, HalfUp, Down] {
            assert_eq!(rounding.divide(30, 10), 3);
            assert_eq!(rounding.divide(0, 3), 0);
        }
    }

    #[test]
    fn an_odd_denominator_has_no_half() {
        assert_eq!(HalfEven.divide(1, 3), 0);
        assert_eq!(HalfEven.divide(2, 3), 1);
        assert_eq!(HalfUp.divide(1, 3), 0);
    }
}
