//! How many units.

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// From 1 to 1,000,000 units.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "i64")]
pub struct Quantity(u32);

/// Not a quantity. The message is fit for a caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("must be from 1 to {}", Quantity::MAX)]
pub struct InvalidQuantity;

impl Quantity {
    /// The most units.
    pub const MAX: i64 = 1_000_000;
    /// One unit.
    pub const ONE: Self = Self(1);

    /// Takes a number of units.
    pub fn parse(units: i64) -> Result<Self, InvalidQuantity> {
        match u32::try_from(units) {
            Ok(quantity) if (1..=Self::MAX).contains(&units) => Ok(Self(quantity)),
            _ => Err(InvalidQuantity),
        }
    }

    /// The number of units.
    pub fn get(self) -> i64 {
        i64::from(self.0)
    }
}

impl TryFrom<i64> for Quantity {
    type Error = InvalidQuantity;

    fn try_from(units: i64) -> Result<Self, Self::Error> {
        Self::parse(units)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quantity_goes_from_1_to_a_million() {
        for wrong in [i64::MIN, -1, 0, 1_000_001, i64::MAX] {
            assert_eq!(Quantity::parse(wrong), Err(InvalidQuantity), "{wrong}");
        }
        assert_eq!(Quantity::parse(1_000_000).unwrap().get(), 1_000_000);
    }
}
