//! The derived statuses, each by one function; of what they list, the first that matches wins.

use super::{
    Facts, FulfillmentStatus, OrderStatus, Payment, PaymentState, PaymentStatus, Refund,
    RefundState, Return, ReturnState, ReturnStatus,
};

impl Payment {
    /// Where this payment is.
    pub fn state(&self) -> PaymentState {
        if self.voided {
            PaymentState::Voided
        } else if self.captured > 0 {
            PaymentState::Captured
        } else if self.failure_reason.is_some() {
            // Only a capture could have followed the failure, and there is none.
            PaymentState::Failed
        } else {
            PaymentState::Authorized
        }
    }
}

impl Return {
    /// Whether its units may still come.
    pub fn is_open(&self) -> bool {
        matches!(self.state, ReturnState::Requested | ReturnState::Approved)
    }
}

impl Refund {
    /// Where this refund is.
    pub fn state(&self) -> RefundState {
        let any = |state| self.parts.iter().any(|part| part.state == state);
        if any(RefundState::Granted) {
            RefundState::Granted
        } else if any(RefundState::Failed) {
            RefundState::Failed
        } else {
            RefundState::Succeeded
        }
    }
}

impl Facts {
    /// Where the customer's money is.
    pub fn payment_status(&self) -> PaymentStatus {
        let amounts = self.amounts();
        let nothing_to_pay = amounts.total == 0 && self.ever_placed;
        if amounts.captured > 0 && amounts.refunded == amounts.captured {
            PaymentStatus::Refunded
        } else if amounts.refunded > 0 {
            PaymentStatus::PartiallyRefunded
        } else if nothing_to_pay || (amounts.captured > 0 && amounts.captured >= amounts.due) {
            PaymentStatus::Paid
        } else if amounts.captured > 0 {
            PaymentStatus::PartiallyPaid
        } else if amounts.authorized > 0 {
            PaymentStatus::Authorized
        } else if self.last_payment_failed {
            PaymentStatus::Failed
        } else {
            PaymentStatus::Unpaid
        }
    }

    /// Where the goods are, over the units that are not cancelled.
    pub fn fulfillment_status(&self) -> FulfillmentStatus {
        let (mut units, mut shipped, mut delivered) = (0, 0, 0);
        for line in &self.lines {
            units += line.quantity() - line.cancelled;
            shipped += line.shipped;
            delivered += line.delivered;
        }
        if units == 0 {
            FulfillmentStatus::Unfulfilled
        } else if delivered == units {
            FulfillmentStatus::Delivered
        } else if delivered > 0 {
            FulfillmentStatus::PartiallyDelivered
        } else if shipped == units {
            FulfillmentStatus::Shipped
        } else if shipped > 0 {
            FulfillmentStatus::PartiallyShipped
        } else {
            FulfillmentStatus::Unfulfilled
        }
    }

    /// Whether units are on their way back.
    pub fn return_status(&self) -> ReturnStatus {
        if self.returns.is_empty() {
            ReturnStatus::None
        } else if self.returns.iter().any(Return::is_open) {
            ReturnStatus::Open
        } else {
            ReturnStatus::Closed
        }
    }

    /// Whether the last obligation is met: confirmed, every unit delivered or cancelled, at least
    /// one delivered, no refund on its way, and the money even.
    pub(super) fn is_complete(&self) -> bool {
        let settled = |line: &super::Line| line.delivered + line.cancelled == line.quantity();
        self.status == OrderStatus::Confirmed
            && self.lines.iter().all(settled)
            && self.lines.iter().any(|line| line.delivered > 0)
            && self.payments.iter().all(|payment| payment.refunding == 0)
            && self.amounts().balance == 0
    }

    /// Whether not one unit is left: cancelled, all of them.
    pub(super) fn is_all_cancelled(&self) -> bool {
        self.lines
            .iter()
            .all(|line| line.cancelled == line.quantity())
    }
}
