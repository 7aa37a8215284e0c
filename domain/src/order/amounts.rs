//! What an order amounts to, by one function from its facts.

use serde::{Deserialize, Serialize};

use super::{Facts, OrderStatus, Payment};

/// What an order amounts to, in minor units (domain.md, "Money").
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Amounts {
    /// Unit prices × quantities, before discounts (as given: with tax in inclusive mode).
    pub subtotal: i64,
    /// Line, order and shipping discounts.
    pub discount_total: i64,
    /// The shipping charge before discounts (with tax in inclusive mode).
    pub shipping_total: i64,
    /// All tax, shipping's too.
    pub tax_total: i64,
    /// What the customer pays.
    pub total: i64,
    /// Value of cancelled units; all of the total once cancelled, rejected or discarded.
    pub cancelled_total: i64,
    /// Value of units received back.
    pub returned_total: i64,
    /// Credits of refunds.
    pub credited_total: i64,
    /// What is owed in the end, never below 0.
    pub due: i64,
    /// Authorized amounts of payments that were not voided.
    pub authorized: i64,
    /// What was captured.
    pub captured: i64,
    /// What has gone back.
    pub refunded: i64,
    /// Positive: the customer owes; negative: we owe back.
    pub balance: i64,
}

impl Facts {
    /// The order's amounts.
    pub fn amounts(&self) -> Amounts {
        let total = self.totals.total.get();
        let cancelled_total: i64 = match self.status {
            OrderStatus::Cancelled | OrderStatus::Rejected | OrderStatus::Discarded => total,
            _ => self.lines.iter().map(|line| line.cancelled_amount).sum(),
        };
        let returned_total: i64 = self.lines.iter().map(|line| line.returned_amount).sum();
        let credited_total: i64 = self.refunds.iter().map(|refund| refund.credit.get()).sum();
        let due = (total - cancelled_total - returned_total - credited_total).max(0);
        let of_payments =
            |part: fn(&Payment) -> i64| -> i64 { self.payments.iter().map(part).sum() };
        let captured = of_payments(|payment| payment.captured);
        let refunded = of_payments(|payment| payment.refunded);
        Amounts {
            subtotal: self.totals.subtotal.get(),
            discount_total: self.totals.discount_total.get(),
            shipping_total: self.totals.shipping_total.get(),
            tax_total: self.totals.tax_total.get(),
            total,
            cancelled_total,
            returned_total,
            credited_total,
            due,
            authorized: of_payments(|payment| {
                if payment.voided {
                    0
                } else {
                    payment.authorized
                }
            }),
            captured,
            refunded,
            balance: due - (captured - refunded),
        }
    }
}
