//! Money: whole numbers of a currency's minor unit.

use serde::{Deserialize, Serialize, Serializer};
use thiserror::Error;

/// The largest amount anywhere, 2^53 − 1 minor units: JSON readers that use doubles lose nothing.
pub const MAX_AMOUNT: i64 = (1 << 53) - 1;

/// Why a number is no amount. The message is fit for a caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum InvalidAmount {
    /// Below 0.
    #[error("must be at least 0")]
    Negative,
    /// 0 or below where something must be paid.
    #[error("must be greater than 0")]
    NotPositive,
    /// Beyond [`MAX_AMOUNT`].
    #[error("must be at most {MAX_AMOUNT}")]
    TooLarge,
}

/// An amount from 0 to [`MAX_AMOUNT`] in minor units.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(try_from = "i64")]
pub struct Amount(i64);

impl Amount {
    /// Nothing.
    pub const ZERO: Self = Self(0);

    /// Takes a number of minor units.
    pub fn parse(minor_units: i64) -> Result<Self, InvalidAmount> {
        match minor_units {
            ..0 => Err(InvalidAmount::Negative),
            0..=MAX_AMOUNT => Ok(Self(minor_units)),
            _ => Err(InvalidAmount::TooLarge),
        }
    }

    /// The number of minor units.
    pub fn get(self) -> i64 {
        self.0
    }
}

impl TryFrom<i64> for Amount {
    type Error = InvalidAmount;

    fn try_from(minor_units: i64) -> Result<Self, Self::Error> {
        Self::parse(minor_units)
    }
}

/// For results of calculations, which are made in `i128`.
impl TryFrom<i128> for Amount {
    type Error = InvalidAmount;

    fn try_from(minor_units: i128) -> Result<Self, Self::Error> {
        match minor_units {
            ..0 => Err(InvalidAmount::Negative),
            _ => i64::try_from(minor_units)
                .map_err(|_| InvalidAmount::TooLarge)
                .and_then(Self::parse),
        }
    }
}

/// An amount above 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "i64")]
pub struct PositiveAmount(Amount);

impl PositiveAmount {
    /// One minor unit.
    pub const SMALLEST: Self = Self(Amount(1));

    /// Takes a number of minor units above 0.
    pub fn parse(minor_units: i64) -> Result<Self, InvalidAmount> {
        match Amount::parse(minor_units) {
            Ok(Amount::ZERO) | Err(InvalidAmount::Negative) => Err(InvalidAmount::NotPositive),
            other => other.map(Self),
        }
    }

    /// The number of minor units.
    pub fn get(self) -> i64 {
        self.0.get()
    }

    /// The amount without the knowledge that it is above 0.
    pub fn amount(self) -> Amount {
        self.0
    }
}

impl TryFrom<i64> for PositiveAmount {
    type Error = InvalidAmount;

    fn try_from(minor_units: i64) -> Result<Self, Self::Error> {
        Self::parse(minor_units)
    }
}

/// A currency of ISO 4217 that has a minor unit. What an amount means depends on
/// [`Currency::exponent`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize)]
#[serde(try_from = "Box<str>")]
pub struct Currency(iso_currency::Currency);

/// Not a currency that amounts can be in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum InvalidCurrency {
    /// No code of ISO 4217, in capital letters.
    #[error("must be an ISO 4217 currency code in capital letters")]
    Unknown,
    /// A code without a minor unit: metals, test codes and the like.
    #[error("must be a currency with a minor unit")]
    NoMinorUnit,
}

impl Currency {
    /// Takes an ISO 4217 code: `EUR`.
    pub fn parse(code: &str) -> Result<Self, InvalidCurrency> {
        let currency = iso_currency::Currency::from_code(code).ok_or(InvalidCurrency::Unknown)?;
        currency.exponent().ok_or(InvalidCurrency::NoMinorUnit)?;
        Ok(Self(currency))
    }

    /// The three letters.
    pub fn code(self) -> &'static str {
        self.0.code()
    }

    /// How many decimals its major unit has: 2 for EUR, 0 for JPY, 3 for KWD, 4 for CLF.
    pub fn exponent(self) -> u16 {
        self.0.exponent().unwrap_or_default()
    }
}

impl TryFrom<Box<str>> for Currency {
    type Error = InvalidCurrency;

    fn try_from(code: Box<str>) -> Result<Self, Self::Error> {
        Self::parse(&code)
    }
}

impl Serialize for Currency {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.code())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_amount_goes_from_0_to_the_largest_exact_double() {
        assert_eq!(Amount::parse(-1), Err(InvalidAmount::Negative));
        assert_eq!(Amount::parse(0).unwrap(), Amount::ZERO);
        assert_eq!(
            Amount::parse(9_007_199_254_740_991).unwrap().get(),
            MAX_AMOUNT
        );
        assert_eq!(
            Amount::parse(9_007_199_254_740_992),
            Err(InvalidAmount::TooLarge)
        );
        assert_eq!(Amount::try_from(0_i128), Ok(Amount::ZERO));
        assert_eq!(Amount::try_from(-1_i128), Err(InvalidAmount::Negative));
        assert_eq!(
            Amount::try_from(i128::from(MAX_AMOUNT) + 1),
            Err(InvalidAmount::TooLarge)
        );
        assert_eq!(Amount::try_from(i128::MAX), Err(InvalidAmount::TooLarge));
        assert_eq!(Amount::try_from(i128::MIN), Err(InvalidAmount::Negative));
    }

    #[test]
    fn a_positive_amount_is_above_0() {
        assert_eq!(PositiveAmount::parse(0), Err(InvalidAmount::NotPositive));
        assert_eq!(PositiveAmount::parse(-1), Err(InvalidAmount::NotPositive));
        assert_eq!(
            PositiveAmount::parse(MAX_AMOUNT + 1),
            Err(InvalidAmount::TooLarge)
        );
        assert_eq!(PositiveAmount::parse(1).unwrap().get(), 1);
    }

    #[test]
    fn currencies_have_the_exponents_of_iso_4217() {
        for (code, exponent) in [("JPY", 0), ("EUR", 2), ("KWD", 3), ("CLF", 4)] {
            assert_eq!(
                Currency::parse(code).unwrap().exponent(),
                exponent,
                "{code}"
            );
        }
        assert_eq!(Currency::parse("XAU"), Err(InvalidCurrency::NoMinorUnit));
        assert_eq!(Currency::parse("eur"), Err(InvalidCurrency::Unknown));
        assert_eq!(Currency::parse("ZZZ"), Err(InvalidCurrency::Unknown));
    }
}
