//! Which commands a state takes, and what a command says of itself.

use std::collections::BTreeSet;
use std::fmt::Write;

use domain::order::{Change, CommandName, Order, OrderCommand, OrderError, OrderStatus};

use crate::sample::{
    When, add_line, add_note, address, approve, authorize, cancel, cancel_lines, capture,
    change_line_quantity, decline, deliver, draft, fail, given, hold, line, order_discount,
    order_of, percent, place_draft, place_five_units, placed, receive, refund, reject,
    release_hold, remove_discount, remove_line, request_return, revise, ship, shipping, succeed,
    tag, untag, void,
};

pub(crate) fn completed() -> Order {
    let all = [
        authorize("p", 1300),
        capture("p", 1300),
        ship("s", &[("1", 2), ("2", 3)]),
    ];
    let confirmed = [place_five_units(), OrderCommand::Confirm];
    given(confirmed.into_iter().chain(all).chain([deliver("s")]))
}

/// A request of each command, of what no order knows: only the state can take it as such.
fn some_request(command: CommandName) -> OrderCommand {
    match command {
        CommandName::Place => place_draft(),
        CommandName::Draft => draft(order_of(vec![line("1", 1, 1)])),
        CommandName::Discard => OrderCommand::Discard,
        CommandName::AddLine => add_line(line("new", 1, 1)),
        CommandName::ChangeLineQuantity => change_line_quantity("unknown", 1),
        CommandName::RemoveLine => remove_line("unknown"),
        CommandName::ApplyDiscount => {
            OrderCommand::ApplyDiscount(order_discount("new", percent("1")))
        }
        CommandName::RemoveDiscount => remove_discount("unknown"),
        CommandName::SetShipping => OrderCommand::SetShipping(shipping(1, "0")),
        CommandName::Revise => revise(vec![Change::SetShipping(shipping(1, "0"))]),
        CommandName::ChangeShippingAddress => {
            OrderCommand::ChangeShippingAddress(Box::new(address()))
        }
        CommandName::ChangeBillingAddress => {
            OrderCommand::ChangeBillingAddress(Box::new(address()))
        }
        CommandName::Hold => hold("new"),
        CommandName::ReleaseHold => release_hold("unknown"),
        CommandName::Confirm => OrderCommand::Confirm,
        CommandName::Reject => reject(),
        CommandName::AuthorizePayment => authorize("new", 1),
        CommandName::CapturePayment => capture("unknown", 1),
        CommandName::VoidPayment => void("unknown"),
        CommandName::RecordPaymentFailure => fail("new"),
        CommandName::Ship => ship("new", &[("unknown", 1)]),
        CommandName::Deliver => deliver("unknown"),
        CommandName::CancelLines => cancel_lines(&[("unknown", 1)]),
        CommandName::Cancel => cancel(),
        CommandName::RequestReturn => request_return("new", &[("unknown", 1)]),
        CommandName::ApproveReturn => approve("unknown"),
        CommandName::DeclineReturn => decline("unknown"),
        CommandName::ReceiveReturn => receive("unknown", &[]),
        CommandName::Refund => refund("new", 1),
        CommandName::SettleRefund => succeed("unknown", None),
        CommandName::AddNote => add_note("new"),
        CommandName::Tag => tag("new"),
        CommandName::Untag => untag("unknown"),
    }
}

/// domain.md, "Lifecycle".
const TABLE: &str = "\
| draft | place, discard, add-line, change-line-quantity, remove-line, apply-discount, remove-discount, set-shipping, both addresses, notes, tags |
| placed | confirm, reject, cancel, cancel-lines, revise, hold, release-hold, payments, refunds, both addresses, notes, tags |
| confirmed | ship, deliver, cancel, cancel-lines, revise, hold, release-hold, payments, refunds, returns, both addresses, notes, tags |
| completed | returns, refunds, void-payment, release-hold, notes, tags |
| cancelled, rejected | refunds, void-payment, release-hold, notes, tags |
| discarded | notes, tags |
";

/// The words of the table that stand for several commands, or for another name.
const GROUPS: [(&str, &[&str]); 6] = [
    (
        "both addresses",
        &["change-shipping-address", "change-billing-address"],
    ),
    (
        "payments",
        &[
            "authorize-payment",
            "capture-payment",
            "void-payment",
            "record-payment-failure",
        ],
    ),
    ("refunds", &["refund", "settle-refund"]),
    (
        "returns",
        &[
            "request-return",
            "approve-return",
            "decline-return",
            "receive-return",
        ],
    ),
    ("notes", &["add-note"]),
    ("tags", &["tag", "untag"]),
];

/// The commands that a word of the table stands for.
fn commands_of(word: &str) -> Vec<&str> {
    let group = GROUPS.iter().find(|(name, _)| *name == word);
    group.map_or_else(|| vec![word], |(_, commands)| commands.to_vec())
}

/// These commands as a cell of the table, in the words of this one as far as they fit.
fn cell_of(mut commands: Vec<&'static str>, words: &str) -> String {
    let mut cell = Vec::new();
    for word in words.split(", ") {
        let named = commands_of(word);
        if named.iter().all(|command| commands.contains(command)) {
            commands.retain(|command| !named.contains(command));
            cell.push(word);
        }
    }
    cell.extend(commands);
    cell.join(", ")
}

/// What the state of this order takes, by asking it.
fn taken_by(order: &Order) -> Vec<&'static str> {
    let status = order.status().unwrap();
    let is_taken = |command: &CommandName| {
        let refused = OrderError::NotInThisState {
            command: *command,
            status,
        };
        let taken = OrderError::IdTaken { id: "o-1".into() };
        let answer = order.when(&some_request(*command));
        answer != Err(refused) && answer != Err(taken)
    };
    let found = CommandName::ALL.iter().filter(|command| is_taken(command));
    found.map(|command| command.as_str()).collect()
}

#[test]
fn each_state_takes_the_commands_of_the_table_and_no_other() {
    let orders = [
        given([draft(order_of(vec![]))]),
        given([place_five_units()]),
        given([place_five_units(), OrderCommand::Confirm]),
        completed(),
        given([place_five_units(), cancel()]),
        given([place_five_units(), reject()]),
        given([draft(order_of(vec![])), OrderCommand::Discard]),
    ];
    let statuses: Vec<_> = orders.iter().filter_map(Order::status).collect();
    assert_eq!(statuses, OrderStatus::ALL, "an order in each state");
    let mut printed = String::new();
    for row in TABLE.lines() {
        let (named, words) = row.trim_matches(['|', ' ']).split_once(" | ").unwrap();
        let cells: BTreeSet<_> = named
            .split(", ")
            .map(|name| {
                let status = OrderStatus::parse(name).unwrap();
                let order = orders.iter().find(|order| order.status() == Some(status));
                cell_of(taken_by(order.unwrap()), words)
            })
            .collect();
        for cell in cells {
            writeln!(printed, "| {named} | {cell} |").unwrap();
        }
    }
    assert_eq!(printed, TABLE);
}

#[test]
fn a_placed_order_has_no_status_but_those_of_its_facts() {
    let order = placed(order_of(vec![line("1", 1, 1)]));
    assert_eq!(order.status(), Some(OrderStatus::Placed));
    assert_eq!(Order::default().status(), None);
    assert_eq!(
        Order::default().amounts(),
        domain::order::Amounts::default()
    );
}

#[test]
fn names_are_kebab_case_and_read_back() {
    for command in CommandName::ALL {
        assert_eq!(CommandName::parse(command.as_str()), Some(*command));
        assert_eq!(some_request(*command).name(), *command);
    }
    assert_eq!(CommandName::parse("Place"), None);
    assert_eq!(CommandName::ReleaseHold.to_string(), "release-hold");
}

#[test]
fn a_command_gives_its_reason() {
    let with_reason = [
        revise(vec![Change::SetShipping(shipping(1, "0"))]),
        hold("h"),
        reject(),
        void("p"),
        fail("p"),
        cancel_lines(&[("1", 1)]),
        cancel(),
        decline("r"),
        refund("f", 1),
    ];
    for command in CommandName::ALL.iter().map(|name| some_request(*name)) {
        let expected = with_reason
            .iter()
            .any(|known| known.name() == command.name());
        assert_eq!(command.reason().is_some(), expected, "{}", command.name());
    }
    assert_eq!(hold("h").reason(), Some("fraud_check"));
    let approved = OrderCommand::ApproveReturn {
        return_id: crate::sample::return_id("r"),
        reason: Some(crate::sample::text("within 14 days")),
    };
    assert_eq!(
        approved.reason(),
        Some("within 14 days"),
        "one may be given"
    );
}
