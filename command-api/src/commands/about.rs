//! What the API's document says about a command, where its body cannot say it.

use domain::order::CommandName;

use super::{
    Target, add_line, add_note, apply_discount, approve_return, authorize_payment, cancel,
    cancel_lines, capture_payment, change_billing_address, change_line_quantity,
    change_shipping_address, confirm, decline_return, deliver, discard, hold, new_order,
    place_draft, receive_return, record_payment_failure, refund, reject, release_hold,
    remove_discount, remove_line, request_return, revise, set_shipping, settle_refund, ship, tag,
    untag, void_payment,
};

/// What the API's document says about a command.
pub(crate) struct About {
    /// What it does, in a line.
    pub(crate) summary: &'static str,
    /// What one has to know to use it.
    pub(crate) description: &'static str,
    /// How it is used.
    pub(crate) example: Example,
}

/// A use of a command that succeeds: one of docs/commands.md, whose examples are tested one after the other.
pub(crate) struct Example {
    /// The order.
    pub(crate) order_id: &'static str,
    /// The body, if one is sent.
    pub(crate) body: Option<&'static str>,
    /// The members of the answer that the page shows.
    pub(crate) shown: &'static str,
}

/// What the API's document says about a command.
pub(crate) fn about(name: CommandName, target: &Target) -> &'static About {
    match (name, target) {
        (CommandName::Place, Target::New) => &new_order::ABOUT_PLACE,
        (CommandName::Draft, _) => &new_order::ABOUT_DRAFT,
        (CommandName::Place, Target::Existing(_)) => &place_draft::ABOUT,
        (CommandName::Discard, _) => &discard::ABOUT,
        (CommandName::AddLine, _) => &add_line::ABOUT,
        (CommandName::ChangeLineQuantity, _) => &change_line_quantity::ABOUT,
        (CommandName::RemoveLine, _) => &remove_line::ABOUT,
        (CommandName::ApplyDiscount, _) => &apply_discount::ABOUT,
        (CommandName::RemoveDiscount, _) => &remove_discount::ABOUT,
        (CommandName::SetShipping, _) => &set_shipping::ABOUT,
        (CommandName::Revise, _) => &revise::ABOUT,
        (CommandName::ChangeShippingAddress, _) => &change_shipping_address::ABOUT,
        (CommandName::ChangeBillingAddress, _) => &change_billing_address::ABOUT,
        (CommandName::Hold, _) => &hold::ABOUT,
        (CommandName::ReleaseHold, _) => &release_hold::ABOUT,
        (CommandName::Confirm, _) => &confirm::ABOUT,
        (CommandName::Reject, _) => &reject::ABOUT,
        (CommandName::AuthorizePayment, _) => &authorize_payment::ABOUT,
        (CommandName::CapturePayment, _) => &capture_payment::ABOUT,
        (CommandName::VoidPayment, _) => &void_payment::ABOUT,
        (CommandName::RecordPaymentFailure, _) => &record_payment_failure::ABOUT,
        (CommandName::Ship, _) => &ship::ABOUT,
        (CommandName::Deliver, _) => &deliver::ABOUT,
        (CommandName::CancelLines, _) => &cancel_lines::ABOUT,
        (CommandName::Cancel, _) => &cancel::ABOUT,
        (CommandName::RequestReturn, _) => &request_return::ABOUT,
        (CommandName::ApproveReturn, _) => &approve_return::ABOUT,
        (CommandName::DeclineReturn, _) => &decline_return::ABOUT,
        (CommandName::ReceiveReturn, _) => &receive_return::ABOUT,
        (CommandName::Refund, _) => &refund::ABOUT,
        (CommandName::SettleRefund, _) => &settle_refund::ABOUT,
        (CommandName::AddNote, _) => &add_note::ABOUT,
        (CommandName::Tag, _) => &tag::ABOUT,
        (CommandName::Untag, _) => &untag::ABOUT,
    }
}
