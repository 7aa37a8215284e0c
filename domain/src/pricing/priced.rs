//! What pricing leads to: the frozen amounts that `OrderPlaced` holds and later facts refer to.

use serde::{Deserialize, Serialize};

use super::discount_record::DiscountRecord;
use super::{AppliesTo, Discount, DiscountValue, NewLine, OrderDiscount, Shipping};
use crate::{Amount, DiscountCode, LineId, Quantity, Sku, TaxRate, Text};

/// An order's money, priced.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Priced {
    /// The lines, in the order given.
    pub lines: Vec<PricedLine>,
    /// The order-level discounts, in the order given.
    pub discounts: Vec<AppliedOrderDiscount>,
    /// The shipping, if any.
    pub shipping: Option<PricedShipping>,
    /// What they sum to.
    pub totals: Totals,
}

/// A line with all its money, in minor units.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PricedLine {
    /// Names the line within its order.
    pub line_id: LineId,
    /// The product.
    pub sku: Sku,
    /// The product's name when it was ordered.
    pub name: Text,
    /// How many units were ordered.
    pub quantity: Quantity,
    /// The price of one unit, with tax in inclusive mode.
    pub unit_price: Amount,
    /// The tax rate.
    pub tax_rate: TaxRate,
    /// The line's own discounts, in the order in which they apply.
    pub discounts: Vec<AppliedDiscount>,
    /// Unit price × quantity.
    pub subtotal: Amount,
    /// The line's share of the order-level discounts.
    pub order_discount: Amount,
    /// All that discounts took: the line's own and its share of the order's.
    pub discount_total: Amount,
    /// The line's tax.
    pub tax_total: Amount,
    /// What the customer pays for the line, tax included in both modes.
    pub total: Amount,
}

/// A line's discount with what it took.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "DiscountRecord")]
pub struct AppliedDiscount {
    /// Names it within its line.
    pub code: DiscountCode,
    /// What was asked for.
    pub value: DiscountValue,
    /// What it took, in minor units.
    pub applied: Amount,
}

/// An order-level discount with what it took.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "DiscountRecord")]
pub struct AppliedOrderDiscount {
    /// Names it within the order's discounts.
    pub code: DiscountCode,
    /// What was asked for.
    pub value: DiscountValue,
    /// What it lowered.
    pub applies_to: AppliesTo,
    /// What it took, in minor units.
    pub applied: Amount,
}

/// The shipping with all its money, in minor units.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PricedShipping {
    /// How it is shipped, in the caller's words.
    pub method: Text,
    /// The charge before discounts, with tax in inclusive mode.
    pub amount: Amount,
    /// What shipping discounts took.
    pub discount_total: Amount,
    /// Its own tax rate.
    pub tax_rate: TaxRate,
    /// Its tax.
    pub tax_total: Amount,
    /// What the customer pays for it, tax included in both modes.
    pub total: Amount,
}

/// What an order's lines and shipping sum to, in minor units.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Totals {
    /// Unit prices × quantities before discounts (as given: with tax in inclusive mode).
    pub subtotal: Amount,
    /// Line, order and shipping discounts.
    pub discount_total: Amount,
    /// The shipping charge before discounts.
    pub shipping_total: Amount,
    /// All tax, shipping's too.
    pub tax_total: Amount,
    /// What the customer pays.
    pub total: Amount,
}

impl PricedLine {
    /// The line as it was asked for.
    pub fn asked(&self) -> NewLine {
        let discounts = self.discounts.iter().map(|discount| Discount {
            code: discount.code.clone(),
            value: discount.value,
        });
        NewLine {
            line_id: self.line_id.clone(),
            sku: self.sku.clone(),
            name: self.name.clone(),
            quantity: self.quantity,
            unit_price: self.unit_price,
            tax_rate: self.tax_rate,
            discounts: discounts.collect(),
        }
    }
}

impl AppliedOrderDiscount {
    /// The discount as it was asked for.
    pub fn asked(&self) -> OrderDiscount {
        OrderDiscount {
            code: self.code.clone(),
            value: self.value,
            applies_to: self.applies_to,
        }
    }
}

impl PricedShipping {
    /// The shipping as it was asked for.
    pub fn asked(&self) -> Shipping {
        Shipping {
            method: self.method.clone(),
            amount: self.amount,
            tax_rate: self.tax_rate,
        }
    }
}
