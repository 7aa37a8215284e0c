//! The rules: for each command one function that says whether a request is accepted, and what
//! follows from it where that takes a calculation.
//!
//! A function checks in the order that the HTTP contract gives: state, unknown ids, taken ids, then
//! the command's own row of domain.md from left to right, limits last. Beside it,
//! [`some_request_could_succeed`] asks the same function about the easiest request that there is:
//! each thing that the order knows, its smallest quantity or amount, at the earliest time. What is
//! new and known to nobody is `None`.

mod drafting;
mod lifecycle;
mod lines;
mod payments;
mod refunds;
mod returns;
mod revising;
mod shipping;
mod words;

pub(super) use drafting::{
    add_line, apply_discount, change_line_quantity, discard, expect_total, place_draft,
    remove_discount, remove_line, set_shipping,
};
pub use lifecycle::MAX_HOLDS;
pub(super) use lifecycle::{cancel, confirm, hold, reject, release_hold};
pub(super) use lines::named_lines;
pub(super) use payments::{
    authorize_payment, capture_payment, record_payment_failure, void_payment,
};
pub(super) use refunds::{refund, settle_refund};
pub(super) use returns::{
    approve_return, decline_return, lines_to_return, receive_return, request_return,
};
pub(super) use revising::{cancel_lines, revise};
pub(super) use shipping::{deliver, ship};
pub(super) use words::{add_note, change_billing_address, change_shipping_address, tag, untag};

use super::{CommandName, Facts, OrderError};

/// Whether some request of this command would be accepted, at some time.
pub(super) fn some_request_could_succeed(order: &Facts, command: CommandName) -> bool {
    match command {
        CommandName::Place => place_draft(order, None).is_ok(),
        // Only what is not there yet can be drafted.
        CommandName::Draft => false,
        CommandName::Discard => discard(order).is_ok(),
        CommandName::AddLine => drafting::some_line_can_come(order),
        CommandName::ChangeLineQuantity => drafting::some_quantity_can_change(order),
        CommandName::RemoveLine => drafting::some_line_can_go(order),
        CommandName::ApplyDiscount => drafting::some_discount_can_come(order),
        CommandName::RemoveDiscount => drafting::some_discount_can_go(order),
        CommandName::SetShipping => drafting::some_shipping_can_be_set(order),
        CommandName::Revise => revising::some_revision_is_possible(order),
        CommandName::ChangeShippingAddress => change_shipping_address(order).is_ok(),
        CommandName::ChangeBillingAddress => change_billing_address(order).is_ok(),
        CommandName::Hold => hold(order, None).is_ok(),
        CommandName::ReleaseHold => lifecycle::some_hold_can_be_released(order),
        CommandName::Confirm => confirm(order).is_ok(),
        CommandName::Reject => reject(order).is_ok(),
        CommandName::AuthorizePayment => authorize_payment(order, None, 1).is_ok(),
        CommandName::CapturePayment => payments::some_payment_can_be_captured(order),
        CommandName::VoidPayment => payments::some_payment_can_be_voided(order),
        CommandName::RecordPaymentFailure => record_payment_failure(order).is_ok(),
        CommandName::Ship => shipping::some_unit_can_ship(order),
        CommandName::Deliver => shipping::some_shipment_can_arrive(order),
        CommandName::CancelLines => revising::some_unit_can_be_cancelled(order),
        CommandName::Cancel => cancel(order).is_ok(),
        CommandName::RequestReturn => returns::some_unit_can_come_back(order),
        CommandName::ApproveReturn => returns::some_return_can_be_approved(order),
        CommandName::DeclineReturn => returns::some_return_can_be_declined(order),
        CommandName::ReceiveReturn => returns::some_return_can_be_received(order),
        CommandName::Refund => refunds::some_amount_can_go_back(order),
        CommandName::SettleRefund => refunds::some_part_can_be_settled(order),
        CommandName::AddNote => add_note(order).is_ok(),
        CommandName::Tag => tag(order, None).is_ok(),
        CommandName::Untag => words::some_tag_can_go(order),
    }
}

/// Refuses an id that was ever used: ids are never used twice.
fn require_free<'a, I>(id: &I, mut taken: impl Iterator<Item = &'a I>) -> Result<(), OrderError>
where
    I: PartialEq + ToString + 'a,
{
    if taken.any(|used| used == id) {
        return Err(OrderError::IdTaken { id: id.to_string() });
    }
    Ok(())
}

fn require_no_hold(order: &Facts) -> Result<(), OrderError> {
    if order.holds.is_empty() {
        Ok(())
    } else {
        Err(OrderError::OnHold)
    }
}

fn require_nothing_shipped(order: &Facts) -> Result<(), OrderError> {
    if order.shipments.is_empty() {
        Ok(())
    } else {
        Err(OrderError::SomethingShipped)
    }
}
