//! What events make of an order. Total: it never fails and never validates, for what has happened
//! has happened. It only adds up: whatever took a decision or a calculation is in the event.

mod drafting;
mod fulfillment;
mod payments;
mod refunds;
mod returns;

use super::{Facts, Hold, Line, Note, Order, OrderContent, OrderEvent, OrderStatus, Visibility};
use crate::{HoldId, NoteText, Text};

impl Order {
    /// Takes in what has happened.
    pub fn apply(&mut self, event: &OrderEvent) {
        self.version += 1;
        match (event, &mut self.facts) {
            (OrderEvent::OrderDrafted(content), facts) => {
                begin(facts, content, OrderStatus::Draft);
            }
            (OrderEvent::OrderPlaced(content), facts) => {
                begin(facts, content, OrderStatus::Placed);
            }
            (event, Some(facts)) => facts.apply(event),
            // No command is taken before an order exists, so nothing else comes first.
            (_, None) => {}
        }
    }
}

/// A new order, or a draft that is placed: that keeps its notes, and the ids it has used.
fn begin(facts: &mut Option<Facts>, content: &OrderContent, status: OrderStatus) {
    let (notes, removed_lines) = match facts.take() {
        Some(drafted) => (drafted.notes, drafted.removed_lines),
        None => (Vec::new(), Vec::new()),
    };
    let begun = facts.insert(Facts {
        order_id: content.order_id.clone(),
        status,
        ever_placed: status == OrderStatus::Placed,
        currency: content.currency,
        rounding: content.rounding,
        tax: content.tax,
        customer: content.customer.clone(),
        lines: content.lines.iter().cloned().map(Line::new).collect(),
        removed_lines,
        discounts: content.discounts.clone(),
        shipping: content.shipping.clone(),
        totals: content.totals,
        shipping_address: content.shipping_address.clone(),
        billing_address: content.billing_address.clone(),
        tags: content.tags.clone(),
        notes,
        holds: Vec::new(),
        released_holds: Vec::new(),
        payments: Vec::new(),
        last_payment_failed: false,
        shipments: Vec::new(),
        returns: Vec::new(),
        refunds: Vec::new(),
        reason: None,
    });
    if let Some(text) = &content.note {
        begun.note(text, Visibility::Internal);
    }
}

impl Facts {
    fn apply(&mut self, event: &OrderEvent) {
        use OrderEvent as E;
        match event {
            E::OrderDrafted(_) | E::OrderPlaced(_) => {}
            E::OrderDiscarded(_) => self.end(OrderStatus::Discarded, None),
            E::LineAdded(event) => self.reprice(&event.repriced),
            E::LineQuantityChanged(event) => self.reprice(&event.repriced),
            E::LineRemoved(event) => self.remove_line(event),
            E::DiscountApplied(event) => self.reprice(&event.repriced),
            E::DiscountRemoved(event) => self.reprice(&event.repriced),
            E::ShippingSet(event) => self.reprice(&event.repriced),
            E::OrderRevised(event) => self.revise(event),
            E::ShippingAddressChanged(event) => {
                self.shipping_address = Some((*event.address).clone());
            }
            E::BillingAddressChanged(event) => {
                self.billing_address = Some((*event.address).clone());
            }
            E::HoldPlaced(event) => self.holds.push(Hold {
                hold_id: event.hold_id.clone(),
                reason: event.reason.clone(),
                note: event.note.clone(),
            }),
            E::HoldReleased(event) => self.release(&event.hold_id),
            E::OrderConfirmed(_) => self.status = OrderStatus::Confirmed,
            E::OrderRejected(event) => self.end(OrderStatus::Rejected, Some(&event.reason)),
            E::PaymentAuthorized(event) => self.authorize(event),
            E::PaymentCaptured(event) => self.capture(&event.payment_id, event.amount),
            E::PaymentVoided(event) => self.void(&event.payment_id),
            E::PaymentFailed(event) => self.fail_payment(&event.payment_id, &event.reason),
            E::ShipmentCreated(event) => self.ship(event),
            E::ShipmentDelivered(event) => self.deliver(&event.shipment_id),
            E::LinesCancelled(event) => self.cancel_units(event.lines.iter()),
            E::OrderCancelled(event) => self.end(OrderStatus::Cancelled, Some(&event.reason)),
            E::ReturnRequested(event) => self.request_return(event),
            E::ReturnApproved(event) => self.answer_return(&event.return_id, true),
            E::ReturnDeclined(event) => self.answer_return(&event.return_id, false),
            E::ReturnReceived(event) => self.receive_return(event),
            E::RefundGranted(event) => self.grant_refund(event),
            E::RefundSucceeded(event) => self.refund_succeeded(event),
            E::RefundFailed(event) => self.refund_failed(event),
            E::OrderCompleted(_) => self.status = OrderStatus::Completed,
            E::NoteAdded(event) => self.note(&event.text, event.visibility),
            E::OrderTagged(event) => self.tags.push(event.tag.clone()),
            E::OrderUntagged(event) => self.tags.retain(|tag| *tag != event.tag),
        }
    }

    /// An end that takes every unit back.
    fn end(&mut self, status: OrderStatus, reason: Option<&Text>) {
        self.status = status;
        self.reason = reason.cloned();
        for line in &mut self.lines {
            line.cancelled = line.quantity();
            line.cancelled_amount = line.priced.total.get();
        }
    }

    fn release(&mut self, hold_id: &HoldId) {
        self.holds.retain(|hold| hold.hold_id != *hold_id);
        self.released_holds.push(hold_id.clone());
    }

    fn note(&mut self, text: &NoteText, visibility: Visibility) {
        self.notes.push(Note {
            text: text.clone(),
            visibility,
        });
    }
}
