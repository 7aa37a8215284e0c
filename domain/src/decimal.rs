//! Rates: decimal strings that are kept exactly, never as floats.
//!
//! A value remembers how many decimals it was written with, so that it is shown as it was given:
//! `"0.190"` stays `"0.190"`.

use std::fmt;

use serde::{Deserialize, Serialize, Serializer};
use thiserror::Error;

/// Why a text is no rate. The message is fit for a caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum InvalidDecimal {
    /// Not digits with an optional point and further digits (and no needless leading zero).
    #[error("must be a decimal number like \"12.5\"")]
    Malformed,
    /// More digits after the point than are kept.
    #[error("must have at most {max} decimals")]
    TooManyDecimals {
        /// The most decimals there may be.
        max: u8,
    },
    /// Beyond the largest or below the smallest value.
    #[error("must be {range}")]
    OutOfRange {
        /// The range in words.
        range: &'static str,
    },
}

/// An unsigned decimal with at most `SCALE` decimals: `units / 10^SCALE`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Decimal<const SCALE: u8> {
    units: u32,
    /// How many decimals it was written with.
    written: u8,
}

impl<const SCALE: u8> Decimal<SCALE> {
    fn parse(text: &str) -> Result<Self, InvalidDecimal> {
        let (whole, fraction) = match text.split_once('.') {
            Some((_, "")) => return Err(InvalidDecimal::Malformed),
            Some((whole, fraction)) => (whole, fraction),
            None => (text, ""),
        };
        let digits = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
        let leading_zero = whole.len() > 1 && whole.starts_with('0');
        if whole.is_empty() || leading_zero || !digits(whole) || !digits(fraction) {
            return Err(InvalidDecimal::Malformed);
        }
        let written = u8::try_from(fraction.len())
            .ok()
            .filter(|written| *written <= SCALE)
            .ok_or(InvalidDecimal::TooManyDecimals { max: SCALE })?;
        let parsed = format!("{whole}{fraction}").parse::<u32>().ok();
        let scaled = parsed.and_then(|n| n.checked_mul(10_u32.pow(u32::from(SCALE - written))));
        // What does not even fit is out of every range; the caller knows which.
        Ok(Self {
            units: scaled.unwrap_or(u32::MAX),
            written,
        })
    }
}

impl<const SCALE: u8> fmt::Display for Decimal<SCALE> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = self.units / 10_u32.pow(u32::from(SCALE - self.written));
        let unit = 10_u32.pow(u32::from(self.written));
        if self.written == 0 {
            return write!(f, "{shown}");
        }
        write!(
            f,
            "{}.{:0width$}",
            shown / unit,
            shown % unit,
            width = usize::from(self.written)
        )
    }
}

/// Makes a rate: a [`Decimal`] within a range, with serde as its text.
macro_rules! rate_newtype {
    ($(#[$doc:meta])* $name:ident, $scale:literal, $accepts:expr, $range:literal) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
        #[serde(try_from = "Box<str>")]
        pub struct $name(Decimal<$scale>);

        impl $name {
            /// Takes a decimal string within the range.
            pub fn parse(text: &str) -> Result<Self, InvalidDecimal> {
                let accepts: fn(u32) -> bool = $accepts;
                let decimal = Decimal::parse(text)?;
                if accepts(decimal.units) {
                    Ok(Self(decimal))
                } else {
                    Err(InvalidDecimal::OutOfRange { range: $range })
                }
            }
        }

        impl TryFrom<Box<str>> for $name {
            type Error = InvalidDecimal;

            fn try_from(text: Box<str>) -> Result<Self, Self::Error> {
                Self::parse(&text)
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(&self.0)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

rate_newtype! {
    /// A tax rate from 0 to 10 (that is 1000 %) with at most 6 decimals: `"0.19"`.
    TaxRate, 6, |millionths| millionths <= 10_000_000, "from 0 to 10"
}

rate_newtype! {
    /// A percentage above 0 and up to 100 with at most 4 decimals: `"12.5"`.
    Percentage, 4, |units| (1..=1_000_000).contains(&units), "above 0 and at most 100"
}

impl TaxRate {
    /// No tax.
    pub const ZERO: Self = Self(Decimal {
        units: 0,
        written: 0,
    });
    /// What [`Self::millionths`] counts in: `1` is this many of them.
    pub(crate) const ONE: i128 = 1_000_000;

    /// The rate in millionths.
    pub(crate) fn millionths(self) -> i128 {
        i128::from(self.0.units)
    }
}

/// Without a rate there is no tax (domain.md, "Money").
impl Default for TaxRate {
    fn default() -> Self {
        Self::ZERO
    }
}

impl Percentage {
    /// What [`Self::parts`] counts in: 100 % is this many of them.
    pub(crate) const WHOLE: i128 = 1_000_000;

    /// The percentage in parts of [`Self::WHOLE`].
    pub(crate) fn parts(self) -> i128 {
        i128::from(self.0.units)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_is_shown_as_it_was_written() {
        for text in ["0", "0.19", "0.190", "0.000001", "10", "10.000000", "1.05"] {
            assert_eq!(TaxRate::parse(text).unwrap().to_string(), text);
        }
        for text in ["100", "0.0001", "12.5", "33.3333", "99.9900"] {
            assert_eq!(Percentage::parse(text).unwrap().to_string(), text);
        }
    }

    #[test]
    fn a_tax_rate_goes_from_0_to_10() {
        let range = InvalidDecimal::OutOfRange {
            range: "from 0 to 10",
        };
        assert_eq!(TaxRate::parse("10.000001"), Err(range));
        assert_eq!(TaxRate::parse("99999999999999999999"), Err(range));
        assert_eq!(
            TaxRate::parse("0.1234567"),
            Err(InvalidDecimal::TooManyDecimals { max: 6 })
        );
    }

    #[test]
    fn a_percentage_is_above_0_and_at_most_100() {
        let range = InvalidDecimal::OutOfRange {
            range: "above 0 and at most 100",
        };
        assert_eq!(Percentage::parse("0"), Err(range));
        assert_eq!(Percentage::parse("0.0000"), Err(range));
        assert_eq!(Percentage::parse("100.0001"), Err(range));
        assert_eq!(
            Percentage::parse("1.00001"),
            Err(InvalidDecimal::TooManyDecimals { max: 4 })
        );
    }

    #[test]
    fn only_plain_decimals_are_rates() {
        for wrong in [
            "", ".5", "1.", "-1", "+1", "1e2", "01", "1,5", " 1", "٣", "1.5.0",
        ] {
            assert_eq!(
                TaxRate::parse(wrong),
                Err(InvalidDecimal::Malformed),
                "{wrong:?}"
            );
        }
    }

    #[test]
    fn a_number_is_no_rate() {
        assert!(serde_json::from_str::<TaxRate>("0.19").is_err());
        assert_eq!(
            serde_json::to_string(&TaxRate::parse("0.190").unwrap()).unwrap(),
            "\"0.190\""
        );
    }
}
