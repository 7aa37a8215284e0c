//! `authorize-payment`, `capture-payment` and where the money is.

use domain::order::{NewOrder, OrderCommand, OrderError, Payment, PaymentState, PaymentStatus};
use domain::pricing::Location;
use domain::{MAX_AMOUNT, PaymentId, Timestamp};

use crate::sample::{
    When, after, authorize, authorize_until, cancel, capture, fail, given, hold, line, noon,
    order_of, place, place_five_units, void,
};

fn at(text: &str) -> Timestamp {
    Timestamp::parse(text).unwrap()
}

#[test]
fn a_payment_s_id_is_used_once() {
    let order = given([place_five_units(), authorize("p", 100)]);
    assert_eq!(
        order.when(&authorize("p", 1)),
        Err(OrderError::IdTaken { id: "p".into() })
    );
}

#[test]
fn all_that_is_authorized_is_an_amount_too() {
    let order = given([place_five_units(), authorize("p", MAX_AMOUNT - 1)]);
    assert_eq!(order.types_when(&authorize("q", 1)), ["PaymentAuthorized"]);
    let little = given([place_five_units(), authorize("p", 1)]);
    let too_large = OrderError::AmountTooLarge {
        at: Location::Order,
    };
    assert_eq!(order.when(&authorize("q", 2)), Err(too_large.clone()));
    assert_eq!(
        little.when(&authorize("q", MAX_AMOUNT)),
        Err(too_large),
        "the sum, not the larger of the two"
    );
}

#[test]
fn captures_of_a_payment_sum_to_at_most_its_authorization() {
    let authorized = [place_five_units(), authorize("p", 100), authorize("q", 900)];
    let exceeds = |amount, left| Err(OrderError::AmountExceedsAuthorized { amount, left });
    let order = given(authorized.clone());
    assert_eq!(order.when(&capture("p", 101)), exceeds(101, 100));
    assert_eq!(order.types_when(&capture("p", 100)), ["PaymentCaptured"]);

    let twice = [capture("p", 60), capture("p", 30)];
    let order = given(authorized.into_iter().chain(twice));
    assert_eq!(order.amounts().captured, 90);
    assert_eq!(order.when(&capture("p", 11)), exceeds(11, 10));
    assert_eq!(order.types_when(&capture("p", 10)), ["PaymentCaptured"]);
}

#[test]
fn only_a_known_payment_is_captured() {
    let payment_id = PaymentId::parse("p").unwrap();
    let unknown = OrderError::UnknownPayment { payment_id };
    let held = given([place_five_units(), hold("h")]);
    assert_eq!(
        held.when(&capture("p", 1)),
        Err(unknown),
        "unknown ids come before holds"
    );
}

#[test]
fn an_authorization_is_captured_until_it_expires() {
    let expires_at = at("2026-11-20T12:00:00.000001Z");
    let order = given([
        place_five_units(),
        authorize_until("p", 100, Some(expires_at)),
    ]);
    assert!(order.decide(&capture("p", 1), noon()).is_ok());
    assert!(order.decide(&capture("p", 1), expires_at).is_ok());
    let later = at("2026-11-20T12:00:00.000002Z");
    let expired = OrderError::AuthorizationExpired {
        expired_at: expires_at,
    };
    assert_eq!(order.decide(&capture("p", 1), later), Err(expired));
    let exceeds = OrderError::AmountExceedsAuthorized {
        amount: 101,
        left: 100,
    };
    assert_eq!(
        order.decide(&capture("p", 101), later),
        Err(exceeds),
        "left to right"
    );
}

#[test]
fn an_expired_authorization_comes_before_a_hold() {
    let expires_at = at("2026-11-20T11:00:00Z");
    let order = given([
        place_five_units(),
        authorize_until("p", 9, Some(expires_at)),
        hold("h"),
    ]);
    let expired = OrderError::AuthorizationExpired {
        expired_at: expires_at,
    };
    assert_eq!(order.when(&capture("p", 1)), Err(expired));
}

#[test]
fn the_payment_status_follows_the_money() {
    let status = |more: Vec<OrderCommand>| {
        given([place_five_units()].into_iter().chain(more))
            .payment_status()
            .unwrap()
    };
    let two = || vec![authorize("p", 1000), authorize("q", 1000)];
    let and = |more: Vec<OrderCommand>| two().into_iter().chain(more).collect();
    assert_eq!(status(vec![]), PaymentStatus::Unpaid);
    assert_eq!(status(two()), PaymentStatus::Authorized);
    assert_eq!(
        status(and(vec![capture("p", 1000)])),
        PaymentStatus::PartiallyPaid
    );
    assert_eq!(
        status(and(vec![capture("p", 1000), capture("q", 300)])),
        PaymentStatus::Paid
    );
    assert_eq!(
        status(and(vec![capture("p", 1), cancel()])),
        PaymentStatus::Paid,
        "nothing is due"
    );
}

#[test]
fn an_order_of_nothing_is_paid_once_it_is_placed() {
    let free = || order_of(vec![line("1", 1, 0)]);
    let drafted = given([crate::sample::draft(free())]);
    assert_eq!(drafted.payment_status(), Some(PaymentStatus::Unpaid));
    let placed = given([place(NewOrder {
        expected_total: None,
        ..free()
    })]);
    assert_eq!(placed.payment_status(), Some(PaymentStatus::Paid));
}

#[test]
fn a_payment_is_captured_as_soon_as_something_is() {
    let order = given([
        place_five_units(),
        authorize("p", 10),
        authorize("q", 9),
        capture("p", 1),
    ]);
    let states: Vec<_> = order
        .facts()
        .unwrap()
        .payments
        .iter()
        .map(Payment::state)
        .collect();
    assert_eq!(states, [PaymentState::Captured, PaymentState::Authorized]);
}

#[test]
fn amounts_follow_the_money() {
    let order = given([place_five_units(), authorize("p", 2000), capture("p", 1500)]);
    let amounts = order.amounts();
    assert_eq!(
        (amounts.authorized, amounts.captured, amounts.due),
        (2000, 1500, 1300)
    );
    assert_eq!(
        amounts.balance, -200,
        "we owe back what was taken beyond what is due"
    );
}

#[test]
fn a_payment_is_voided_once_and_never_after_a_capture() {
    let order = given([place_five_units(), authorize("p", 100), authorize("q", 100)]);
    let payment_id = |id| PaymentId::parse(id).unwrap();
    let unknown = OrderError::UnknownPayment {
        payment_id: payment_id("x"),
    };
    assert_eq!(order.when(&void("x")), Err(unknown));
    let voided = || OrderError::PaymentVoided {
        payment_id: payment_id("p"),
    };
    let order = after(order, [void("p"), capture("q", 1)]);
    assert_eq!(order.when(&void("p")), Err(voided()));
    let captured = OrderError::PaymentCaptured {
        payment_id: payment_id("q"),
    };
    assert_eq!(order.when(&void("q")), Err(captured));
    assert_eq!(
        order.amounts().authorized,
        100,
        "without the one that was given up"
    );

    let exceeds = OrderError::AmountExceedsAuthorized {
        amount: 101,
        left: 100,
    };
    assert_eq!(
        order.when(&capture("p", 101)),
        Err(exceeds),
        "left to right"
    );
    assert_eq!(order.when(&capture("p", 100)), Err(voided()));
    let taken = OrderError::IdTaken { id: "p".into() };
    assert_eq!(order.when(&authorize("p", 1)), Err(taken));
}

#[test]
fn a_voided_payment_comes_before_its_expiry_and_a_hold() {
    let expired = Some(at("2026-11-20T11:00:00Z"));
    let order = given([
        place_five_units(),
        authorize_until("p", 9, expired),
        void("p"),
        hold("h"),
    ]);
    let refused = order.when(&capture("p", 1));
    assert!(matches!(refused, Err(OrderError::PaymentVoided { .. })));
}

#[test]
fn a_first_attempt_that_failed_is_a_payment_without_money() {
    let order = given([place_five_units(), fail("p")]);
    let facts = order.facts().unwrap();
    let payment = &facts.payments[0];
    assert_eq!((payment.authorized, payment.captured), (0, 0));
    assert_eq!(payment.state(), PaymentState::Failed);
    assert_eq!(
        payment.failure_reason.as_ref().unwrap().as_str(),
        "card declined"
    );
    assert_eq!(order.payment_status(), Some(PaymentStatus::Failed));
    let taken = OrderError::IdTaken { id: "p".into() };
    assert_eq!(
        order.when(&authorize("p", 1)),
        Err(taken),
        "a new attempt is a new payment"
    );
    let exceeds = OrderError::AmountExceedsAuthorized { amount: 1, left: 0 };
    assert_eq!(order.when(&capture("p", 1)), Err(exceeds));
    assert_eq!(order.types_when(&fail("p")), ["PaymentFailed"]);
}

#[test]
fn a_known_payment_that_fails_keeps_its_money_and_can_be_captured_or_voided() {
    let order = given([place_five_units(), authorize("p", 100), fail("p")]);
    let state = |order: &domain::order::Order| order.facts().unwrap().payments[0].state();
    assert_eq!(order.facts().unwrap().payments.len(), 1);
    assert_eq!(state(&order), PaymentState::Failed);
    assert_eq!(order.amounts().authorized, 100);
    assert_eq!(
        order.payment_status(),
        Some(PaymentStatus::Authorized),
        "the money is there"
    );
    let captured = after(order.clone(), [capture("p", 1)]);
    assert_eq!(state(&captured), PaymentState::Captured);
    assert_eq!(state(&after(captured, [fail("p")])), PaymentState::Captured);
    let voided = after(order, [void("p")]);
    assert_eq!(state(&voided), PaymentState::Voided);
    assert_eq!(
        voided.payment_status(),
        Some(PaymentStatus::Failed),
        "the last was a failure"
    );
    let tried_again = after(voided, [authorize("q", 5), void("q")]);
    assert_eq!(tried_again.payment_status(), Some(PaymentStatus::Unpaid));
}
