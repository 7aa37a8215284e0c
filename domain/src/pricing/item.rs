//! What is to be priced.

use super::Discount;
use crate::{Amount, LineId, Quantity, Sku, TaxRate, Text};

/// A line as it was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewLine {
    /// Names the line within its order.
    pub line_id: LineId,
    /// The product.
    pub sku: Sku,
    /// The product's name.
    pub name: Text,
    /// How many units.
    pub quantity: Quantity,
    /// The price of one unit in minor units, with tax in inclusive mode.
    pub unit_price: Amount,
    /// The tax rate.
    pub tax_rate: TaxRate,
    /// The line's own discounts, in the order in which they apply.
    pub discounts: Vec<Discount>,
}

/// A shipping as it was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shipping {
    /// How it is shipped, in the caller's words.
    pub method: Text,
    /// The charge before discounts in minor units, with tax in inclusive mode.
    pub amount: Amount,
    /// Its own tax rate.
    pub tax_rate: TaxRate,
}
