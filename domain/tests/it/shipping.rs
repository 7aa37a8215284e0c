//! `ship`, `deliver`, where the goods are, and completion by itself.

use domain::order::{FulfillmentStatus, NewOrder, Order, OrderCommand, OrderError, OrderStatus};
use domain::{LineId, ShipmentId};

use crate::sample::{
    When, authorize, capture, deliver, given, hold, line, order_of, place, place_five_units, ship,
};

fn confirmed(more: impl IntoIterator<Item = OrderCommand>) -> Order {
    given(
        [place_five_units(), OrderCommand::Confirm]
            .into_iter()
            .chain(more),
    )
}

fn exceeds(line_id: &str, quantity: i64, open: i64) -> OrderError {
    let line_id = LineId::parse(line_id).unwrap();
    OrderError::QuantityExceedsOpen {
        line_id,
        quantity,
        open,
    }
}

#[test]
fn shipments_of_a_line_sum_to_at_most_what_was_ordered() {
    let order = confirmed([ship("s", &[("2", 2)])]);
    assert_eq!(
        order.when(&ship("t", &[("1", 1), ("2", 2)])),
        Err(exceeds("2", 2, 1))
    );
    assert_eq!(
        order.types_when(&ship("t", &[("1", 2), ("2", 1)])),
        ["ShipmentCreated"]
    );
    let all = confirmed([ship("s", &[("1", 2), ("2", 3)])]);
    assert_eq!(all.when(&ship("t", &[("1", 1)])), Err(exceeds("1", 1, 0)));
}

#[test]
fn an_unknown_line_comes_before_a_taken_id_and_that_before_a_hold_and_that_before_quantities() {
    let order = confirmed([ship("s", &[("1", 1)]), hold("h")]);
    let line_id = LineId::parse("9").unwrap();
    let unknown = OrderError::UnknownLine { line_id };
    assert_eq!(order.when(&ship("s", &[("1", 9), ("9", 1)])), Err(unknown));
    let taken = OrderError::IdTaken { id: "s".into() };
    assert_eq!(order.when(&ship("s", &[("1", 9)])), Err(taken));
    assert_eq!(order.when(&ship("t", &[("1", 9)])), Err(OrderError::OnHold));
}

#[test]
fn only_a_known_shipment_arrives_and_only_once() {
    let shipment_id = ShipmentId::parse("s").unwrap();
    let unknown = OrderError::UnknownShipment {
        shipment_id: shipment_id.clone(),
    };
    assert_eq!(confirmed([]).when(&deliver("s")), Err(unknown));
    let delivered = confirmed([ship("s", &[("1", 1)]), deliver("s")]);
    assert_eq!(
        delivered.when(&deliver("s")),
        Err(OrderError::AlreadyDelivered { shipment_id })
    );
}

#[test]
fn the_fulfillment_status_follows_the_units() {
    let status = |more: Vec<OrderCommand>| confirmed(more).fulfillment_status().unwrap();
    let (part, rest) = (ship("s", &[("1", 2)]), ship("t", &[("2", 3)]));
    assert_eq!(status(vec![]), FulfillmentStatus::Unfulfilled);
    assert_eq!(
        status(vec![part.clone()]),
        FulfillmentStatus::PartiallyShipped
    );
    assert_eq!(
        status(vec![part.clone(), rest.clone()]),
        FulfillmentStatus::Shipped
    );
    let arrived = vec![part.clone(), deliver("s"), rest.clone()];
    assert_eq!(status(arrived), FulfillmentStatus::PartiallyDelivered);
    let all = vec![part, rest, deliver("s"), deliver("t")];
    assert_eq!(status(all), FulfillmentStatus::Delivered);
}

#[test]
fn the_last_delivery_completes_a_paid_order() {
    let all = [
        authorize("p", 1300),
        capture("p", 1300),
        ship("s", &[("1", 2), ("2", 3)]),
    ];
    let order = confirmed(all.clone());
    assert_eq!(
        order.types_when(&deliver("s")),
        ["ShipmentDelivered", "OrderCompleted"]
    );
    let completed = confirmed(all.into_iter().chain([deliver("s")]));
    assert_eq!(completed.status(), Some(OrderStatus::Completed));
    assert_eq!(completed.version(), 7);
}

#[test]
fn the_last_capture_completes_a_delivered_order() {
    let delivered = [
        authorize("p", 2000),
        ship("s", &[("1", 2), ("2", 3)]),
        deliver("s"),
    ];
    let order = confirmed(delivered);
    assert_eq!(order.types_when(&capture("p", 1299)), ["PaymentCaptured"]);
    assert_eq!(
        order.types_when(&capture("p", 1301)),
        ["PaymentCaptured"],
        "we owe back"
    );
    assert_eq!(
        order.types_when(&capture("p", 1300)),
        ["PaymentCaptured", "OrderCompleted"]
    );
}

#[test]
fn an_order_completes_on_hold_too() {
    let all = [
        authorize("p", 1300),
        capture("p", 1300),
        ship("s", &[("1", 2), ("2", 3)]),
    ];
    let held = confirmed(all.into_iter().chain([hold("h")]));
    assert_eq!(
        held.types_when(&deliver("s")),
        ["ShipmentDelivered", "OrderCompleted"]
    );
}

#[test]
fn neither_a_part_delivered_nor_an_unpaid_order_is_complete() {
    let paid = [
        authorize("p", 1300),
        capture("p", 1300),
        ship("s", &[("1", 2)]),
    ];
    assert_eq!(
        confirmed(paid).types_when(&deliver("s")),
        ["ShipmentDelivered"]
    );
    let unpaid = [ship("s", &[("1", 2), ("2", 3)])];
    assert_eq!(
        confirmed(unpaid).types_when(&deliver("s")),
        ["ShipmentDelivered"]
    );
}

#[test]
fn an_order_of_nothing_completes_when_it_arrives() {
    let free = NewOrder {
        expected_total: None,
        ..order_of(vec![line("1", 1, 0)])
    };
    let order = given([place(free), OrderCommand::Confirm, ship("s", &[("1", 1)])]);
    assert_eq!(
        order.types_when(&deliver("s")),
        ["ShipmentDelivered", "OrderCompleted"]
    );
}
