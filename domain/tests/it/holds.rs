//! `hold`, `release-hold` and what a hold blocks.

use domain::HoldId;
use domain::order::{OrderCommand, OrderError};

use crate::sample::{
    When, authorize, cancel, capture, deliver, given, hold, place_five_units, release_hold, ship,
};

#[test]
fn an_open_hold_blocks_confirm_ship_and_capture() {
    let held = given([place_five_units(), authorize("p", 1300), hold("h")]);
    assert_eq!(held.when(&OrderCommand::Confirm), Err(OrderError::OnHold));
    assert_eq!(held.when(&capture("p", 1)), Err(OrderError::OnHold));
    let held = given([place_five_units(), OrderCommand::Confirm, hold("h")]);
    assert_eq!(held.when(&ship("s", &[("1", 1)])), Err(OrderError::OnHold));
}

#[test]
fn a_hold_blocks_neither_cancel_nor_deliver_nor_authorize() {
    let held = given([place_five_units(), hold("h")]);
    assert_eq!(held.types_when(&cancel()), ["OrderCancelled"]);
    assert_eq!(held.types_when(&authorize("p", 1)), ["PaymentAuthorized"]);
    let shipped = [OrderCommand::Confirm, ship("s", &[("1", 1)]), hold("h")];
    let held = given([place_five_units()].into_iter().chain(shipped));
    assert_eq!(held.types_when(&deliver("s")), ["ShipmentDelivered"]);
}

#[test]
fn holds_are_a_set_and_every_one_must_be_released() {
    let holds = [hold("a"), hold("b"), release_hold("a")];
    let held = given([place_five_units()].into_iter().chain(holds.clone()));
    assert_eq!(held.when(&OrderCommand::Confirm), Err(OrderError::OnHold));
    let free = given(
        [place_five_units()]
            .into_iter()
            .chain(holds)
            .chain([release_hold("b")]),
    );
    assert_eq!(free.types_when(&OrderCommand::Confirm), ["OrderConfirmed"]);
}

#[test]
fn a_hold_s_id_stays_taken_after_its_release() {
    let taken = || Err(OrderError::IdTaken { id: "h".into() });
    assert_eq!(
        given([place_five_units(), hold("h")]).when(&hold("h")),
        taken()
    );
    let released = given([place_five_units(), hold("h"), release_hold("h")]);
    assert_eq!(released.when(&hold("h")), taken());
}

#[test]
fn only_an_open_hold_is_released() {
    let unknown = || {
        Err(OrderError::UnknownHold {
            hold_id: HoldId::parse("h").unwrap(),
        })
    };
    assert_eq!(
        given([place_five_units()]).when(&release_hold("h")),
        unknown()
    );
    let released = given([place_five_units(), hold("h"), release_hold("h")]);
    assert_eq!(released.when(&release_hold("h")), unknown());
}

#[test]
fn an_order_has_at_most_20_open_holds() {
    let twenty = (0..20).map(|n| hold(&n.to_string()));
    let held = given([place_five_units()].into_iter().chain(twenty.clone()));
    assert_eq!(
        held.when(&hold("one more")),
        Err(OrderError::TooManyHolds { max: 20 })
    );
    let taken = OrderError::IdTaken { id: "7".into() };
    assert_eq!(held.when(&hold("7")), Err(taken), "limits come last");
    let one_less = [place_five_units()]
        .into_iter()
        .chain(twenty)
        .chain([release_hold("7")]);
    assert_eq!(
        given(one_less).types_when(&hold("one more")),
        ["HoldPlaced"]
    );
}

#[test]
fn a_hold_outlives_cancellation_and_can_still_be_released() {
    let cancelled = given([place_five_units(), hold("h"), cancel()]);
    assert_eq!(cancelled.types_when(&release_hold("h")), ["HoldReleased"]);
}
