//! Money that is reserved, taken, given up, or fails to come.

use super::{require_free, require_no_hold};
use crate::order::{CommandName, Facts, OrderError, Payment};
use crate::pricing::Location;
use crate::{MAX_AMOUNT, PaymentId, Timestamp};

pub(in crate::order) fn authorize_payment(
    order: &Facts,
    payment_id: Option<&PaymentId>,
    amount: i64,
) -> Result<(), OrderError> {
    order.take(CommandName::AuthorizePayment)?;
    if let Some(payment_id) = payment_id {
        require_free(
            payment_id,
            order.payments.iter().map(|payment| &payment.payment_id),
        )?;
    }
    // Each is an amount, so their sum is far from overflowing.
    if order.amounts().authorized + amount > MAX_AMOUNT {
        return Err(OrderError::AmountTooLarge {
            at: Location::Order,
        });
    }
    Ok(())
}

pub(in crate::order) fn capture_payment(
    order: &Facts,
    payment_id: &PaymentId,
    amount: i64,
    now: Timestamp,
) -> Result<(), OrderError> {
    order.take(CommandName::CapturePayment)?;
    let payment = find_payment(order, payment_id)?;
    let left = payment.left();
    if amount > left {
        return Err(OrderError::AmountExceedsAuthorized { amount, left });
    }
    require_not_voided(payment)?;
    if let Some(expired_at) = payment.expires_at.filter(|expires_at| now > *expires_at) {
        return Err(OrderError::AuthorizationExpired { expired_at });
    }
    require_no_hold(order)
}

pub(super) fn some_payment_can_be_captured(order: &Facts) -> bool {
    let mut payments = order.payments.iter().map(|payment| &payment.payment_id);
    payments.any(|payment_id| capture_payment(order, payment_id, 1, Timestamp::EARLIEST).is_ok())
}

pub(in crate::order) fn void_payment(
    order: &Facts,
    payment_id: &PaymentId,
) -> Result<(), OrderError> {
    order.take(CommandName::VoidPayment)?;
    let payment = find_payment(order, payment_id)?;
    if payment.captured > 0 {
        return Err(OrderError::PaymentCaptured {
            payment_id: payment_id.clone(),
        });
    }
    require_not_voided(payment)
}

pub(super) fn some_payment_can_be_voided(order: &Facts) -> bool {
    let mut payments = order.payments.iter();
    payments.any(|payment| void_payment(order, &payment.payment_id).is_ok())
}

/// Any payment can fail, known or not.
pub(in crate::order) fn record_payment_failure(order: &Facts) -> Result<(), OrderError> {
    order.take(CommandName::RecordPaymentFailure)
}

pub(super) fn find_payment<'a>(
    order: &'a Facts,
    payment_id: &PaymentId,
) -> Result<&'a Payment, OrderError> {
    order
        .payments
        .iter()
        .find(|payment| payment.payment_id == *payment_id)
        .ok_or_else(|| OrderError::UnknownPayment {
            payment_id: payment_id.clone(),
        })
}

fn require_not_voided(payment: &Payment) -> Result<(), OrderError> {
    if payment.voided {
        return Err(OrderError::PaymentVoided {
            payment_id: payment.payment_id.clone(),
        });
    }
    Ok(())
}
