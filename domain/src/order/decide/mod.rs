//! From a command to the events that it causes, or the rule that refuses it. Pure: no clock, no
//! randomness, no I/O.

mod drafting;
mod lifecycle;
mod payments;
mod refunds;
mod returns;
mod revising;
mod shipping;
mod words;

use super::{
    Facts, Order, OrderCancelled, OrderCommand, OrderCompleted, OrderError, OrderEvent,
    PaymentAuthorized, ShipmentCreated, placing,
};
use crate::Timestamp;

impl Order {
    /// The events that this command causes, at least one.
    ///
    /// `now` decides nothing but whether an authorization has expired; events get their time from
    /// the log.
    ///
    /// A [`OrderCommand::Place`] or [`OrderCommand::Draft`] of an order that does not exist is
    /// judged by the command alone: its error is the body's own, and [`OrderError::location`] says
    /// where.
    pub fn decide(
        &self,
        command: &OrderCommand,
        now: Timestamp,
    ) -> Result<Vec<OrderEvent>, OrderError> {
        match (command, self.facts()) {
            (OrderCommand::Place(new), None) => {
                let content = Box::new(placing::place(new)?);
                Ok(vec![OrderEvent::OrderPlaced(content)])
            }
            (OrderCommand::Draft(new), None) => {
                let content = Box::new(placing::draft(new)?);
                Ok(vec![OrderEvent::OrderDrafted(content)])
            }
            (_, None) => Err(OrderError::NoSuchOrder),
            (command, Some(facts)) => {
                let event = decide_known(facts, command, now)?;
                Ok(self.with_consequences(event))
            }
        }
    }

    /// The event, and what comes by itself: whichever takes the last unit cancels the order, and
    /// whichever meets the last obligation completes it.
    fn with_consequences(&self, event: OrderEvent) -> Vec<OrderEvent> {
        let last_unit_s_reason = match &event {
            OrderEvent::OrderRevised(event) => Some(event.reason.clone()),
            OrderEvent::LinesCancelled(event) => Some(event.reason.clone()),
            OrderEvent::PaymentCaptured(_)
            | OrderEvent::ShipmentDelivered(_)
            | OrderEvent::ReturnReceived(_)
            | OrderEvent::RefundSucceeded(_)
            | OrderEvent::RefundFailed(_) => None,
            _ => return vec![event],
        };
        let mut after = self.clone();
        after.apply(&event);
        let cancels = after.facts().is_some_and(Facts::is_all_cancelled);
        let consequence = match last_unit_s_reason {
            Some(reason) if cancels => Some(OrderEvent::OrderCancelled(OrderCancelled {
                reason,
                restock: false,
                lines: Vec::new(),
            })),
            _ => after
                .facts()
                .is_some_and(Facts::is_complete)
                .then_some(OrderEvent::OrderCompleted(OrderCompleted {})),
        };
        [event].into_iter().chain(consequence).collect()
    }
}

/// What a command does to an order that exists.
#[expect(
    clippy::too_many_lines,
    reason = "one arm a command, and each is one call"
)]
fn decide_known(
    order: &Facts,
    command: &OrderCommand,
    now: Timestamp,
) -> Result<OrderEvent, OrderError> {
    use OrderCommand as C;
    match command {
        C::Place(_) | C::Draft(_) => Err(OrderError::IdTaken {
            id: order.order_id.to_string(),
        }),
        C::PlaceDraft { expected_total } => drafting::place(order, *expected_total),
        C::Discard => drafting::discard(order),
        C::AddLine(line) => drafting::add_line(order, line),
        C::ChangeLineQuantity { line_id, quantity } => {
            drafting::change_line_quantity(order, line_id, *quantity)
        }
        C::RemoveLine { line_id } => drafting::remove_line(order, line_id),
        C::ApplyDiscount(discount) => drafting::apply_discount(order, discount),
        C::RemoveDiscount { code } => drafting::remove_discount(order, code),
        C::SetShipping(shipping) => drafting::set_shipping(order, shipping),
        C::Revise { revision, reason } => revising::revise(order, revision, reason),
        C::ChangeShippingAddress(address) => words::change_shipping_address(order, address),
        C::ChangeBillingAddress(address) => words::change_billing_address(order, address),
        C::Hold {
            hold_id,
            reason,
            note,
        } => lifecycle::hold(order, hold_id, reason, note.as_ref()),
        C::ReleaseHold { hold_id } => lifecycle::release_hold(order, hold_id),
        C::Confirm => lifecycle::confirm(order),
        C::Reject { reason } => lifecycle::reject(order, reason),
        C::AuthorizePayment {
            payment_id,
            amount,
            provider,
            provider_reference,
            expires_at,
        } => payments::authorize(
            order,
            PaymentAuthorized {
                payment_id: payment_id.clone(),
                amount: *amount,
                provider: provider.clone(),
                provider_reference: provider_reference.clone(),
                expires_at: *expires_at,
            },
        ),
        C::CapturePayment { payment_id, amount } => {
            payments::capture(order, payment_id, *amount, now)
        }
        C::VoidPayment { payment_id, reason } => payments::void(order, payment_id, reason),
        C::RecordPaymentFailure { payment_id, reason } => {
            payments::record_failure(order, payment_id, reason)
        }
        C::Ship {
            shipment_id,
            lines,
            carrier,
            tracking_number,
        } => shipping::ship(
            order,
            ShipmentCreated {
                shipment_id: shipment_id.clone(),
                lines: lines.clone(),
                carrier: carrier.clone(),
                tracking_number: tracking_number.clone(),
            },
        ),
        C::Deliver { shipment_id } => shipping::deliver(order, shipment_id),
        C::CancelLines {
            lines,
            reason,
            restock,
        } => revising::cancel_lines(order, lines, reason, *restock),
        C::Cancel { reason, restock } => lifecycle::cancel(order, reason, *restock),
        C::RequestReturn { return_id, lines } => returns::request(order, return_id, lines),
        C::ApproveReturn { return_id, reason } => {
            returns::approve(order, return_id, reason.as_ref())
        }
        C::DeclineReturn { return_id, reason } => returns::decline(order, return_id, reason),
        C::ReceiveReturn { return_id, lines } => returns::receive(order, return_id, lines),
        C::Refund {
            refund_id,
            amount,
            reason,
            payment_id,
            return_id,
        } => refunds::grant(
            order,
            (refund_id, *amount, reason),
            payment_id.as_ref(),
            return_id.as_ref(),
        ),
        C::SettleRefund {
            refund_id,
            payment_id,
            outcome,
            provider_reference,
        } => refunds::settle(
            order,
            refund_id,
            payment_id.as_ref(),
            (*outcome, provider_reference.as_ref()),
        ),
        C::AddNote { text, visibility } => words::add_note(order, text, *visibility),
        C::Tag(tag) => words::tag(order, tag),
        C::Untag(tag) => words::untag(order, tag),
    }
}
