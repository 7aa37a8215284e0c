//! Where an order goes and who pays for it.

use serde::{Deserialize, Serialize};

use crate::{CountryCode, Text};

/// A postal address.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Address {
    /// Who receives there.
    pub name: Text,
    /// Street and number.
    pub line1: Text,
    /// What the first line could not hold.
    pub line2: Option<Text>,
    /// City or town.
    pub city: Text,
    /// State, province or county.
    pub region: Option<Text>,
    /// Postal code, where the country has them.
    pub postal_code: Option<Text>,
    /// The country.
    pub country: CountryCode,
}
