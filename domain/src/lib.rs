//! What an order is: pure rules, money and ids. No I/O, no clock, no randomness.
//!
//! - [`order`]: the aggregate, its commands, events, errors and derived statuses.
//! - [`pricing`]: from unit prices, discounts and rates to frozen amounts.
//! - [`envelope`]: what is recorded around each event.
//! - The other modules hold the values that all of these are made of. Each is made by `parse`, so
//!   that a value that exists is valid; its serde form is checked again when it is read.

pub mod address;
pub mod country;
pub mod decimal;
pub mod envelope;
pub mod ids;
pub mod money;
mod named;
pub mod order;
mod order_number;
pub mod partition;
pub mod pricing;
pub mod quantity;
pub mod text;
pub mod timestamp;

pub use address::Address;
pub use country::CountryCode;
pub use decimal::{Percentage, TaxRate};
pub use ids::{
    CustomerId, DiscountCode, HoldId, LineId, OrderId, PaymentId, RefundId, ReturnId, ShipmentId,
    Sku, Tag,
};
pub use money::{Amount, Currency, MAX_AMOUNT, PositiveAmount};
pub use order::{Customer, Visibility};
pub use order_number::order_number;
pub use pricing::{AppliesTo, Rounding, TaxLevel, TaxMode, TaxRules};
pub use quantity::Quantity;
pub use text::{Email, NoteText, Text};
pub use timestamp::Timestamp;
