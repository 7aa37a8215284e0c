//! `revise`: several changes of an order that is placed, all or none, and nothing priced anew.

use domain::order::{
    Change, FulfillmentStatus, NewOrder, Order, OrderCommand, OrderError, OrderEvent, OrderStatus,
};
use domain::pricing::Location;
use domain::{AppliesTo, MAX_AMOUNT};

use crate::sample::{
    When, add, after, authorize, cancel_units, capture, deliver, discount, fixed, given, line,
    line_id, order_discount, order_of, percent, place, place_five_units, revise, ship, shipping,
    shipping_discount, taxed,
};

/// 2 × 500 and 3 × 100 less 10 %, and 500 shipping less 20 %: 1170 + 400.
fn an_order() -> Order {
    given([place(NewOrder {
        discounts: vec![
            order_discount("TEN", percent("10")),
            shipping_discount("SHIP", percent("20")),
        ],
        shipping: Some(shipping(500, "0")),
        ..order_of(vec![line("1", 2, 500), line("2", 3, 100)])
    })])
}

fn set_shipping(charge: i64) -> Change {
    Change::SetShipping(shipping(charge, "0"))
}

#[test]
fn a_new_line_is_priced_alone_with_its_own_discounts_only() {
    let mut more = taxed("0.19", line("3", 1, 1000));
    more.discounts = vec![discount("HALF", percent("50"))];
    let order = after(an_order(), [revise(vec![add(more)])]);
    let facts = order.facts().unwrap();
    let added = &facts.lines[2].priced;
    assert_eq!(
        (added.order_discount.get(), added.discount_total.get()),
        (0, 500)
    );
    assert_eq!((added.tax_total.get(), added.total.get()), (95, 595));
    assert_eq!(order.amounts().total, 1570 + 595);
    assert_eq!(order.amounts().tax_total, 95);
    let applied: Vec<_> = facts
        .discounts
        .iter()
        .map(|known| known.applied.get())
        .collect();
    assert_eq!(
        applied,
        [130, 100],
        "the order's discounts stay as they are"
    );
    assert_eq!(facts.lines[0].priced.total.get(), 900, "so do its lines");
}

#[test]
fn cancelled_units_take_back_their_own_share() {
    let order = after(
        an_order(),
        [revise(vec![cancel_units("1", 1), cancel_units("2", 2)])],
    );
    let amounts = order.amounts();
    assert_eq!((amounts.total, amounts.cancelled_total), (1570, 450 + 180));
    assert_eq!(amounts.due, 1570 - 630);
    assert_eq!(order.facts().unwrap().lines[1].open(), 1);
}

#[test]
fn another_shipping_takes_the_shipping_discounts_on_its_charge() {
    let order = after(an_order(), [revise(vec![set_shipping(1000)])]);
    let facts = order.facts().unwrap();
    assert_eq!(facts.shipping.as_ref().unwrap().total.get(), 800);
    assert_eq!(facts.discounts[1].applies_to, AppliesTo::Shipping);
    assert_eq!(facts.discounts[1].applied.get(), 200);
    assert_eq!(facts.discounts[0].applied.get(), 130);
    assert_eq!(order.amounts().total, 1170 + 800);
    assert_eq!(order.amounts().discount_total, 130 + 200);
}

#[test]
fn a_revision_is_one_event_with_its_changes_in_their_order() {
    let changes = vec![cancel_units("2", 1), set_shipping(0), add(line("3", 1, 7))];
    let events = an_order().when(&revise(changes)).unwrap();
    let [OrderEvent::OrderRevised(event)] = events.as_slice() else {
        panic!("{events:?}")
    };
    let json = serde_json::to_value(&event.changes).unwrap();
    let ops: Vec<_> = json
        .as_array()
        .unwrap()
        .iter()
        .map(|change| &change["op"])
        .collect();
    assert_eq!(ops, ["cancel_units", "set_shipping", "add_line"]);
    assert_eq!(event.totals.total.get(), 1170 + 7);
    assert_eq!(event.reason.as_str(), "the customer rang");
}

#[test]
fn all_changes_are_made_or_none() {
    let order = an_order();
    let changes = vec![add(line("3", 1, 1)), cancel_units("1", 3)];
    let exceeds = OrderError::QuantityExceedsOpen {
        line_id: line_id("1"),
        quantity: 3,
        open: 2,
    };
    assert_eq!(order.when(&revise(changes)), Err(exceeds));
}

#[test]
fn another_shipping_and_back_restores_every_amount() {
    let order = an_order();
    let there = after(order.clone(), [revise(vec![set_shipping(2000)])]);
    assert_ne!(there.amounts(), order.amounts());
    let back = after(there, [revise(vec![set_shipping(500)])]);
    assert_eq!(back.amounts(), order.amounts());
    assert_eq!(
        back.facts().unwrap().shipping,
        order.facts().unwrap().shipping
    );
}

#[test]
fn one_more_line_and_its_cancellation_restore_what_is_owed() {
    let paid = after(an_order(), [authorize("p", 1000), capture("p", 1000)]);
    let there = after(
        paid.clone(),
        [revise(vec![add(taxed("0.19", line("3", 3, 333)))])],
    );
    let back = after(there, [revise(vec![cancel_units("3", 3)])]);
    let (before, now) = (paid.amounts(), back.amounts());
    assert_eq!((now.due, now.balance), (before.due, before.balance));
    assert_ne!(now.total, before.total, "the line stays");
}

#[test]
fn the_shipping_that_is_there_already_changes_nothing() {
    let order = an_order();
    assert_eq!(
        order.when(&revise(vec![set_shipping(500)])),
        Err(OrderError::NothingChanges)
    );
    let with_another = revise(vec![set_shipping(500), cancel_units("1", 1)]);
    assert_eq!(order.types_when(&with_another), ["OrderRevised"]);
}

#[test]
fn the_shipping_stays_once_something_has_shipped() {
    let shipped = [OrderCommand::Confirm, ship("s", &[("1", 1)])];
    let order = after(an_order(), shipped);
    let refused = order.when(&revise(vec![set_shipping(1)]));
    assert_eq!(refused, Err(OrderError::SomethingShipped));
    let same = order.when(&revise(vec![set_shipping(500)]));
    assert_eq!(same, Err(OrderError::NothingChanges), "left to right");
    let more = revise(vec![add(line("3", 1, 1)), cancel_units("1", 1)]);
    assert_eq!(order.types_when(&more), ["OrderRevised"]);
}

#[test]
fn a_fixed_shipping_discount_takes_at_most_the_new_charge() {
    let order = given([place(NewOrder {
        discounts: vec![
            order_discount("TEN", percent("10")),
            shipping_discount("SHIP", fixed(300)),
        ],
        shipping: Some(shipping(500, "0")),
        ..order_of(vec![line("1", 2, 500)])
    })]);
    let refused = order.when(&revise(vec![set_shipping(299)]));
    assert!(
        matches!(
            refused,
            Err(OrderError::DiscountExceedsBase {
                amount: 300,
                base: 299,
                ..
            })
        ),
        "{refused:?}"
    );
    assert_eq!(
        order.types_when(&revise(vec![set_shipping(300)])),
        ["OrderRevised"]
    );
}

#[test]
fn the_first_rule_that_is_broken_answers() {
    let order = after(an_order(), [OrderCommand::Confirm, ship("s", &[("1", 1)])]);
    let unknown = OrderError::UnknownLine {
        line_id: line_id("9"),
    };
    let all = vec![
        set_shipping(1),
        cancel_units("1", 2),
        add(line("2", 1, MAX_AMOUNT)),
        cancel_units("9", 1),
    ];
    assert_eq!(order.when(&revise(all.clone())), Err(unknown));
    let taken = OrderError::IdTaken { id: "2".into() };
    assert_eq!(order.when(&revise(all[..3].to_vec())), Err(taken));
    let refused = order.when(&revise(all[..2].to_vec()));
    assert!(matches!(
        refused,
        Err(OrderError::QuantityExceedsOpen { open: 1, .. })
    ));
    let limit = vec![set_shipping(1), add(line("3", 1, MAX_AMOUNT))];
    assert_eq!(
        order.when(&revise(limit)),
        Err(OrderError::SomethingShipped),
        "limits come last"
    );
}

#[test]
fn limits_are_judged_at_the_end_and_cancelled_lines_count() {
    let lines = (0..499).map(|n| line(&n.to_string(), 1, 1)).collect();
    let order = given([place(order_of(lines))]);
    let two = || {
        vec![
            add(line("a", 1, 1)),
            cancel_units("0", 1),
            add(line("b", 1, 1)),
        ]
    };
    let too_many = || Err(OrderError::TooManyLines { max: 500 });
    assert_eq!(order.when(&revise(two())), too_many());
    assert_eq!(
        order.types_when(&revise(two()[..2].to_vec())),
        ["OrderRevised"]
    );
    let less = after(
        order,
        [revise(vec![cancel_units("0", 1), cancel_units("1", 1)])],
    );
    let two = vec![add(line("a", 1, 1)), add(line("b", 1, 1))];
    assert_eq!(less.when(&revise(two)), too_many());

    let order = given([place(order_of(vec![line("1", 1, MAX_AMOUNT - 5)]))]);
    let at = Location::Order;
    let too_large = OrderError::AmountTooLarge { at };
    assert_eq!(
        order.when(&revise(vec![add(line("2", 6, 1))])),
        Err(too_large)
    );
    assert_eq!(
        order.types_when(&revise(vec![add(line("2", 5, 1))])),
        ["OrderRevised"]
    );
}

#[test]
fn a_revision_that_takes_the_last_unit_cancels_the_order() {
    let all = || vec![cancel_units("1", 2), cancel_units("2", 3)];
    let order = an_order();
    assert_eq!(
        order.types_when(&revise(all())),
        ["OrderRevised", "OrderCancelled"]
    );
    let cancelled = after(order.clone(), [revise(all())]);
    assert_eq!(cancelled.status(), Some(OrderStatus::Cancelled));
    assert_eq!(cancelled.amounts().due, 0, "the shipping too");
    let reason = cancelled.facts().unwrap().reason.as_ref().unwrap();
    assert_eq!(reason.as_str(), "the customer rang");

    let mut replaced = all();
    replaced.push(add(line("3", 1, 1)));
    assert_eq!(
        order.types_when(&revise(replaced)),
        ["OrderRevised"],
        "judged at the end"
    );
}

#[test]
fn a_revision_that_takes_the_last_open_unit_completes_a_paid_order() {
    let order = given([
        place_five_units(),
        OrderCommand::Confirm,
        authorize("p", 1000),
        capture("p", 1000),
        ship("s", &[("1", 2)]),
        deliver("s"),
    ]);
    let rest = revise(vec![cancel_units("2", 3)]);
    assert_eq!(order.types_when(&rest), ["OrderRevised", "OrderCompleted"]);
    let completed = after(order, [rest]);
    assert_eq!(
        completed.fulfillment_status(),
        Some(FulfillmentStatus::Delivered)
    );
}
