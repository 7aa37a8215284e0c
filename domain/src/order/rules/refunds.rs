//! Money that goes back, part by part.

use super::payments::find_payment;
use super::require_free;
use super::returns::find_return;
use crate::order::{
    CommandName, Facts, GrantedPart, OrderError, Payment, Refund, RefundPart, RefundState,
    ReturnState,
};
use crate::{Amount, PaymentId, PositiveAmount, RefundId, ReturnId};

/// What a refund leads to.
pub(in crate::order) struct Granted {
    /// Its parts, in the order of the payments.
    pub(in crate::order) parts: Vec<GrantedPart>,
    /// What it pays beyond what is owed back.
    pub(in crate::order) credit: Amount,
}

pub(in crate::order) fn refund(
    order: &Facts,
    refund_id: Option<&RefundId>,
    amount: PositiveAmount,
    payment_id: Option<&PaymentId>,
    return_id: Option<&ReturnId>,
) -> Result<Granted, OrderError> {
    order.take(CommandName::Refund)?;
    let payment = payment_id
        .map(|payment_id| find_payment(order, payment_id))
        .transpose()?;
    let cause = return_id
        .map(|return_id| find_return(order, return_id))
        .transpose()?;
    if let Some(refund_id) = refund_id {
        let known = order.refunds.iter().map(|refund| &refund.refund_id);
        require_free(refund_id, known)?;
    }
    let left_of_all = order.payments.iter().map(Payment::refundable).sum();
    let left = payment.map_or(left_of_all, Payment::refundable);
    if amount.get() > left {
        return Err(OrderError::AmountExceedsCaptured {
            amount: amount.get(),
            left,
        });
    }
    if let Some(cause) = cause.filter(|cause| cause.state != ReturnState::Received) {
        return Err(OrderError::ReturnNotReceived {
            return_id: cause.return_id.clone(),
            state: cause.state,
        });
    }
    let payments = order.payments.iter();
    let from = payments.filter(|known| payment_id.is_none_or(|named| known.payment_id == *named));
    let owed_back = (left_of_all - order.amounts().due).max(0);
    Ok(Granted {
        parts: split(
            amount.get(),
            from.map(|known| (&known.payment_id, known.refundable())),
        ),
        // Nothing or a part of the refund's amount.
        credit: Amount::parse((amount.get() - owed_back).max(0)).unwrap_or(amount.amount()),
    })
}

/// Each part is at most what is left of its payment's capture, first come, first drained.
fn split<'a>(amount: i64, left: impl Iterator<Item = (&'a PaymentId, i64)>) -> Vec<GrantedPart> {
    let mut missing = amount;
    left.filter_map(|(payment_id, left)| {
        let part = PositiveAmount::parse(left.min(missing)).ok()?;
        missing -= part.get();
        Some(GrantedPart {
            payment_id: payment_id.clone(),
            amount: part,
        })
    })
    .collect()
}

pub(super) fn some_amount_can_go_back(order: &Facts) -> bool {
    refund(order, None, PositiveAmount::SMALLEST, None, None).is_ok()
}

/// The refund and the part of it that is to be settled.
pub(in crate::order) fn settle_refund<'a>(
    order: &'a Facts,
    refund_id: &RefundId,
    payment_id: Option<&PaymentId>,
) -> Result<(&'a Refund, &'a RefundPart), OrderError> {
    order.take(CommandName::SettleRefund)?;
    let mut refunds = order.refunds.iter();
    let refund = refunds
        .find(|refund| refund.refund_id == *refund_id)
        .ok_or_else(|| OrderError::UnknownRefund {
            refund_id: refund_id.clone(),
        })?;
    let part = payment_id
        .map(|payment_id| find_part(refund, payment_id))
        .transpose()?;
    let settled = match part {
        Some(part) => part.state != RefundState::Granted,
        None => refund.state() != RefundState::Granted,
    };
    if settled {
        return Err(OrderError::PartSettled {
            refund_id: refund_id.clone(),
        });
    }
    match (part, refund.parts.as_slice()) {
        (Some(part), _) | (None, [part]) => Ok((refund, part)),
        (None, _) => Err(OrderError::PaymentIdNeeded {
            refund_id: refund_id.clone(),
        }),
    }
}

fn find_part<'a>(refund: &'a Refund, payment_id: &PaymentId) -> Result<&'a RefundPart, OrderError> {
    let mut parts = refund.parts.iter();
    parts
        .find(|part| part.payment_id == *payment_id)
        .ok_or_else(|| OrderError::UnknownPayment {
            payment_id: payment_id.clone(),
        })
}

pub(super) fn some_part_can_be_settled(order: &Facts) -> bool {
    order.refunds.iter().any(|refund| {
        let mut parts = refund.parts.iter();
        parts.any(|part| settle_refund(order, &refund.refund_id, Some(&part.payment_id)).is_ok())
    })
}
