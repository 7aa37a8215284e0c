//! Every rule has a name of its own, and they are those of the contract.

use std::collections::BTreeSet;

use domain::order::{CommandName, OrderError, OrderStatus, ReturnState};
use domain::pricing::Location;
use domain::{DiscountCode, HoldId, PaymentId, ShipmentId, Tag, Timestamp};

use crate::sample::{line_id, refund_id, return_id};

/// http-api.md, 409, but for `key-in-use`, which is no rule of an order.
const OF_THE_CONTRACT: &str = "not-in-this-state, id-taken, unknown-line, unknown-discount, \
    unknown-hold, unknown-payment, unknown-shipment, unknown-return, unknown-refund, \
    nothing-changes, no-line, no-shipping-address, total-differs, code-used, \
    discount-exceeds-base, on-hold, quantity-exceeds-open, something-shipped, \
    already-delivered, amount-exceeds-authorized, payment-voided, payment-captured, \
    authorization-expired, return-not-requested, return-not-approved, return-not-received, \
    amount-exceeds-captured, payment-id-needed, part-settled, tag-present, tag-absent, \
    too-many-lines, too-many-discounts, too-many-tags, too-many-holds, amount-too-large";

/// One of each that an order's state can cause.
fn one_of_each() -> Vec<OrderError> {
    let at = Location::Order;
    let hold_id = HoldId::parse("h").unwrap();
    let code = DiscountCode::parse("C").unwrap();
    let payment_id = PaymentId::parse("p").unwrap();
    let shipment_id = ShipmentId::parse("s").unwrap();
    let (return_id, refund_id, state) = (return_id("r"), refund_id("f"), ReturnState::Declined);
    let (amount, left, base, max) = (2, 1, 1, 1);
    vec![
        OrderError::NotInThisState {
            command: CommandName::Ship,
            status: OrderStatus::Draft,
        },
        OrderError::IdTaken { id: "x".into() },
        OrderError::UnknownLine {
            line_id: line_id("1"),
        },
        OrderError::UnknownDiscount { code: code.clone() },
        OrderError::UnknownHold { hold_id },
        OrderError::UnknownPayment {
            payment_id: payment_id.clone(),
        },
        OrderError::UnknownShipment {
            shipment_id: shipment_id.clone(),
        },
        OrderError::UnknownReturn {
            return_id: return_id.clone(),
        },
        OrderError::UnknownRefund {
            refund_id: refund_id.clone(),
        },
        OrderError::NothingChanges,
        OrderError::NoLine,
        OrderError::NoShippingAddress,
        OrderError::TotalDiffers {
            expected: 1,
            total: 2,
        },
        OrderError::CodeUsed { at, code },
        OrderError::DiscountExceedsBase { at, amount, base },
        OrderError::OnHold,
        OrderError::QuantityExceedsOpen {
            line_id: line_id("1"),
            quantity: 2,
            open: 1,
        },
        OrderError::SomethingShipped,
        OrderError::AlreadyDelivered { shipment_id },
        OrderError::AmountExceedsAuthorized { amount, left },
        OrderError::PaymentVoided {
            payment_id: payment_id.clone(),
        },
        OrderError::PaymentCaptured { payment_id },
        OrderError::AuthorizationExpired {
            expired_at: Timestamp::EARLIEST,
        },
        OrderError::ReturnNotRequested {
            return_id: return_id.clone(),
            state,
        },
        OrderError::ReturnNotApproved {
            return_id: return_id.clone(),
            state,
        },
        OrderError::ReturnNotReceived { return_id, state },
        OrderError::AmountExceedsCaptured { amount, left },
        OrderError::PaymentIdNeeded {
            refund_id: refund_id.clone(),
        },
        OrderError::PartSettled { refund_id },
        OrderError::TagPresent {
            tag: Tag::parse("t").unwrap(),
        },
        OrderError::TagAbsent {
            tag: Tag::parse("t").unwrap(),
        },
        OrderError::TooManyLines { max },
        OrderError::TooManyDiscounts { at, max },
        OrderError::TooManyTags { max },
        OrderError::TooManyHolds { max },
        OrderError::AmountTooLarge { at },
    ]
}

#[test]
fn the_rules_are_named_as_the_contract_names_them() {
    let names: Vec<_> = one_of_each().iter().map(OrderError::rule).collect();
    let contract: Vec<_> = OF_THE_CONTRACT.split(", ").collect();
    assert_eq!(names, contract);
    let distinct: BTreeSet<_> = names.iter().collect();
    assert_eq!(distinct.len(), names.len());
}
