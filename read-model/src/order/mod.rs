//! The order as it is shown: folded from the log, written as one document.

mod document;
mod fold;
mod ledger;
#[cfg(test)]
mod shape_tests;
#[cfg(test)]
pub(crate) mod tests;

pub use document::{
    HoldDocument, LineDocument, NoteDocument, OrderDocument, PaymentDocument, RefundDocument,
    RefundPartDocument, ReturnDocument, ReturnLineDocument, ShipmentDocument,
};
pub use fold::{OrderFold, Request};
pub use ledger::{Ledger, Movements};
