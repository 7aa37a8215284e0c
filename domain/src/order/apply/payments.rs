//! Money that is reserved, taken, given up, or fails to come.

use crate::order::{Facts, Payment, PaymentAuthorized};
use crate::{PaymentId, PositiveAmount, Text};

impl Facts {
    pub(super) fn authorize(&mut self, event: &PaymentAuthorized) {
        self.last_payment_failed = false;
        self.payments.push(Payment {
            provider: event.provider.clone(),
            provider_reference: event.provider_reference.clone(),
            authorized: event.amount.get(),
            expires_at: event.expires_at,
            ..Payment::without_money(&event.payment_id)
        });
    }

    pub(super) fn capture(&mut self, payment_id: &PaymentId, amount: PositiveAmount) {
        self.last_payment_failed = false;
        self.on_payment(payment_id, |payment| {
            payment.captured = payment.captured.saturating_add(amount.get());
        });
    }

    pub(super) fn void(&mut self, payment_id: &PaymentId) {
        self.on_payment(payment_id, |payment| payment.voided = true);
    }

    /// A payment that nobody knows is one now, without money: its id is taken.
    pub(super) fn fail_payment(&mut self, payment_id: &PaymentId, reason: &Text) {
        self.last_payment_failed = true;
        let known = self.payments.iter();
        if !known
            .map(|payment| &payment.payment_id)
            .any(|id| id == payment_id)
        {
            self.payments.push(Payment::without_money(payment_id));
        }
        self.on_payment(payment_id, |payment| {
            payment.failure_reason = Some(reason.clone());
        });
    }

    pub(super) fn on_payment(&mut self, payment_id: &PaymentId, change: impl FnOnce(&mut Payment)) {
        let payment = self
            .payments
            .iter_mut()
            .find(|payment| payment.payment_id == *payment_id);
        if let Some(payment) = payment {
            change(payment);
        }
    }
}

impl Payment {
    fn without_money(payment_id: &PaymentId) -> Self {
        Self {
            payment_id: payment_id.clone(),
            provider: None,
            provider_reference: None,
            authorized: 0,
            captured: 0,
            refunding: 0,
            refunded: 0,
            expires_at: None,
            voided: false,
            failure_reason: None,
        }
    }
}
