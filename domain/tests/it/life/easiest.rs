//! The easiest request of each command, made from what is known of an order alone: a second opinion
//! on `allowed_commands`.

use domain::order::{CommandName, Facts, Order, OrderCommand, RefundState, ReturnState};

use crate::sample::{
    add_line, add_note, address, approve, authorize, cancel, cancel_lines, cancel_units, capture,
    change_line_quantity, decline, deliver, draft, fail, hold, line, noon, order_discount,
    order_of, percent, place_draft, receive, refund_for, reject, release_hold, remove_discount,
    remove_line, request_return, revise, ship, shipping, succeed, tag, untag, void,
};

/// A command is allowed exactly when one of its easiest requests is accepted.
pub(super) fn check_allowed_commands(order: &Order) {
    let facts = order.facts().unwrap();
    let allowed = order.allowed_commands();
    for command in CommandName::ALL {
        let requests = easiest(facts, *command);
        let accepted = requests
            .iter()
            .find(|request| order.decide(request, noon()).is_ok());
        assert_eq!(
            allowed.contains(command),
            accepted.is_some(),
            "{command} of a {} order: {accepted:?}",
            facts.status
        );
    }
    let in_order = CommandName::ALL
        .iter()
        .filter(|command| allowed.contains(command));
    assert!(in_order.eq(allowed.iter()), "in the order of the table");
}

fn easiest(facts: &Facts, command: CommandName) -> Vec<OrderCommand> {
    match command {
        CommandName::Draft => vec![draft(order_of(vec![line("1", 1, 1)]))],
        CommandName::Place => vec![place_draft()],
        CommandName::Discard => vec![OrderCommand::Discard],
        CommandName::AddLine
        | CommandName::ChangeLineQuantity
        | CommandName::RemoveLine
        | CommandName::ApplyDiscount
        | CommandName::RemoveDiscount
        | CommandName::SetShipping => of_draft(facts, command),
        CommandName::Revise => revisions(facts),
        CommandName::ChangeShippingAddress => {
            vec![OrderCommand::ChangeShippingAddress(Box::new(address()))]
        }
        CommandName::ChangeBillingAddress => {
            vec![OrderCommand::ChangeBillingAddress(Box::new(address()))]
        }
        CommandName::Hold => vec![hold("fresh")],
        CommandName::ReleaseHold => {
            let holds = facts.holds.iter();
            holds
                .map(|hold| release_hold(hold.hold_id.as_str()))
                .collect()
        }
        CommandName::Confirm => vec![OrderCommand::Confirm],
        CommandName::Reject => vec![reject()],
        CommandName::AuthorizePayment => vec![authorize("fresh", 1)],
        CommandName::CapturePayment => each_payment(facts, |id| capture(id, 1)),
        CommandName::VoidPayment => each_payment(facts, void),
        CommandName::RecordPaymentFailure => vec![fail("fresh")],
        CommandName::Ship => each_line(facts, |id| ship("fresh", &[(id, 1)])),
        CommandName::Deliver => {
            let shipments = facts.shipments.iter();
            shipments
                .map(|shipment| deliver(shipment.shipment_id.as_str()))
                .collect()
        }
        CommandName::CancelLines => each_line(facts, |id| cancel_lines(&[(id, 1)])),
        CommandName::Cancel => vec![cancel()],
        CommandName::RequestReturn => each_line(facts, |id| request_return("fresh", &[(id, 1)])),
        CommandName::ApproveReturn => each_return(facts, ReturnState::Requested, approve),
        CommandName::DeclineReturn => each_return(facts, ReturnState::Requested, decline),
        CommandName::ReceiveReturn => {
            each_return(facts, ReturnState::Approved, |id| receive(id, &[]))
        }
        CommandName::Refund => each_payment(facts, |id| refund_for("fresh", 1, Some(id), None)),
        CommandName::SettleRefund => settlements(facts),
        CommandName::AddNote => vec![add_note("fresh")],
        CommandName::Tag => vec![tag("fresh")],
        CommandName::Untag => facts.tags.iter().map(|tag| untag(tag.as_str())).collect(),
    }
}

fn of_draft(facts: &Facts, command: CommandName) -> Vec<OrderCommand> {
    match command {
        CommandName::AddLine => vec![add_line(line("fresh", 1, 0))],
        CommandName::ChangeLineQuantity => {
            let lines = facts.lines.iter();
            let quantities = [1, 2, 3, 4, 5, 6, 7, 8, 1_000, 1_000_000];
            lines
                .flat_map(|line| {
                    let id = line.line_id().as_str();
                    quantities.map(|units| change_line_quantity(id, units))
                })
                .collect()
        }
        CommandName::RemoveLine => each_line(facts, remove_line),
        CommandName::ApplyDiscount => {
            vec![OrderCommand::ApplyDiscount(order_discount(
                "fresh",
                percent("0.0001"),
            ))]
        }
        CommandName::RemoveDiscount => {
            let discounts = facts.discounts.iter();
            discounts
                .map(|known| remove_discount(known.code.as_str()))
                .collect()
        }
        _ => {
            let charge = facts
                .shipping
                .as_ref()
                .map_or(0, |known| known.amount.get());
            vec![OrderCommand::SetShipping(shipping(charge, "0"))]
        }
    }
}

fn revisions(facts: &Facts) -> Vec<OrderCommand> {
    let mut revisions = each_line(facts, |id| revise(vec![cancel_units(id, 1)]));
    revisions.push(revise(vec![crate::sample::add(line("fresh", 1, 0))]));
    revisions
}

fn each_line(facts: &Facts, request: impl Fn(&str) -> OrderCommand) -> Vec<OrderCommand> {
    let lines = facts.lines.iter();
    lines.map(|line| request(line.line_id().as_str())).collect()
}

fn each_payment(facts: &Facts, request: impl Fn(&str) -> OrderCommand) -> Vec<OrderCommand> {
    let payments = facts.payments.iter();
    payments
        .map(|payment| request(payment.payment_id.as_str()))
        .collect()
}

fn each_return(
    facts: &Facts,
    state: ReturnState,
    request: impl Fn(&str) -> OrderCommand,
) -> Vec<OrderCommand> {
    let returns = facts.returns.iter().filter(|known| known.state == state);
    returns
        .map(|known| request(known.return_id.as_str()))
        .collect()
}

fn settlements(facts: &Facts) -> Vec<OrderCommand> {
    let refunds = facts.refunds.iter();
    refunds
        .flat_map(|refund| {
            let parts = refund.parts.iter();
            let open = parts.filter(|part| part.state == RefundState::Granted);
            open.map(|part| {
                let payment_id = part.payment_id.as_str();
                succeed(refund.refund_id.as_str(), Some(payment_id))
            })
        })
        .collect()
}
