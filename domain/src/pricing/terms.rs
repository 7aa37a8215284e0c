//! What an order agrees on before its first price.

use serde::{Deserialize, Serialize};

use super::Rounding;
use crate::named::named_enum;

/// How an order's prices and taxes are meant and rounded.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Terms {
    /// How each rounding of the order falls.
    pub rounding: Rounding,
    /// How its prices stand to tax.
    pub tax: TaxRules,
}

impl Terms {
    /// All that an order can agree on.
    pub(super) fn all() -> impl Iterator<Item = Self> {
        let rules = TaxMode::ALL.iter().flat_map(|&mode| {
            TaxLevel::ALL
                .iter()
                .map(move |&level| TaxRules { mode, level })
        });
        rules.flat_map(|tax| {
            let roundings = Rounding::ALL.iter();
            roundings.map(move |&rounding| Self { rounding, tax })
        })
    }
}

/// How prices stand to tax.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaxRules {
    /// Whether prices hold the tax.
    pub mode: TaxMode,
    /// What is taxed and rounded at once.
    pub level: TaxLevel,
}

named_enum! {
    /// Whether prices hold the tax.
    #[derive(Default)]
    pub enum TaxMode {
        /// Tax comes on top of prices.
        #[default]
        Exclusive = "exclusive",
        /// Prices hold the tax.
        Inclusive = "inclusive",
    }
}

named_enum! {
    /// What is taxed and rounded at once.
    #[derive(Default)]
    pub enum TaxLevel {
        /// The whole line.
        #[default]
        Line = "line",
        /// Each unit; the line's tax is their sum.
        Unit = "unit",
    }
}
