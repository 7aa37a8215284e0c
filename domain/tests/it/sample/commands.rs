//! Commands, each in one word.

use domain::order::{
    Change, Condition, LineQuantities, LineQuantity, NewOrder, OrderCommand, ReceivedLine,
    ReceivedLines, RefundOutcome, ReturnLine, ReturnLines, Revision, Visibility,
};
use domain::pricing::NewLine;
use domain::{
    DiscountCode, HoldId, LineId, NoteText, PaymentId, PositiveAmount, Quantity, RefundId,
    ReturnId, ShipmentId, Tag, Timestamp,
};

use super::{line, order_of, text};

pub(crate) fn place(order: NewOrder) -> OrderCommand {
    OrderCommand::Place(Box::new(order))
}

pub(crate) fn draft(order: NewOrder) -> OrderCommand {
    OrderCommand::Draft(Box::new(order))
}

/// Places line `1` with 2 units of 500 and line `2` with 3 units of 100: 1300 in all.
pub(crate) fn place_five_units() -> OrderCommand {
    place(order_of(vec![line("1", 2, 500), line("2", 3, 100)]))
}

pub(crate) fn hold(hold_id: &str) -> OrderCommand {
    OrderCommand::Hold {
        hold_id: HoldId::parse(hold_id).unwrap(),
        reason: text("fraud_check"),
        note: None,
    }
}

pub(crate) fn release_hold(hold_id: &str) -> OrderCommand {
    OrderCommand::ReleaseHold {
        hold_id: HoldId::parse(hold_id).unwrap(),
    }
}

pub(crate) fn authorize(payment_id: &str, minor_units: i64) -> OrderCommand {
    authorize_until(payment_id, minor_units, None)
}

pub(crate) fn authorize_until(
    payment_id: &str,
    minor_units: i64,
    expires_at: Option<Timestamp>,
) -> OrderCommand {
    OrderCommand::AuthorizePayment {
        payment_id: PaymentId::parse(payment_id).unwrap(),
        amount: PositiveAmount::parse(minor_units).unwrap(),
        provider: None,
        provider_reference: None,
        expires_at,
    }
}

pub(crate) fn capture(payment_id: &str, minor_units: i64) -> OrderCommand {
    OrderCommand::CapturePayment {
        payment_id: PaymentId::parse(payment_id).unwrap(),
        amount: PositiveAmount::parse(minor_units).unwrap(),
    }
}

pub(crate) fn units(lines: &[(&str, i64)]) -> LineQuantities {
    let lines = lines.iter().map(|(line_id, quantity)| LineQuantity {
        line_id: LineId::parse(*line_id).unwrap(),
        quantity: Quantity::parse(*quantity).unwrap(),
    });
    LineQuantities::parse(lines.collect()).unwrap()
}

pub(crate) fn ship(shipment_id: &str, lines: &[(&str, i64)]) -> OrderCommand {
    OrderCommand::Ship {
        shipment_id: ShipmentId::parse(shipment_id).unwrap(),
        lines: units(lines),
        carrier: None,
        tracking_number: None,
    }
}

pub(crate) fn deliver(shipment_id: &str) -> OrderCommand {
    OrderCommand::Deliver {
        shipment_id: ShipmentId::parse(shipment_id).unwrap(),
    }
}

pub(crate) fn cancel() -> OrderCommand {
    OrderCommand::Cancel {
        reason: text("changed my mind"),
        restock: true,
    }
}

pub(crate) fn place_draft() -> OrderCommand {
    OrderCommand::PlaceDraft {
        expected_total: None,
    }
}

pub(crate) fn line_id(line_id: &str) -> LineId {
    LineId::parse(line_id).unwrap()
}

pub(crate) fn quantity(units: i64) -> Quantity {
    Quantity::parse(units).unwrap()
}

pub(crate) fn add_line(line: NewLine) -> OrderCommand {
    OrderCommand::AddLine(Box::new(line))
}

pub(crate) fn change_line_quantity(line: &str, units: i64) -> OrderCommand {
    OrderCommand::ChangeLineQuantity {
        line_id: line_id(line),
        quantity: quantity(units),
    }
}

pub(crate) fn remove_line(line: &str) -> OrderCommand {
    OrderCommand::RemoveLine {
        line_id: line_id(line),
    }
}

pub(crate) fn remove_discount(code: &str) -> OrderCommand {
    OrderCommand::RemoveDiscount {
        code: DiscountCode::parse(code).unwrap(),
    }
}

pub(crate) fn revise(changes: Vec<Change>) -> OrderCommand {
    OrderCommand::Revise {
        revision: Revision::parse(changes).unwrap(),
        reason: text("the customer rang"),
    }
}

pub(crate) fn add(line: NewLine) -> Change {
    Change::AddLine(Box::new(line))
}

pub(crate) fn cancel_units(line: &str, units: i64) -> Change {
    Change::CancelUnits {
        line_id: line_id(line),
        quantity: quantity(units),
        restock: true,
    }
}

pub(crate) fn reject() -> OrderCommand {
    OrderCommand::Reject {
        reason: text("out of stock"),
    }
}

fn payment_id(payment_id: &str) -> PaymentId {
    PaymentId::parse(payment_id).unwrap()
}

pub(crate) fn void(payment: &str) -> OrderCommand {
    OrderCommand::VoidPayment {
        payment_id: payment_id(payment),
        reason: text("another card"),
    }
}

pub(crate) fn fail(payment: &str) -> OrderCommand {
    OrderCommand::RecordPaymentFailure {
        payment_id: payment_id(payment),
        reason: text("card declined"),
    }
}

pub(crate) fn cancel_lines(lines: &[(&str, i64)]) -> OrderCommand {
    OrderCommand::CancelLines {
        lines: units(lines),
        reason: text("one is enough"),
        restock: true,
    }
}

pub(crate) fn return_id(return_id: &str) -> ReturnId {
    ReturnId::parse(return_id).unwrap()
}

pub(crate) fn request_return(id: &str, lines: &[(&str, i64)]) -> OrderCommand {
    let lines = lines.iter().map(|(line, units)| ReturnLine {
        line_id: line_id(line),
        quantity: quantity(*units),
        reason: None,
    });
    OrderCommand::RequestReturn {
        return_id: return_id(id),
        lines: ReturnLines::parse(lines.collect()).unwrap(),
    }
}

pub(crate) fn approve(id: &str) -> OrderCommand {
    OrderCommand::ApproveReturn {
        return_id: return_id(id),
        reason: None,
    }
}

pub(crate) fn decline(id: &str) -> OrderCommand {
    OrderCommand::DeclineReturn {
        return_id: return_id(id),
        reason: text("after 14 days"),
    }
}

pub(crate) fn receive(id: &str, lines: &[(&str, i64)]) -> OrderCommand {
    let lines = lines.iter().map(|(line, units)| ReceivedLine {
        line_id: line_id(line),
        quantity: quantity(*units),
        condition: Condition::Sellable,
        restock: true,
    });
    OrderCommand::ReceiveReturn {
        return_id: return_id(id),
        lines: ReceivedLines::parse(lines.collect()).unwrap(),
    }
}

pub(crate) fn refund_id(refund_id: &str) -> RefundId {
    RefundId::parse(refund_id).unwrap()
}

pub(crate) fn refund(id: &str, minor_units: i64) -> OrderCommand {
    refund_for(id, minor_units, None, None)
}

pub(crate) fn refund_for(
    id: &str,
    minor_units: i64,
    payment: Option<&str>,
    cause: Option<&str>,
) -> OrderCommand {
    OrderCommand::Refund {
        refund_id: refund_id(id),
        amount: PositiveAmount::parse(minor_units).unwrap(),
        reason: text("goodwill"),
        payment_id: payment.map(payment_id),
        return_id: cause.map(return_id),
    }
}

pub(crate) fn settle(id: &str, payment: Option<&str>, outcome: RefundOutcome) -> OrderCommand {
    OrderCommand::SettleRefund {
        refund_id: refund_id(id),
        payment_id: payment.map(payment_id),
        outcome,
        provider_reference: None,
    }
}

pub(crate) fn succeed(id: &str, payment: Option<&str>) -> OrderCommand {
    settle(id, payment, RefundOutcome::Succeeded)
}

pub(crate) fn tag(tag: &str) -> OrderCommand {
    OrderCommand::Tag(Tag::parse(tag).unwrap())
}

pub(crate) fn untag(tag: &str) -> OrderCommand {
    OrderCommand::Untag(Tag::parse(tag).unwrap())
}

pub(crate) fn add_note(note: &str) -> OrderCommand {
    let text = NoteText::parse(note).unwrap();
    OrderCommand::AddNote {
        text,
        visibility: Visibility::Customer,
    }
}
