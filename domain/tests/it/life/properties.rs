//! The properties, over random lives.

use std::collections::BTreeSet;

use domain::order::{
    Change, NewOrder, Order, OrderCommand, OrderEvent, OrderStatus, PaymentStatus,
};
use proptest::prelude::*;
use proptest::sample::select;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;

use super::Life;
use super::wishes::{Wish, new_order, wish};
use crate::sample::{
    add, approve, authorize, cancel_lines, cancel_units, capture, deliver, draft, line, place,
    receive, refund, release_hold, request_return, revise, ship, shipping, succeed, taxed,
};

fn wishes(most: usize) -> impl Strategy<Value = Vec<Wish>> {
    prop::collection::vec(wish(), 0..most)
}

/// How far an order has come before anything random happens to it.
#[derive(Debug, Clone, Copy)]
enum Beginning {
    Drafted,
    Placed,
    Paid,
    Delivered,
}

impl Beginning {
    const ALL: [Self; 4] = [Self::Drafted, Self::Placed, Self::Paid, Self::Delivered];

    fn live(self, order: NewOrder) -> Life {
        let mut life = Life::default();
        life.ask(&match self {
            Self::Drafted => draft(order),
            _ => place(order),
        });
        let total = life.live.amounts().total;
        if total > 1 && matches!(self, Self::Paid | Self::Delivered) {
            for (payment, amount) in [("one", total / 2), ("two", total - total / 2)] {
                assert!(life.ask(&authorize(payment, amount)));
                assert!(life.ask(&capture(payment, amount)));
            }
        }
        if let Self::Delivered = self {
            for command in settle(&life.live) {
                life.ask(&command);
            }
        }
        life
    }
}

fn beginning() -> impl Strategy<Value = Beginning> {
    select(&Beginning::ALL[..])
}

fn lived(life: &mut Life, wishes: &[Wish]) {
    for wish in wishes {
        let request = wish.request(&life.live);
        life.ask(&request);
    }
}

/// Requests that pay and deliver everything, as far as the order takes them.
fn settle(order: &Order) -> Vec<OrderCommand> {
    let Some(facts) = order.facts() else {
        return vec![];
    };
    let open = facts.lines.iter().filter(|line| line.open() > 0);
    let open: Vec<_> = open
        .map(|line| (line.line_id().as_str(), line.open()))
        .collect();
    let holds = facts.holds.iter();
    let mut commands: Vec<_> = holds
        .map(|hold| release_hold(hold.hold_id.as_str()))
        .collect();
    for refund in &facts.refunds {
        for part in &refund.parts {
            commands.push(succeed(
                refund.refund_id.as_str(),
                Some(part.payment_id.as_str()),
            ));
        }
    }
    commands.push(OrderCommand::Confirm);
    if !open.is_empty() {
        commands.push(ship("last", &open));
    }
    let shipments = facts
        .shipments
        .iter()
        .map(|shipment| shipment.shipment_id.as_str());
    commands.extend(shipments.chain(["last"]).map(deliver));
    commands
}

/// Pays what is owed; gives back what is owed back.
fn even(life: &mut Life) {
    let balance = life.live.amounts().balance;
    if balance > 0 {
        life.ask(&authorize("even", balance));
        life.ask(&capture("even", balance));
    } else if balance < 0 {
        give_back(life, -balance);
    }
}

fn give_back(life: &mut Life, amount: i64) {
    assert!(
        life.ask(&refund("all", amount)),
        "what was captured can go back"
    );
    let parts: Vec<_> = life
        .live
        .facts()
        .unwrap()
        .refunds
        .last()
        .unwrap()
        .parts
        .clone();
    for part in parts {
        assert!(life.ask(&succeed("all", Some(part.payment_id.as_str()))));
    }
}

proptest! {
    // The default configuration: 256 cases, or as many as PROPTEST_CASES says.

    #[test]
    fn any_life_keeps_the_invariants_and_replays_to_itself(
        order in new_order(),
        beginning in beginning(),
        wishes in wishes(60),
    ) {
        let mut life = beginning.live(order);
        lived(&mut life, &wishes);
    }

    #[test]
    fn whatever_has_happened_an_order_that_has_not_ended_can_be_completed(
        order in new_order(),
        wishes in wishes(25),
    ) {
        let mut life = Life::default();
        life.ask(&place(order));
        lived(&mut life, &wishes);
        for command in settle(&life.live) {
            life.ask(&command);
        }
        even(&mut life);
        let ended = [OrderStatus::Cancelled, OrderStatus::Rejected, OrderStatus::Completed];
        prop_assert!(ended.iter().any(|status| life.is(*status)), "{:?}", life.live.status());
    }

    #[test]
    fn a_full_refund_equals_what_was_captured(
        order in new_order(),
        paid in any::<bool>(),
        wishes in wishes(40),
    ) {
        let mut life = if paid { Beginning::Paid } else { Beginning::Placed }.live(order);
        lived(&mut life, &wishes);
        let facts = life.live.facts().unwrap();
        let open: Vec<_> = facts.refunds.iter().flat_map(|refund| {
            let parts = refund.parts.iter().map(|part| part.payment_id.as_str());
            parts.map(|payment_id| succeed(refund.refund_id.as_str(), Some(payment_id)))
        }).collect();
        for command in open {
            life.ask(&command);
        }
        let amounts = life.live.amounts();
        if amounts.captured > amounts.refunded {
            give_back(&mut life, amounts.captured - amounts.refunded);
        }
        let amounts = life.live.amounts();
        prop_assert_eq!(amounts.refunded, amounts.captured);
        if amounts.captured > 0 {
            prop_assert_eq!(life.live.payment_status(), Some(PaymentStatus::Refunded));
        }
    }

    #[test]
    fn partial_cancellations_and_returns_sum_to_the_whole(
        order in new_order(),
        steps in prop::collection::vec((0..4_usize, 1..4_i64), 0..20),
    ) {
        let mut life = Life::default();
        let lines = order.lines.clone();
        let shipped_for = order.shipping.clone();
        life.ask(&place(order));
        life.ask(&OrderCommand::Confirm);
        for (index, units) in &steps {
            if let Some(line) = lines.get(*index) {
                life.ask(&cancel_lines(&[(line.line_id.as_str(), *units)]));
            }
        }
        if life.is(OrderStatus::Cancelled) {
            return Ok(());
        }
        for command in settle(&life.live) {
            life.ask(&command);
        }
        // Backwards, and in steps of another size.
        for (number, (index, units)) in steps.iter().rev().chain(&[(0, 1); 9]).enumerate() {
            if let Some(line) = lines.get(*index) {
                bring_back(&mut life, number, line.line_id.as_str(), 4 - units);
            }
        }
        for (number, line) in lines.iter().enumerate() {
            let known = &life.live.facts().unwrap().lines[number];
            let left = known.delivered - known.returned;
            bring_back(&mut life, 1_000 + number, line.line_id.as_str(), left);
        }
        let amounts = life.live.amounts();
        let facts = life.live.facts().unwrap();
        let of_lines: i64 = facts.lines.iter().map(|line| line.priced.total.get()).sum();
        prop_assert!(shipped_for.is_some());
        prop_assert_eq!(amounts.cancelled_total + amounts.returned_total, of_lines);
        let shipping = facts.shipping.as_ref().map_or(0, |shipping| shipping.total.get());
        prop_assert_eq!(amounts.due, shipping);
    }

    #[test]
    fn another_shipping_and_back_restores_every_amount(
        order in new_order(),
        wishes in wishes(20),
        charge in 0..3_000_i64,
    ) {
        let mut life = Life::default();
        life.ask(&place(order));
        lived(&mut life, &wishes);
        let facts = life.live.facts().unwrap().clone();
        let was = facts.shipping.as_ref().map(domain::pricing::PricedShipping::asked).unwrap();
        let before = life.live.amounts();
        if life.ask(&revise(vec![Change::SetShipping(shipping(charge, "0.19"))])) {
            prop_assert!(life.ask(&revise(vec![Change::SetShipping(was)])));
            prop_assert_eq!(life.live.amounts(), before);
            prop_assert_eq!(&life.live.facts().unwrap().discounts, &facts.discounts);
        }
    }

    #[test]
    fn one_more_line_and_its_cancellation_restore_what_is_owed(
        order in new_order(),
        wishes in wishes(30),
        units in 1..5_i64,
        price in 0..3_000_i64,
    ) {
        let mut life = Life::default();
        life.ask(&place(order));
        lived(&mut life, &wishes);
        let before = life.live.amounts();
        let more = taxed("0.19", line("more", units, price));
        if life.ask(&revise(vec![add(more)])) {
            let undo = revise(vec![cancel_units("more", units)]);
            prop_assert!(life.ask(&undo));
            let after = life.live.amounts();
            prop_assert_eq!((after.due, after.balance), (before.due, before.balance));
        }
    }
}

/// A return of some units, from the request to the receipt.
fn bring_back(life: &mut Life, number: usize, line_id: &str, units: i64) {
    let id = number.to_string();
    if units > 0 && life.ask(&request_return(&id, &[(line_id, units)])) {
        assert!(life.ask(&approve(&id)));
        assert!(life.ask(&receive(&id, &[(line_id, units)])));
    }
}

/// The lives above are worth as much as what happens in them.
#[test]
fn random_lives_come_to_every_event_that_there_is() {
    let mut runner = TestRunner::deterministic();
    let lives = (new_order(), beginning(), wishes(60));
    let mut seen = BTreeSet::new();
    for _ in 0..256 {
        let (order, beginning, wishes) = lives.new_tree(&mut runner).unwrap().current();
        let mut life = beginning.live(order);
        lived(&mut life, &wishes);
        seen.extend(life.types);
    }
    let all: BTreeSet<_> = OrderEvent::TYPES.iter().copied().collect();
    let missed: Vec<_> = all.difference(&seen).collect();
    assert!(missed.is_empty(), "never seen: {missed:?}");
}
