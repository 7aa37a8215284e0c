//! What becomes of money that goes back.

use crate::order::{
    Facts, OrderError, OrderEvent, RefundFailed, RefundGranted, RefundOutcome, RefundSucceeded,
    rules,
};
use crate::{PaymentId, PositiveAmount, RefundId, ReturnId, Text};

pub(super) fn grant(
    order: &Facts,
    (refund_id, amount, reason): (&RefundId, PositiveAmount, &Text),
    payment_id: Option<&PaymentId>,
    return_id: Option<&ReturnId>,
) -> Result<OrderEvent, OrderError> {
    let granted = rules::refund(order, Some(refund_id), amount, payment_id, return_id)?;
    Ok(OrderEvent::RefundGranted(RefundGranted {
        refund_id: refund_id.clone(),
        amount,
        reason: reason.clone(),
        return_id: return_id.cloned(),
        parts: granted.parts,
        credit: granted.credit,
    }))
}

pub(super) fn settle(
    order: &Facts,
    refund_id: &RefundId,
    payment_id: Option<&PaymentId>,
    (outcome, provider_reference): (RefundOutcome, Option<&Text>),
) -> Result<OrderEvent, OrderError> {
    let (refund, part) = rules::settle_refund(order, refund_id, payment_id)?;
    let (refund_id, payment_id) = (refund_id.clone(), part.payment_id.clone());
    let (amount, provider_reference) = (part.amount, provider_reference.cloned());
    Ok(match outcome {
        RefundOutcome::Succeeded => OrderEvent::RefundSucceeded(RefundSucceeded {
            refund_id,
            payment_id,
            amount,
            provider_reference,
        }),
        RefundOutcome::Failed => OrderEvent::RefundFailed(RefundFailed {
            refund_id,
            payment_id,
            amount,
            credit: amount.amount().min(refund.credit),
            provider_reference,
        }),
    })
}
