//! `cancel`.

use domain::order::{FulfillmentStatus, OrderCommand, OrderError, OrderEvent, OrderStatus};

use crate::sample::{
    When, authorize, cancel, capture, given, order_of, place, place_five_units, ship, shipping,
    text, units,
};

#[test]
fn cancelling_takes_back_every_unit_and_everything_owed() {
    let order = domain::order::NewOrder {
        shipping: Some(shipping(500, "0.19")),
        ..order_of(vec![crate::sample::line("1", 2, 500)])
    };
    let cancelled = given([place(order), OrderCommand::Confirm, cancel()]);
    let amounts = cancelled.amounts();
    assert_eq!(
        (amounts.total, amounts.cancelled_total, amounts.due),
        (1595, 1595, 0)
    );
    let facts = cancelled.facts().unwrap();
    assert_eq!(facts.status, OrderStatus::Cancelled);
    assert!(
        facts
            .lines
            .iter()
            .all(|line| line.cancelled == line.quantity())
    );
    assert_eq!(facts.reason, Some(text("changed my mind")));
    assert_eq!(
        cancelled.fulfillment_status(),
        Some(FulfillmentStatus::Unfulfilled)
    );
}

#[test]
fn the_event_says_which_units_it_cancels_and_whether_they_go_back_to_stock() {
    let command = OrderCommand::Cancel {
        reason: text("broken"),
        restock: false,
    };
    let events = given([place_five_units()]).when(&command).unwrap();
    let [OrderEvent::OrderCancelled(event)] = events.as_slice() else {
        panic!("{events:?}")
    };
    assert_eq!(event.lines, units(&[("1", 2), ("2", 3)]).as_slice());
    assert!(!event.restock);
}

#[test]
fn nothing_is_cancelled_once_something_has_shipped() {
    let shipped = given([
        place_five_units(),
        OrderCommand::Confirm,
        ship("s", &[("1", 1)]),
    ]);
    assert_eq!(shipped.when(&cancel()), Err(OrderError::SomethingShipped));
}

#[test]
fn what_was_captured_is_owed_back_after_cancellation() {
    let order = given([
        place_five_units(),
        authorize("p", 1300),
        capture("p", 1000),
        cancel(),
    ]);
    assert_eq!(order.amounts().balance, -1000);
}
