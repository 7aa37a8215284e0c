//! Refunds: their parts, their credit, and how each part is settled on its own.

use domain::PaymentId;
use domain::order::{
    Order, OrderCommand, OrderError, OrderEvent, OrderStatus, PaymentStatus, RefundOutcome,
    RefundState, ReturnState,
};

use crate::sample::{
    When, after, approve, authorize, cancel, capture, deliver, fail, given, line, order_of, place,
    receive, refund, refund_for, refund_id, reject, request_return, return_id, settle, ship,
    succeed,
};

/// An order of 1000, in units of 400 and 600.
fn an_order(more: impl IntoIterator<Item = OrderCommand>) -> Order {
    let placed = [place(order_of(vec![line("1", 1, 400), line("2", 1, 600)]))];
    given(placed.into_iter().chain(more))
}

/// 700 captured from `p` and 300 from `q`.
fn paid(more: impl IntoIterator<Item = OrderCommand>) -> Order {
    let payments = [
        authorize("p", 700),
        authorize("q", 300),
        capture("p", 700),
        capture("q", 300),
    ];
    an_order(payments.into_iter().chain(more))
}

fn parts(order: &Order) -> Vec<(&str, i64)> {
    let refund = order.facts().unwrap().refunds.last().unwrap();
    let parts = refund.parts.iter();
    parts
        .map(|part| (part.payment_id.as_str(), part.amount.get()))
        .collect()
}

fn credit(order: &Order) -> i64 {
    order.facts().unwrap().refunds.last().unwrap().credit.get()
}

fn exceeds(amount: i64, left: i64) -> OrderError {
    OrderError::AmountExceedsCaptured { amount, left }
}

#[test]
fn example_8_goodwill_is_credit_and_what_is_owed_back_is_not() {
    let order = paid([refund("f", 100)]);
    let amounts = order.amounts();
    assert_eq!((amounts.credited_total, amounts.due), (100, 900));
    let settled = after(order, [succeed("f", None)]);
    assert_eq!(
        (settled.amounts().refunded, settled.amounts().balance),
        (100, 0)
    );

    let returned = paid([
        OrderCommand::Confirm,
        ship("s", &[("1", 1)]),
        deliver("s"),
        request_return("r", &[("1", 1)]),
        approve("r"),
        receive("r", &[("1", 1)]),
        refund_for("f", 400, None, Some("r")),
    ]);
    assert_eq!((credit(&returned), returned.amounts().due), (0, 600));
    let settled = after(returned, [succeed("f", None)]);
    assert_eq!(settled.amounts().balance, 0);
}

#[test]
fn a_refund_is_split_over_payments_in_the_order_of_their_authorization() {
    assert_eq!(parts(&paid([refund("f", 700)])), [("p", 700)]);
    assert_eq!(parts(&paid([refund("f", 701)])), [("p", 700), ("q", 1)]);
    let second = paid([refund("e", 650), refund("f", 100)]);
    assert_eq!(
        parts(&second),
        [("p", 50), ("q", 50)],
        "what is left of each"
    );
    let named = paid([refund_for("f", 200, Some("q"), None)]);
    assert_eq!(parts(&named), [("q", 200)]);
    let failed_before = an_order([
        fail("x"),
        authorize("p", 500),
        capture("p", 500),
        refund("f", 500),
    ]);
    assert_eq!(parts(&failed_before), [("p", 500)]);
}

#[test]
fn no_more_goes_back_than_was_captured() {
    assert_eq!(paid([]).when(&refund("f", 1001)), Err(exceeds(1001, 1000)));
    let of_one = paid([]).when(&refund_for("f", 301, Some("q"), None));
    assert_eq!(of_one, Err(exceeds(301, 300)));
    let again = paid([refund("e", 600)]);
    assert_eq!(
        again.when(&refund("f", 401)),
        Err(exceeds(401, 400)),
        "granted parts count"
    );
    let failed = after(again.clone(), [settle("e", None, RefundOutcome::Failed)]);
    assert_eq!(
        failed.types_when(&refund("f", 1000)),
        ["RefundGranted"],
        "failed ones do not"
    );
    let succeeded = after(again, [succeed("e", None)]);
    assert_eq!(succeeded.when(&refund("f", 401)), Err(exceeds(401, 400)));
    assert_eq!(an_order([]).when(&refund("f", 1)), Err(exceeds(1, 0)));
}

#[test]
fn the_first_rule_that_is_broken_answers() {
    let order = paid([
        OrderCommand::Confirm,
        ship("s", &[("1", 1)]),
        deliver("s"),
        request_return("r", &[("1", 1)]),
        refund("e", 1),
    ]);
    let payment_id = PaymentId::parse("x").unwrap();
    let unknown = OrderError::UnknownPayment { payment_id };
    let when = |payment, cause, amount| order.when(&refund_for("e", amount, payment, cause));
    assert_eq!(when(Some("x"), Some("r"), 9999), Err(unknown));
    let unknown = OrderError::UnknownReturn {
        return_id: return_id("x"),
    };
    assert_eq!(when(Some("p"), Some("x"), 9999), Err(unknown));
    let taken = OrderError::IdTaken { id: "e".into() };
    assert_eq!(when(Some("p"), Some("r"), 9999), Err(taken));
    let refused = order.when(&refund_for("f", 9999, Some("p"), Some("r")));
    assert_eq!(refused, Err(exceeds(9999, 699)));
    let not_received = OrderError::ReturnNotReceived {
        return_id: return_id("r"),
        state: ReturnState::Requested,
    };
    let refused = order.when(&refund_for("f", 1, Some("p"), Some("r")));
    assert_eq!(refused, Err(not_received));
}

#[test]
fn each_part_is_settled_on_its_own() {
    let order = paid([refund("f", 1000)]);
    let refund_of = |order: &Order| order.facts().unwrap().refunds[0].clone();
    let needed = OrderError::PaymentIdNeeded {
        refund_id: refund_id("f"),
    };
    assert_eq!(order.when(&succeed("f", None)), Err(needed.clone()));
    let one = after(order, [succeed("f", Some("q"))]);
    assert_eq!(refund_of(&one).state(), RefundState::Granted);
    assert_eq!((one.amounts().refunded, one.amounts().due), (300, 0));
    assert_eq!(
        one.when(&succeed("f", None)),
        Err(needed),
        "one is left, but there are two"
    );
    let settled = || {
        Err(OrderError::PartSettled {
            refund_id: refund_id("f"),
        })
    };
    assert_eq!(one.when(&succeed("f", Some("q"))), settled());
    let lost = after(one, [settle("f", Some("p"), RefundOutcome::Failed)]);
    assert_eq!(refund_of(&lost).state(), RefundState::Failed);
    assert_eq!(
        lost.amounts().refunded,
        300,
        "the other is not lost with it"
    );
    assert_eq!(
        lost.when(&succeed("f", None)),
        settled(),
        "before it is asked which"
    );
    let states: Vec<_> = refund_of(&lost)
        .parts
        .iter()
        .map(|part| part.state)
        .collect();
    assert_eq!(states, [RefundState::Failed, RefundState::Succeeded]);
}

#[test]
fn only_a_known_refund_and_a_payment_with_a_part_in_it_are_settled() {
    let order = paid([refund("f", 100)]);
    let unknown = OrderError::UnknownRefund {
        refund_id: refund_id("x"),
    };
    assert_eq!(order.when(&succeed("x", Some("x"))), Err(unknown));
    for payment in ["q", "x"] {
        let payment_id = PaymentId::parse(payment).unwrap();
        let no_part = OrderError::UnknownPayment { payment_id };
        assert_eq!(order.when(&succeed("f", Some(payment))), Err(no_part));
    }
    assert_eq!(
        order.types_when(&succeed("f", Some("p"))),
        ["RefundSucceeded"]
    );
}

#[test]
fn a_failed_part_lowers_the_credit_of_its_refund() {
    // 400 are owed back, so that 500 of the 900 are credit: parts 700 and 200.
    let order = paid([crate::sample::cancel_lines(&[("1", 1)]), refund("f", 900)]);
    assert_eq!((credit(&order), order.amounts().due), (500, 100));
    let small = after(
        order.clone(),
        [settle("f", Some("q"), RefundOutcome::Failed)],
    );
    assert_eq!((credit(&small), small.amounts().due), (300, 300));
    let events = order
        .when(&settle("f", Some("p"), RefundOutcome::Failed))
        .unwrap();
    let [OrderEvent::RefundFailed(event)] = events.as_slice() else {
        panic!("{events:?}")
    };
    assert_eq!(
        (event.amount.get(), event.credit.get()),
        (700, 500),
        "at most all of it"
    );
    let large = after(order, [settle("f", Some("p"), RefundOutcome::Failed)]);
    assert_eq!((credit(&large), large.amounts().due), (0, 600));
    let both = after(large, [settle("f", Some("q"), RefundOutcome::Failed)]);
    assert_eq!(
        (credit(&both), both.amounts().balance),
        (0, -400),
        "as before the refund"
    );
}

#[test]
fn a_refund_to_a_customer_who_still_owes_is_all_credit() {
    let order = an_order([authorize("p", 500), capture("p", 500)]);
    assert_eq!(order.amounts().balance, 500);
    let settled = after(order, [refund("f", 200), succeed("f", None)]);
    assert_eq!((credit(&settled), settled.amounts().balance), (200, 500));
}

#[test]
fn the_payment_status_follows_what_has_gone_back() {
    let status = |more: Vec<OrderCommand>| paid(more).payment_status().unwrap();
    assert_eq!(
        status(vec![refund("f", 1000)]),
        PaymentStatus::Paid,
        "granted is not gone"
    );
    let one = vec![refund("f", 1000), succeed("f", Some("p"))];
    assert_eq!(status(one.clone()), PaymentStatus::PartiallyRefunded);
    let both = one.into_iter().chain([succeed("f", Some("q"))]).collect();
    assert_eq!(status(both), PaymentStatus::Refunded);
}

#[test]
fn a_refund_is_granted_while_its_order_lives_and_after_it_has_ended() {
    for end in [cancel(), reject()] {
        let ended = paid([end, refund("f", 1000)]);
        assert_eq!(credit(&ended), 0, "all of it is owed back");
        let settled = after(ended, [succeed("f", Some("p")), succeed("f", Some("q"))]);
        assert_eq!(settled.amounts().balance, 0);
        assert_eq!(settled.payment_status(), Some(PaymentStatus::Refunded));
    }
}

#[test]
fn an_open_part_keeps_an_order_from_completion_until_it_is_settled() {
    let order = paid([
        OrderCommand::Confirm,
        ship("s", &[("1", 1), ("2", 1)]),
        refund("f", 100),
    ]);
    assert_eq!(order.types_when(&deliver("s")), ["ShipmentDelivered"]);
    let delivered = after(order, [deliver("s")]);
    let succeeded = delivered.types_when(&succeed("f", None));
    assert_eq!(succeeded, ["RefundSucceeded", "OrderCompleted"]);
    let failed = delivered.types_when(&settle("f", None, RefundOutcome::Failed));
    assert_eq!(
        failed,
        ["RefundFailed", "OrderCompleted"],
        "its credit fell with it"
    );
    let completed = after(delivered, [succeed("f", None)]);
    assert_eq!(completed.status(), Some(OrderStatus::Completed));
}

#[test]
fn an_open_part_does_so_even_where_the_money_is_even_without_it() {
    let order = an_order([
        OrderCommand::Confirm,
        authorize("p", 900),
        capture("p", 900),
        ship("s", &[("1", 1), ("2", 1)]),
        refund("f", 100),
    ]);
    assert_eq!(order.amounts().balance, 0);
    assert_eq!(order.types_when(&deliver("s")), ["ShipmentDelivered"]);
}

#[test]
fn a_full_refund_equals_what_was_captured_whatever_was_refunded_before() {
    let order = paid([
        refund("a", 333),
        succeed("a", None),
        refund("b", 333),
        settle("b", None, RefundOutcome::Failed),
        refund("c", 667),
        succeed("c", Some("p")),
        succeed("c", Some("q")),
    ]);
    let amounts = order.amounts();
    assert_eq!((amounts.captured, amounts.refunded), (1000, 1000));
    assert!(order.when(&refund("d", 1)).is_err());
}
