//! The commands, one file each: the shape of its body, what it becomes, and its tests.
//!
//! What is common to all of them is not here: [`crate::way`] shows the whole way of a command.

pub(crate) mod about;
mod add_line;
mod add_note;
mod apply_discount;
mod approve_return;
mod authorize_payment;
mod cancel;
mod cancel_lines;
mod capture_payment;
mod change_billing_address;
mod change_line_quantity;
mod change_shipping_address;
mod confirm;
mod decline_return;
mod deliver;
mod discard;
mod hold;
mod new_order;
mod place_draft;
mod receive_return;
mod record_payment_failure;
mod refund;
mod reject;
mod release_hold;
mod remove_discount;
mod remove_line;
mod request_return;
mod revise;
mod set_shipping;
mod settle_refund;
mod ship;
mod tag;
mod untag;
mod void_payment;

use axum::http::StatusCode;
use domain::OrderId;
use domain::order::{CommandName, OrderCommand};
use read_model::schema::Schemas;
use serde_json::Value;
use service_kit::auth::Scope;

use crate::body::{self, Finding, Node};

pub(crate) use new_order::take_draft;

/// What a command is addressed to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Target {
    /// An order that is to be made: `POST /v1/orders`.
    New,
    /// An order that is there.
    Existing(OrderId),
}

impl Target {
    /// The order in the request's path, if it has one.
    pub(crate) fn order_id(&self) -> Option<&OrderId> {
        match self {
            Target::New => None,
            Target::Existing(order_id) => Some(order_id),
        }
    }

    /// The status of an answer that tells of success.
    pub(crate) fn success(&self) -> StatusCode {
        match self {
            Target::New => StatusCode::CREATED,
            Target::Existing(_) => StatusCode::OK,
        }
    }
}

/// The command that a body asks for, or everything that is wrong with the body.
pub(crate) fn read(
    name: CommandName,
    target: &Target,
    body: &Value,
) -> Result<OrderCommand, Vec<Finding>> {
    body::read(body, |node| shape(name, target)(node))
}

/// What the body of a command looks like, as JSON Schema; its parts that have names are added to `schemas`.
pub(crate) fn describe(name: CommandName, target: &Target, schemas: &mut Schemas) -> Value {
    body::describe(schemas, shape(name, target))
}

/// How the body of a command is read.
fn shape(name: CommandName, target: &Target) -> fn(Node<'_>) -> Option<OrderCommand> {
    match (name, target) {
        (CommandName::Place, Target::New) => new_order::place,
        (CommandName::Draft, _) => new_order::draft,
        (CommandName::Place, Target::Existing(_)) => place_draft::read,
        (CommandName::Discard, _) => discard::read,
        (CommandName::AddLine, _) => add_line::read,
        (CommandName::ChangeLineQuantity, _) => change_line_quantity::read,
        (CommandName::RemoveLine, _) => remove_line::read,
        (CommandName::ApplyDiscount, _) => apply_discount::read,
        (CommandName::RemoveDiscount, _) => remove_discount::read,
        (CommandName::SetShipping, _) => set_shipping::read,
        (CommandName::Revise, _) => revise::read,
        (CommandName::ChangeShippingAddress, _) => change_shipping_address::read,
        (CommandName::ChangeBillingAddress, _) => change_billing_address::read,
        (CommandName::Hold, _) => hold::read,
        (CommandName::ReleaseHold, _) => release_hold::read,
        (CommandName::Confirm, _) => confirm::read,
        (CommandName::Reject, _) => reject::read,
        (CommandName::AuthorizePayment, _) => authorize_payment::read,
        (CommandName::CapturePayment, _) => capture_payment::read,
        (CommandName::VoidPayment, _) => void_payment::read,
        (CommandName::RecordPaymentFailure, _) => record_payment_failure::read,
        (CommandName::Ship, _) => ship::read,
        (CommandName::Deliver, _) => deliver::read,
        (CommandName::CancelLines, _) => cancel_lines::read,
        (CommandName::Cancel, _) => cancel::read,
        (CommandName::RequestReturn, _) => request_return::read,
        (CommandName::ApproveReturn, _) => approve_return::read,
        (CommandName::DeclineReturn, _) => decline_return::read,
        (CommandName::ReceiveReturn, _) => receive_return::read,
        (CommandName::Refund, _) => refund::read,
        (CommandName::SettleRefund, _) => settle_refund::read,
        (CommandName::AddNote, _) => add_note::read,
        (CommandName::Tag, _) => tag::read,
        (CommandName::Untag, _) => untag::read,
    }
}

/// What a caller must be allowed to do for this command.
pub(crate) fn scope(name: CommandName) -> Scope {
    use CommandName as C;
    match name {
        C::AuthorizePayment
        | C::CapturePayment
        | C::VoidPayment
        | C::RecordPaymentFailure
        | C::Refund
        | C::SettleRefund => Scope::PaymentsWrite,
        C::Place
        | C::Draft
        | C::Discard
        | C::AddLine
        | C::ChangeLineQuantity
        | C::RemoveLine
        | C::ApplyDiscount
        | C::RemoveDiscount
        | C::SetShipping
        | C::Revise
        | C::ChangeShippingAddress
        | C::ChangeBillingAddress
        | C::Hold
        | C::ReleaseHold
        | C::Confirm
        | C::Reject
        | C::Ship
        | C::Deliver
        | C::CancelLines
        | C::Cancel
        | C::RequestReturn
        | C::ApproveReturn
        | C::DeclineReturn
        | C::ReceiveReturn
        | C::AddNote
        | C::Tag
        | C::Untag => Scope::OrdersWrite,
    }
}

/// Whether the command may come without a body.
pub(crate) fn needs_no_body(name: CommandName, target: &Target) -> bool {
    match name {
        CommandName::Discard | CommandName::Confirm => true,
        CommandName::Place => *target != Target::New,
        _ => false,
    }
}
