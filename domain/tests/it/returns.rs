//! Returns: requested, answered, received.

use domain::order::{
    Condition, Order, OrderCommand, OrderError, OrderEvent, OrderStatus, ReceivedLine,
    ReceivedLines, ReturnState, ReturnStatus,
};

use crate::sample::{
    When, after, approve, authorize, cancel_lines, capture, decline, deliver, given, line, line_id,
    order_of, place, quantity, receive, refund, request_return, return_id, ship, succeed,
};

/// 5 units of line 1, 1000 together, 4 of them delivered and 1 on its way; and 1 of line 2 open.
fn delivered() -> Order {
    given([
        place(order_of(vec![line("1", 5, 200), line("2", 1, 300)])),
        OrderCommand::Confirm,
        ship("s", &[("1", 4)]),
        ship("t", &[("1", 1)]),
        deliver("s"),
    ])
}

fn exceeds(line: &str, quantity: i64, open: i64) -> OrderError {
    OrderError::QuantityExceedsOpen {
        line_id: line_id(line),
        quantity,
        open,
    }
}

#[test]
fn only_delivered_units_that_no_other_return_has_are_requested() {
    let order = delivered();
    assert_eq!(
        order.when(&request_return("r", &[("1", 5)])),
        Err(exceeds("1", 5, 4))
    );
    assert_eq!(
        order.when(&request_return("r", &[("2", 1)])),
        Err(exceeds("2", 1, 0))
    );
    let order = after(order, [request_return("r", &[("1", 3)])]);
    assert_eq!(
        order.when(&request_return("q", &[("1", 2)])),
        Err(exceeds("1", 2, 1))
    );
    let approved = after(order.clone(), [approve("r")]);
    assert_eq!(
        approved.when(&request_return("q", &[("1", 2)])),
        Err(exceeds("1", 2, 1))
    );
    let declined = after(order, [decline("r")]);
    assert_eq!(
        declined.types_when(&request_return("q", &[("1", 4)])),
        ["ReturnRequested"]
    );
}

#[test]
fn what_was_not_received_may_be_requested_again() {
    let order = after(
        delivered(),
        [
            request_return("r", &[("1", 3)]),
            approve("r"),
            receive("r", &[("1", 1)]),
        ],
    );
    assert_eq!(order.return_status(), Some(ReturnStatus::Closed));
    assert_eq!(
        order.when(&request_return("q", &[("1", 4)])),
        Err(exceeds("1", 4, 3))
    );
    assert_eq!(
        order.types_when(&request_return("q", &[("1", 3)])),
        ["ReturnRequested"]
    );
    let again = order.when(&receive("r", &[("1", 1)]));
    assert!(
        matches!(again, Err(OrderError::ReturnNotApproved { .. })),
        "it is closed"
    );
}

#[test]
fn unknown_lines_come_before_taken_ids_and_those_before_quantities() {
    let order = after(delivered(), [request_return("r", &[("1", 1)])]);
    let unknown = OrderError::UnknownLine {
        line_id: line_id("9"),
    };
    assert_eq!(
        order.when(&request_return("r", &[("1", 9), ("9", 1)])),
        Err(unknown)
    );
    let taken = OrderError::IdTaken { id: "r".into() };
    assert_eq!(order.when(&request_return("r", &[("1", 9)])), Err(taken));
    let closed = after(order, [decline("r")]);
    let taken = OrderError::IdTaken { id: "r".into() };
    assert_eq!(closed.when(&request_return("r", &[("1", 1)])), Err(taken));
}

#[test]
fn a_return_is_answered_once_and_received_once_it_is_approved() {
    let unknown = OrderError::UnknownReturn {
        return_id: return_id("r"),
    };
    for command in [approve("r"), decline("r"), receive("r", &[("9", 1)])] {
        assert_eq!(delivered().when(&command), Err(unknown.clone()));
    }
    let requested = after(delivered(), [request_return("r", &[("1", 1)])]);
    let not_approved = |state| OrderError::ReturnNotApproved {
        return_id: return_id("r"),
        state,
    };
    let too_early = requested.when(&receive("r", &[("1", 9)]));
    assert_eq!(too_early, Err(not_approved(ReturnState::Requested)));
    for (answer, state) in [
        (approve("r"), ReturnState::Approved),
        (decline("r"), ReturnState::Declined),
    ] {
        let answered = after(requested.clone(), [answer]);
        for command in [approve("r"), decline("r")] {
            let not_requested = OrderError::ReturnNotRequested {
                return_id: return_id("r"),
                state,
            };
            assert_eq!(answered.when(&command), Err(not_requested));
        }
    }
    let declined = after(requested, [decline("r")]);
    assert_eq!(
        declined.when(&receive("r", &[])),
        Err(not_approved(ReturnState::Declined))
    );
    assert_eq!(declined.return_status(), Some(ReturnStatus::Closed));
}

#[test]
fn no_more_is_received_than_was_requested() {
    let approved = after(
        delivered(),
        [request_return("r", &[("1", 2)]), approve("r")],
    );
    assert_eq!(
        approved.when(&receive("r", &[("1", 3)])),
        Err(exceeds("1", 3, 2))
    );
    let of_another_line = approved.when(&receive("r", &[("2", 1)]));
    assert_eq!(of_another_line, Err(exceeds("2", 1, 0)));
    let unknown = OrderError::UnknownLine {
        line_id: line_id("9"),
    };
    assert_eq!(approved.when(&receive("r", &[("9", 1)])), Err(unknown));
    let nothing = after(approved, [receive("r", &[])]);
    let facts = nothing.facts().unwrap();
    assert_eq!(facts.returns[0].state, ReturnState::Received);
    assert_eq!(facts.returns[0].amount.map(domain::Amount::get), Some(0));
    assert_eq!(facts.returns[0].lines[0].received, None);
}

#[test]
fn what_came_is_known_with_its_condition_and_lowers_what_is_due() {
    let approved = after(
        delivered(),
        [request_return("r", &[("1", 2)]), approve("r")],
    );
    let came = ReceivedLine {
        line_id: line_id("1"),
        quantity: quantity(1),
        condition: Condition::Damaged,
        restock: false,
    };
    let command = OrderCommand::ReceiveReturn {
        return_id: return_id("r"),
        lines: ReceivedLines::parse(vec![came]).unwrap(),
    };
    let events = approved.when(&command).unwrap();
    let [OrderEvent::ReturnReceived(event)] = events.as_slice() else {
        panic!("{events:?}")
    };
    assert_eq!(
        (event.amount.get(), event.lines[0].amount.get()),
        (200, 200)
    );
    let order = after(approved, [command]);
    let amounts = order.amounts();
    assert_eq!((amounts.returned_total, amounts.due), (200, 1100));
    let known = &order.facts().unwrap().returns[0];
    let received = known.lines[0].received.as_ref().unwrap();
    assert_eq!(
        (received.condition, received.restock),
        (Condition::Damaged, false)
    );
    assert_eq!(
        (known.lines[0].quantity.get(), received.quantity.get()),
        (2, 1)
    );
}

#[test]
fn example_5_three_units_of_1000_come_back_one_by_one() {
    // A thousand over three units: 3 × 400 less 200.
    let mut thousand = line("2", 3, 400);
    thousand.discounts = vec![crate::sample::discount("OFF", crate::sample::fixed(200))];
    let mut order = given([
        place(order_of(vec![thousand])),
        OrderCommand::Confirm,
        ship("s", &[("2", 3)]),
        deliver("s"),
    ]);
    let mut values = Vec::new();
    for id in ["a", "b", "c"] {
        let one = [
            request_return(id, &[("2", 1)]),
            approve(id),
            receive(id, &[("2", 1)]),
        ];
        order = after(order, one);
        values.push(
            order
                .facts()
                .unwrap()
                .returns
                .last()
                .unwrap()
                .amount
                .unwrap()
                .get(),
        );
    }
    assert_eq!(values, [333, 334, 333]);
    assert_eq!(order.amounts().due, 0);
}

#[test]
fn cancelled_and_returned_units_share_one_count() {
    let mut thousand = line("1", 3, 400);
    thousand.discounts = vec![crate::sample::discount("OFF", crate::sample::fixed(200))];
    let order = given([
        place(order_of(vec![thousand])),
        OrderCommand::Confirm,
        ship("s", &[("1", 2)]),
        deliver("s"),
        request_return("a", &[("1", 1)]),
        approve("a"),
        receive("a", &[("1", 1)]),
        cancel_lines(&[("1", 1)]),
        request_return("b", &[("1", 1)]),
        approve("b"),
        receive("b", &[("1", 1)]),
    ]);
    let line = &order.facts().unwrap().lines[0];
    assert_eq!(
        (line.cancelled_amount, line.returned_amount),
        (334, 333 + 333)
    );
}

#[test]
fn a_return_that_evens_the_money_completes_the_order() {
    let order = given([
        place(order_of(vec![line("1", 2, 500)])),
        OrderCommand::Confirm,
        authorize("p", 500),
        capture("p", 500),
        ship("s", &[("1", 2)]),
        deliver("s"),
        request_return("r", &[("1", 1)]),
        approve("r"),
    ]);
    assert_eq!(order.types_when(&receive("r", &[])), ["ReturnReceived"]);
    let evens = order.types_when(&receive("r", &[("1", 1)]));
    assert_eq!(evens, ["ReturnReceived", "OrderCompleted"]);
}

#[test]
fn a_completed_order_takes_returns_and_never_goes_back() {
    let order = after(
        crate::lifecycle::completed(),
        [
            request_return("r", &[("1", 1)]),
            approve("r"),
            receive("r", &[("1", 1)]),
        ],
    );
    assert_eq!(order.amounts().balance, -500, "we owe back");
    assert_eq!(order.status(), Some(OrderStatus::Completed));
    assert_eq!(order.return_status(), Some(ReturnStatus::Closed));
    let refunded = after(order, [refund("f", 500)]);
    assert_eq!(
        refunded.types_when(&succeed("f", None)),
        ["RefundSucceeded"],
        "once completed"
    );
}

#[test]
fn the_return_status_follows_the_returns() {
    let status = |more: Vec<OrderCommand>| after(delivered(), more).return_status().unwrap();
    let two = || {
        vec![
            request_return("r", &[("1", 1)]),
            request_return("q", &[("1", 1)]),
        ]
    };
    let and = |more: Vec<OrderCommand>| two().into_iter().chain(more).collect();
    assert_eq!(status(vec![]), ReturnStatus::None);
    assert_eq!(status(two()), ReturnStatus::Open);
    assert_eq!(status(and(vec![decline("r")])), ReturnStatus::Open);
    assert_eq!(
        status(and(vec![decline("r"), approve("q")])),
        ReturnStatus::Open
    );
    let closed = and(vec![decline("r"), approve("q"), receive("q", &[("1", 1)])]);
    assert_eq!(status(closed), ReturnStatus::Closed);
}
