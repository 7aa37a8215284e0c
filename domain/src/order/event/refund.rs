//! Money that goes back, part by part: providers answer separately.

use serde::{Deserialize, Serialize};

use crate::{Amount, PaymentId, PositiveAmount, RefundId, ReturnId, Text};

/// A part of a refund, from one payment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GrantedPart {
    /// The payment that it goes back to.
    pub payment_id: PaymentId,
    /// How much, in minor units.
    pub amount: PositiveAmount,
}

/// Money is to go back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefundGranted {
    /// Names the refund.
    pub refund_id: RefundId,
    /// How much, in minor units.
    pub amount: PositiveAmount,
    /// Why.
    pub reason: Text,
    /// The return that is the cause.
    pub return_id: Option<ReturnId>,
    /// The parts, in the order of their payments; they sum to the amount.
    pub parts: Vec<GrantedPart>,
    /// What it pays beyond what is owed back, in minor units: it lowers what is due.
    pub credit: Amount,
}

/// A part of a refund has gone back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefundSucceeded {
    /// The refund.
    pub refund_id: RefundId,
    /// The payment of the part.
    pub payment_id: PaymentId,
    /// How much has gone back, in minor units.
    pub amount: PositiveAmount,
    /// What the provider calls it.
    pub provider_reference: Option<Text>,
}

/// A part of a refund did not go back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefundFailed {
    /// The refund.
    pub refund_id: RefundId,
    /// The payment of the part.
    pub payment_id: PaymentId,
    /// How much did not go back, in minor units.
    pub amount: PositiveAmount,
    /// How much of the refund's credit falls with it, in minor units.
    pub credit: Amount,
    /// What the provider calls it.
    pub provider_reference: Option<Text>,
}
