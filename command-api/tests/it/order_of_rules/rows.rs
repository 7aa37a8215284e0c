//! A command's row is told from left to right.

use serde_json::{Value, json};

use super::{
    cancel, draft, hold, off_shipping, payment, refused, revise, set_shipping, shipping, units,
};
use crate::api::order;

#[tokio::test]
async fn of_a_capture() {
    let expired = |id: &str| {
        let body = json!({"payment_id": id, "amount": 100, "expires_at": "2020-01-01T00:00:00Z"});
        ("authorize-payment", body)
    };
    let steps = [
        expired("p"),
        expired("void"),
        ("void-payment", json!({"payment_id": "void", "reason": "x"})),
        hold("h"),
    ];
    let cases = [
        (
            "capture-payment",
            payment("void", 101),
            "amount-exceeds-authorized",
        ),
        ("capture-payment", payment("void", 100), "payment-voided"),
        (
            "capture-payment",
            payment("p", 101),
            "amount-exceeds-authorized",
        ),
        (
            "capture-payment",
            payment("p", 100),
            "authorization-expired",
        ),
    ];
    refused(order("o-1"), &steps, &cases).await;
}

#[tokio::test]
async fn of_placing_a_draft() {
    let place = |rule| [("place", json!({"expected_total": 1}), rule)];
    let mut empty = draft(order("o-1"));
    empty["lines"] = json!([]);
    empty["shipping_address"] = Value::Null;
    refused(empty.clone(), &[], &place("no-line")).await;
    empty["lines"] = order("o-1")["lines"].clone();
    refused(empty, &[], &place("no-shipping-address")).await;
    refused(draft(order("o-1")), &[], &place("total-differs")).await;
}

#[tokio::test]
async fn of_a_discount() {
    let mut order = draft(order("o-1"));
    order["discounts"] = json!([{"code": "A", "type": "fixed", "amount": 1}]);
    let fixed = |code: &str| json!({"code": code, "type": "fixed", "amount": 10_000});
    let cases = [
        ("apply-discount", fixed("A"), "code-used"),
        ("apply-discount", fixed("B"), "discount-exceeds-base"),
    ];
    refused(order, &[], &cases).await;
}

#[tokio::test]
async fn of_a_revision() {
    let mut order = order("o-1");
    order["shipping"] = shipping(100);
    order["discounts"] = json!([off_shipping()]);
    let revision = |changes: &[Value], rule| ("revise", revise(changes), rule);
    let steps = [
        ("confirm", Value::Null),
        ("ship", json!({"lines": units("1", 5)})),
    ];
    let cases = [
        revision(&[cancel("1", 6), set_shipping(50)], "quantity-exceeds-open"),
        revision(&[set_shipping(100)], "nothing-changes"),
        revision(&[set_shipping(50)], "something-shipped"),
    ];
    refused(order.clone(), &steps, &cases).await;
    let cases = [revision(&[set_shipping(50)], "discount-exceeds-base")];
    refused(order, &[], &cases).await;
}
