//! `cancel-lines` and `reject`.

use domain::order::{NewOrder, Order, OrderCommand, OrderError, OrderEvent, OrderStatus};

use crate::sample::{
    When, after, authorize, cancel_lines, capture, deliver, fixed, given, line, line_id,
    order_discount, order_of, place, place_five_units, reject, ship, shipping, units,
};

fn confirmed(more: impl IntoIterator<Item = OrderCommand>) -> Order {
    let placed = [place_five_units(), OrderCommand::Confirm];
    given(placed.into_iter().chain(more))
}

#[test]
fn example_4_a_cancelled_line_takes_its_own_share_of_the_discount_back() {
    let lines = ["1", "2", "3"].map(|line_id| line(line_id, 1, 1000));
    let order = given([place(NewOrder {
        discounts: vec![order_discount("THOUSAND", fixed(1000))],
        ..order_of(lines.into())
    })]);
    let amounts = after(order, [cancel_lines(&[("1", 1)])]).amounts();
    assert_eq!((amounts.cancelled_total, amounts.due), (666, 1334));
}

#[test]
fn units_are_worth_what_the_cumulative_rule_says() {
    let order = given([place(NewOrder {
        discounts: vec![order_discount("OFF", fixed(200))],
        ..order_of(vec![line("1", 3, 400)])
    })]);
    let one_by_one: Vec<_> = [1, 2, 3]
        .map(|count| {
            let steps = (0..count).map(|_| cancel_lines(&[("1", 1)]));
            after(order.clone(), steps).facts().unwrap().lines[0].cancelled_amount
        })
        .into();
    assert_eq!(one_by_one, [333, 667, 1000]);
}

#[test]
fn only_units_that_have_not_shipped_are_cancelled() {
    let order = confirmed([ship("s", &[("2", 2)])]);
    let exceeds = OrderError::QuantityExceedsOpen {
        line_id: line_id("2"),
        quantity: 2,
        open: 1,
    };
    assert_eq!(
        order.when(&cancel_lines(&[("1", 1), ("2", 2)])),
        Err(exceeds)
    );
    let unknown = OrderError::UnknownLine {
        line_id: line_id("9"),
    };
    let refused = order.when(&cancel_lines(&[("2", 2), ("9", 1)]));
    assert_eq!(refused, Err(unknown), "unknown ids come first");
    assert_eq!(
        order.types_when(&cancel_lines(&[("1", 2), ("2", 1)])),
        ["LinesCancelled"]
    );
    let less = after(order, [cancel_lines(&[("2", 1)])]);
    assert!(
        less.when(&ship("t", &[("2", 1)])).is_err(),
        "nor shipped when cancelled"
    );
}

#[test]
fn the_last_unit_takes_the_order_with_it_once_and_without_its_units_again() {
    let order = given([place(NewOrder {
        shipping: Some(shipping(500, "0")),
        ..order_of(vec![line("1", 2, 500)])
    })]);
    assert_eq!(
        order.types_when(&cancel_lines(&[("1", 1)])),
        ["LinesCancelled"]
    );
    let events = order.when(&cancel_lines(&[("1", 2)])).unwrap();
    let [
        OrderEvent::LinesCancelled(lines),
        OrderEvent::OrderCancelled(end),
    ] = events.as_slice()
    else {
        panic!("{events:?}")
    };
    assert_eq!(lines.lines[0].amount.get(), 1000);
    assert!(lines.restock);
    assert_eq!(end.reason, lines.reason);
    assert!(end.lines.is_empty() && !end.restock, "stock goes back once");
    let cancelled = after(order, [cancel_lines(&[("1", 2)])]);
    assert_eq!(cancelled.status(), Some(OrderStatus::Cancelled));
    let amounts = cancelled.amounts();
    assert_eq!((amounts.cancelled_total, amounts.due), (1500, 0));
}

#[test]
fn the_last_open_unit_completes_a_delivered_and_paid_order() {
    let paid = [
        authorize("p", 1000),
        capture("p", 1000),
        ship("s", &[("1", 2)]),
        deliver("s"),
    ];
    let order = confirmed(paid);
    assert_eq!(
        order.types_when(&cancel_lines(&[("2", 2)])),
        ["LinesCancelled"]
    );
    let last = order.types_when(&cancel_lines(&[("2", 3)]));
    assert_eq!(last, ["LinesCancelled", "OrderCompleted"]);
}

#[test]
fn a_rejected_order_says_why_which_units_it_cancels_and_owes_nothing() {
    let order = given([place_five_units(), cancel_lines(&[("1", 1)])]);
    let events = order.when(&reject()).unwrap();
    let [OrderEvent::OrderRejected(event)] = events.as_slice() else {
        panic!("{events:?}")
    };
    assert_eq!(event.lines, units(&[("1", 1), ("2", 3)]).as_slice());
    let rejected = after(order, [reject()]);
    assert_eq!(rejected.status(), Some(OrderStatus::Rejected));
    let amounts = rejected.amounts();
    assert_eq!((amounts.cancelled_total, amounts.due), (1300, 0));
    let facts = rejected.facts().unwrap();
    assert_eq!(facts.reason.as_ref().unwrap().as_str(), "out of stock");
    assert!(
        facts
            .lines
            .iter()
            .all(|line| line.cancelled == line.quantity())
    );
}
