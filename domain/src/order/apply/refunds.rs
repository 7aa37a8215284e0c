//! Money that goes back, part by part.

use crate::order::{
    Facts, Refund, RefundFailed, RefundGranted, RefundPart, RefundState, RefundSucceeded,
};
use crate::{Amount, PaymentId, RefundId, Text};

impl Facts {
    pub(super) fn grant_refund(&mut self, event: &RefundGranted) {
        for part in &event.parts {
            self.on_payment(&part.payment_id, |payment| {
                payment.refunding += part.amount.get();
            });
        }
        let parts = event.parts.iter().map(|part| RefundPart {
            payment_id: part.payment_id.clone(),
            amount: part.amount,
            state: RefundState::Granted,
            provider_reference: None,
        });
        self.refunds.push(Refund {
            refund_id: event.refund_id.clone(),
            amount: event.amount,
            credit: event.credit,
            reason: event.reason.clone(),
            return_id: event.return_id.clone(),
            parts: parts.collect(),
        });
    }

    pub(super) fn refund_succeeded(&mut self, event: &RefundSucceeded) {
        self.on_payment(&event.payment_id, |payment| {
            payment.refunding -= event.amount.get();
            payment.refunded += event.amount.get();
        });
        let (state, reference) = (RefundState::Succeeded, event.provider_reference.as_ref());
        self.settle(&event.refund_id, &event.payment_id, state, reference);
    }

    pub(super) fn refund_failed(&mut self, event: &RefundFailed) {
        self.on_payment(&event.payment_id, |payment| {
            payment.refunding -= event.amount.get();
        });
        let (state, reference) = (RefundState::Failed, event.provider_reference.as_ref());
        self.settle(&event.refund_id, &event.payment_id, state, reference);
        self.on_refund(&event.refund_id, |refund| {
            let left = refund.credit.get() - event.credit.get();
            refund.credit = Amount::parse(left).unwrap_or_default();
        });
    }

    fn settle(
        &mut self,
        refund_id: &RefundId,
        payment_id: &PaymentId,
        state: RefundState,
        provider_reference: Option<&Text>,
    ) {
        self.on_refund(refund_id, |refund| {
            let parts = refund.parts.iter_mut();
            for part in parts.filter(|part| part.payment_id == *payment_id) {
                part.state = state;
                part.provider_reference = provider_reference.cloned();
            }
        });
    }

    fn on_refund(&mut self, refund_id: &RefundId, change: impl FnOnce(&mut Refund)) {
        let refund = self
            .refunds
            .iter_mut()
            .find(|refund| refund.refund_id == *refund_id);
        if let Some(refund) = refund {
            change(refund);
        }
    }
}
