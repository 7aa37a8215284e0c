//! What becomes of payments.

use crate::order::{
    Facts, OrderError, OrderEvent, PaymentAuthorized, PaymentCaptured, PaymentFailed,
    PaymentVoided, rules,
};
use crate::{PaymentId, PositiveAmount, Text, Timestamp};

pub(super) fn authorize(
    order: &Facts,
    authorized: PaymentAuthorized,
) -> Result<OrderEvent, OrderError> {
    let PaymentAuthorized {
        payment_id, amount, ..
    } = &authorized;
    rules::authorize_payment(order, Some(payment_id), amount.get())?;
    Ok(OrderEvent::PaymentAuthorized(authorized))
}

pub(super) fn capture(
    order: &Facts,
    payment_id: &PaymentId,
    amount: PositiveAmount,
    now: Timestamp,
) -> Result<OrderEvent, OrderError> {
    rules::capture_payment(order, payment_id, amount.get(), now)?;
    Ok(OrderEvent::PaymentCaptured(PaymentCaptured {
        payment_id: payment_id.clone(),
        amount,
    }))
}

pub(super) fn void(
    order: &Facts,
    payment_id: &PaymentId,
    reason: &Text,
) -> Result<OrderEvent, OrderError> {
    rules::void_payment(order, payment_id)?;
    Ok(OrderEvent::PaymentVoided(PaymentVoided {
        payment_id: payment_id.clone(),
        reason: reason.clone(),
    }))
}

pub(super) fn record_failure(
    order: &Facts,
    payment_id: &PaymentId,
    reason: &Text,
) -> Result<OrderEvent, OrderError> {
    rules::record_payment_failure(order)?;
    Ok(OrderEvent::PaymentFailed(PaymentFailed {
        payment_id: payment_id.clone(),
        reason: reason.clone(),
    }))
}
