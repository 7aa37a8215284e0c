//! Money that is reserved, taken, or fails to come.

use serde::{Deserialize, Serialize};

use crate::{PaymentId, PositiveAmount, Text, Timestamp};

/// A provider reserved money.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PaymentAuthorized {
    /// Names the payment.
    pub payment_id: PaymentId,
    /// How much, in minor units.
    pub amount: PositiveAmount,
    /// Who reserved it.
    pub provider: Option<Text>,
    /// What the provider calls it.
    pub provider_reference: Option<Text>,
    /// Until when it can be captured.
    pub expires_at: Option<Timestamp>,
}

/// Reserved money was taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PaymentCaptured {
    /// The payment.
    pub payment_id: PaymentId,
    /// How much of it, in minor units.
    pub amount: PositiveAmount,
}

/// Reserved money is no longer reserved.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PaymentVoided {
    /// The payment.
    pub payment_id: PaymentId,
    /// Why.
    pub reason: Text,
}

/// A payment failed. One that is not known yet is now, with no money in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PaymentFailed {
    /// The payment.
    pub payment_id: PaymentId,
    /// Why.
    pub reason: Text,
}
