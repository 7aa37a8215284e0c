//! The whole of an order, as placing and drafting leave it.

use serde::{Deserialize, Serialize};

use crate::order::Customer;
use crate::pricing::{
    AppliedOrderDiscount, PricedLine, PricedShipping, Rounding, TaxRules, Totals,
};
use crate::{Address, Currency, NoteText, OrderId, Tag};

/// The full order with frozen prices, allocations and totals.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderContent {
    /// Names it.
    pub order_id: OrderId,
    /// The currency of every amount of it.
    pub currency: Currency,
    /// How its roundings fall.
    pub rounding: Rounding,
    /// How its prices stand to tax.
    pub tax: TaxRules,
    /// Who orders.
    pub customer: Customer,
    /// The lines with all their money.
    pub lines: Vec<PricedLine>,
    /// The order-level discounts with what they took.
    pub discounts: Vec<AppliedOrderDiscount>,
    /// The shipping with all its money.
    pub shipping: Option<PricedShipping>,
    /// Where it goes.
    pub shipping_address: Option<Address>,
    /// Who gets the bill, if that is another address.
    pub billing_address: Option<Address>,
    /// Words by which it is found.
    pub tags: Vec<Tag>,
    /// The note that came with this command, for internal eyes.
    pub note: Option<NoteText>,
    /// What lines and shipping sum to.
    pub totals: Totals,
}
