//! Countries by their ISO 3166-1 code of two letters.

use std::fmt;

use iso_currency::Country;
use serde::{Deserialize, Serialize, Serializer};
use thiserror::Error;

/// A country, as its ISO 3166-1 alpha-2 code: `DE`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize)]
#[serde(try_from = "Box<str>")]
pub struct CountryCode([u8; 2]);

/// Not a code of ISO 3166-1 alpha-2, in capital letters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("must be an ISO 3166-1 alpha-2 country code in capital letters")]
pub struct UnknownCountry;

impl CountryCode {
    /// Takes a code of two capital letters that ISO 3166-1 has assigned.
    pub fn parse(text: &str) -> Result<Self, UnknownCountry> {
        // The library takes the empty text too, as "unspecified": two bytes are asked for first.
        let letters = <[u8; 2]>::try_from(text.as_bytes()).map_err(|_| UnknownCountry)?;
        text.parse::<Country>().map_err(|_| UnknownCountry)?;
        Ok(Self(letters))
    }

    /// The two letters.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

impl TryFrom<Box<str>> for CountryCode {
    type Error = UnknownCountry;

    fn try_from(text: Box<str>) -> Result<Self, Self::Error> {
        Self::parse(&text)
    }
}

impl Serialize for CountryCode {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl fmt::Display for CountryCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn assigned_codes_in_capitals_are_countries() {
        for code in ["DE", "SS", "AX", "CW", "US"] {
            assert_eq!(CountryCode::parse(code).unwrap().as_str(), code);
        }
        for wrong in ["", "de", "XX", "DEU", "D", "Ä"] {
            assert_eq!(CountryCode::parse(wrong), Err(UnknownCountry), "{wrong:?}");
        }
    }
}
