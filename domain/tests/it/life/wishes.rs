//! Random orders, and random wishes that become requests once it is known what the order has: so
//! that most requests meet something, and some miss it.

use domain::order::{Change, CommandName, Facts, NewOrder, Order, OrderCommand, RefundOutcome};
use domain::pricing::NewLine;
use domain::{Currency, Rounding, TaxLevel, TaxMode, TaxRules};
use proptest::prelude::*;
use proptest::sample::select;

use crate::sample::{
    add, add_line, add_note, address, approve, authorize, cancel, cancel_lines, cancel_units,
    capture, change_line_quantity, decline, deliver, discount, fail, fixed, hold, line,
    order_discount, order_of, percent, place_draft, receive, refund_for, reject, release_hold,
    remove_discount, remove_line, request_return, revise, settle, ship, shipping,
    shipping_discount, tag, taxed, untag, void,
};

/// Small orders with all that makes their money: currencies of every exponent, roundings, taxes,
/// discounts of each kind.
pub(super) fn new_order() -> impl Strategy<Value = NewOrder> {
    let currency = select(vec!["JPY", "EUR", "KWD", "CLF"]);
    let rules = (
        select(Rounding::ALL),
        select(TaxMode::ALL),
        select(TaxLevel::ALL),
    );
    let lines = prop::collection::vec((1..6_i64, 0..3_000_i64, any::<bool>()), 1..4);
    let rate = select(vec!["0", "0.07", "0.19", "0.1075"]);
    let discounts = select(vec![
        vec![],
        vec![order_discount("A", percent("33.3333"))],
        vec![
            order_discount("A", percent("10")),
            shipping_discount("B", fixed(100)),
        ],
        vec![
            order_discount("FREE", percent("100")),
            shipping_discount("B", percent("100")),
        ],
        vec![
            shipping_discount("B", percent("50")),
            shipping_discount("C", fixed(249)),
        ],
    ]);
    (currency, rules, lines, rate, discounts).prop_map(
        |(currency, (rounding, mode, level), lines, rate, discounts)| {
            let lines = lines.into_iter().zip(0..);
            let lines = lines.map(|((quantity, unit_price, less), number): (_, i32)| {
                let line = taxed(rate, line(&number.to_string(), quantity, unit_price));
                let own = less.then(|| discount("OWN", percent("12.5")));
                NewLine {
                    discounts: own.into_iter().collect(),
                    ..line
                }
            });
            NewOrder {
                currency: Currency::parse(currency).unwrap(),
                rounding,
                tax: TaxRules { mode, level },
                discounts,
                shipping: Some(shipping(499, rate)),
                ..order_of(lines.collect())
            }
        },
    )
}

/// A command, and numbers to choose its values by.
#[derive(Debug, Clone)]
pub(super) struct Wish {
    command: CommandName,
    choices: [u8; 4],
}

pub(super) fn wish() -> impl Strategy<Value = Wish> {
    // What makes a life long is asked for more often than what ends it.
    let rare = [
        CommandName::Discard,
        CommandName::Cancel,
        CommandName::Reject,
    ];
    let often: Vec<_> = CommandName::ALL
        .iter()
        .copied()
        .filter(|name| !rare.contains(name))
        .collect();
    let paying = [
        CommandName::AuthorizePayment,
        CommandName::CapturePayment,
        CommandName::Refund,
    ];
    let moving = [
        CommandName::Confirm,
        CommandName::Ship,
        CommandName::Deliver,
    ];
    let back = [
        CommandName::RequestReturn,
        CommandName::ApproveReturn,
        CommandName::ReceiveReturn,
        CommandName::SettleRefund,
        CommandName::ReleaseHold,
    ];
    let command = prop_oneof![
        1 => select(rare.to_vec()),
        30 => select(often),
        15 => select(paying.to_vec()),
        15 => select(moving.to_vec()),
        15 => select(back.to_vec()),
    ];
    (command, any::<[u8; 4]>()).prop_map(|(command, choices)| Wish { command, choices })
}

impl Wish {
    /// One of these, by one of the choices, or one that is none of them.
    fn one_of<'a>(&self, choice: usize, known: impl Iterator<Item = &'a str>) -> &'a str {
        let known: Vec<_> = known.collect();
        let number = usize::from(self.choices[choice]);
        if known.is_empty() || number > 240 {
            return ["x", "y", "z"][number % 3];
        }
        known[number % known.len()]
    }

    /// A new id, which two wishes in 256 have in common.
    fn fresh(&self) -> String {
        format!("n{}", self.choices[0])
    }

    /// A number around what is left.
    fn around(&self, choice: usize, left: i64) -> i64 {
        let number = i64::from(self.choices[choice]);
        match number % 6 {
            0 => left.max(1),
            1 => left + 1,
            2 => 1,
            _ => 1 + number * left.max(1) / 256,
        }
    }

    /// The wish as a request of this order.
    pub(super) fn request(&self, order: &Order) -> OrderCommand {
        let Some(facts) = order.facts() else {
            return add_note("too early");
        };
        match self.command {
            CommandName::Draft | CommandName::Place => place_draft(),
            CommandName::Discard => OrderCommand::Discard,
            CommandName::ApplyDiscount => OrderCommand::ApplyDiscount(self.discount()),
            CommandName::RemoveDiscount => {
                let codes = facts.discounts.iter().map(|known| known.code.as_str());
                remove_discount(self.one_of(0, codes))
            }
            CommandName::SetShipping => OrderCommand::SetShipping(self.shipping()),
            CommandName::ChangeShippingAddress => {
                OrderCommand::ChangeShippingAddress(Box::new(address()))
            }
            CommandName::ChangeBillingAddress => {
                OrderCommand::ChangeBillingAddress(Box::new(address()))
            }
            CommandName::Hold => hold(&self.fresh()),
            CommandName::ReleaseHold => {
                let holds = facts.holds.iter().map(|hold| hold.hold_id.as_str());
                release_hold(self.one_of(0, holds))
            }
            CommandName::Confirm => OrderCommand::Confirm,
            CommandName::Reject => reject(),
            CommandName::Cancel => cancel(),
            CommandName::AddNote => add_note("n"),
            CommandName::Tag => tag(&self.fresh()),
            CommandName::Untag => untag(self.one_of(0, facts.tags.iter().map(domain::Tag::as_str))),
            CommandName::AuthorizePayment
            | CommandName::CapturePayment
            | CommandName::VoidPayment
            | CommandName::RecordPaymentFailure
            | CommandName::Refund
            | CommandName::SettleRefund => self.money(facts),
            _ => self.goods(facts),
        }
    }

    fn money(&self, facts: &Facts) -> OrderCommand {
        let payments = || facts.payments.iter().map(|known| known.payment_id.as_str());
        let payment = self.one_of(0, payments());
        let known = facts
            .payments
            .iter()
            .find(|known| known.payment_id.as_str() == payment);
        let amounts = facts.amounts();
        match self.command {
            CommandName::AuthorizePayment => {
                authorize(&self.fresh(), self.around(1, amounts.balance.max(1)))
            }
            CommandName::CapturePayment => capture(
                payment,
                self.around(1, known.map_or(1, domain::order::Payment::left)),
            ),
            CommandName::VoidPayment => void(payment),
            CommandName::RecordPaymentFailure => {
                if self.choices[1] < 128 {
                    fail(payment)
                } else {
                    fail(&self.fresh())
                }
            }
            CommandName::Refund => {
                let named = (self.choices[1] < 80).then_some(payment);
                let returns = facts.returns.iter().map(|known| known.return_id.as_str());
                let cause = (self.choices[2] < 60).then(|| self.one_of(2, returns));
                let left = match (named, known) {
                    (Some(_), Some(known)) => known.refundable(),
                    _ => facts
                        .payments
                        .iter()
                        .map(domain::order::Payment::refundable)
                        .sum(),
                };
                refund_for(&self.fresh(), self.around(3, left), named, cause)
            }
            _ => {
                let refunds = facts.refunds.iter().map(|known| known.refund_id.as_str());
                let refund = self.one_of(1, refunds);
                let part = (self.choices[2] < 200).then_some(payment);
                let outcomes = [RefundOutcome::Succeeded, RefundOutcome::Failed];
                settle(
                    refund,
                    part,
                    outcomes[usize::from(self.choices[3].is_multiple_of(3))],
                )
            }
        }
    }

    fn goods(&self, facts: &Facts) -> OrderCommand {
        let lines = || facts.lines.iter().map(|known| known.line_id().as_str());
        let line_id = self.one_of(1, lines());
        let known = facts
            .lines
            .iter()
            .find(|known| known.line_id().as_str() == line_id);
        let open = known.map_or(1, domain::order::Line::open);
        let returns = || facts.returns.iter().map(|known| known.return_id.as_str());
        match self.command {
            CommandName::AddLine => add_line(self.line()),
            CommandName::ChangeLineQuantity => change_line_quantity(line_id, self.around(2, 4)),
            CommandName::RemoveLine => remove_line(line_id),
            CommandName::Revise => revise(self.changes(line_id, open)),
            CommandName::Ship => ship(&self.fresh(), &[(line_id, self.around(2, open))]),
            CommandName::Deliver => {
                let shipments = facts
                    .shipments
                    .iter()
                    .map(|known| known.shipment_id.as_str());
                deliver(self.one_of(0, shipments))
            }
            CommandName::CancelLines => cancel_lines(&[(line_id, self.around(2, open))]),
            CommandName::RequestReturn => {
                let open = known.map_or(1, |known| known.delivered - known.returned);
                request_return(&self.fresh(), &[(line_id, self.around(2, open))])
            }
            CommandName::ApproveReturn => approve(self.one_of(0, returns())),
            CommandName::DeclineReturn => decline(self.one_of(0, returns())),
            _ if self.choices[3] < 40 => receive(self.one_of(0, returns()), &[]),
            _ => {
                let id = self.one_of(0, returns());
                let asked = facts
                    .returns
                    .iter()
                    .find(|known| known.return_id.as_str() == id);
                let first = asked.and_then(|known| known.lines.first());
                let came = first.map_or((line_id, 1), |line| {
                    (line.line_id.as_str(), self.around(2, line.quantity.get()))
                });
                receive(id, &[came])
            }
        }
    }

    fn line(&self) -> NewLine {
        let price = i64::from(self.choices[2]) * 7;
        let line = line(&self.fresh(), 1 + i64::from(self.choices[3] % 4), price);
        let line = taxed(["0", "0.19"][usize::from(self.choices[1] % 2)], line);
        let own = (self.choices[3] < 128).then(|| discount("OWN", fixed(300)));
        NewLine {
            discounts: own.into_iter().collect(),
            ..line
        }
    }

    fn discount(&self) -> domain::pricing::OrderDiscount {
        let code = self.fresh();
        let value = match self.choices[1] % 3 {
            0 => percent("15.5"),
            1 => fixed(1 + 10 * i64::from(self.choices[2])),
            _ => fixed(1),
        };
        if self.choices[3] < 128 {
            order_discount(&code, value)
        } else {
            shipping_discount(&code, value)
        }
    }

    fn shipping(&self) -> domain::pricing::Shipping {
        shipping(
            i64::from(self.choices[2]) * 5,
            ["0", "0.19"][usize::from(self.choices[3] % 2)],
        )
    }

    fn changes(&self, line_id: &str, open: i64) -> Vec<Change> {
        let mut changes = vec![Change::SetShipping(self.shipping())];
        if self.choices[0] < 128 {
            changes = vec![add(self.line())];
        }
        // A line that is added in a revision cannot be cancelled in it.
        if self.choices[3] < 150 && line_id != self.fresh() {
            changes.push(cancel_units(line_id, self.around(2, open)));
        }
        changes
    }
}
