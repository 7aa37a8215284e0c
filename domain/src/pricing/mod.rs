//! From unit prices, discounts and rates to amounts that are frozen at placement (domain.md,
//! "Money").
//!
//! The way of the money: each line's own discounts in the order given; then the order's discounts,
//! each split over what the lines have left; then tax. Shipping takes its own discounts and tax.
//! Every rounding falls on what the customer pays, and whatever is named beside it is a difference,
//! so that parts always sum to the whole.

mod allocation;
mod discount;
mod discount_record;
mod error;
mod item;
mod location;
mod price;
mod priced;
mod rounding;
mod share;
mod tax;
mod terms;

pub use discount::{AppliesTo, Discount, DiscountValue, OrderDiscount};
pub use error::PricingError;
pub use item::{NewLine, Shipping};
pub use location::Location;
pub use price::{Items, price};
pub use priced::{
    AppliedDiscount, AppliedOrderDiscount, Priced, PricedLine, PricedShipping, Totals,
};
pub use rounding::Rounding;
pub use share::share;
pub use terms::{TaxLevel, TaxMode, TaxRules, Terms};
