//! What orders can live through: lists of commands that together use every command there is and lead
//! to events of every type.

use serde_json::{Value, json};

use crate::order::{TOTAL, two_units};

/// A command in kebab-case and its body. The first of a life is sent to `/v1/orders`, the others to the order.
pub(crate) type Step = (&'static str, Value);

/// Every life, by what becomes of its order.
pub(crate) const LIVES: [fn(&str) -> Vec<Step>; 5] = [
    completed,
    drafted_and_returned,
    discarded,
    rejected,
    cancelled,
];

/// Paid, shipped, delivered: nothing is open in the end.
pub(crate) fn completed(order_id: &str) -> Vec<Step> {
    vec![
        ("place", ordered(order_id)),
        (
            "authorize-payment",
            json!({ "payment_id": "p-1", "amount": TOTAL, "provider": "acme",
                    "provider_reference": "ch ü 1", "expires_at": "2999-01-01T00:00:00Z" }),
        ),
        ("confirm", json!({})),
        (
            "capture-payment",
            json!({ "payment_id": "p-1", "amount": TOTAL }),
        ),
        (
            "ship",
            json!({ "shipment_id": "s-1", "lines": [{ "line_id": "1", "quantity": 2 }], "carrier": "DHL" }),
        ),
        ("deliver", json!({ "shipment_id": "s-1" })),
    ]
}

/// A draft that changes in every way, is placed, revised, paid in parts, and comes back in part.
fn drafted_and_returned(order_id: &str) -> Vec<Step> {
    let mut life = drafted(order_id);
    life.extend(placed());
    life.extend(returned());
    life
}

fn drafted(order_id: &str) -> Vec<Step> {
    let customer = json!({ "customer_id": customer(order_id) });
    vec![
        (
            "draft",
            json!({ "order_id": order_id, "draft": true, "currency": "EUR", "customer": customer }),
        ),
        ("add-line", line("pot", "TEAPOT", 3, 2_000)),
        ("add-line", line("cup", "CUP", 4, 350)),
        ("add-line", line("tray", "TRAY", 1, 900)),
        (
            "change-line-quantity",
            json!({ "line_id": "cup", "quantity": 6 }),
        ),
        ("remove-line", json!({ "line_id": "tray" })),
        (
            "apply-discount",
            json!({ "code": "WELCOME", "type": "fixed", "amount": 800 }),
        ),
        (
            "apply-discount",
            json!({ "code": "LOYAL", "type": "percentage", "value": "2.5" }),
        ),
        ("remove-discount", json!({ "code": "LOYAL" })),
        (
            "set-shipping",
            json!({ "method": "standard", "amount": 500, "tax_rate": "0.19" }),
        ),
        (
            "change-shipping-address",
            json!({ "address": address("1 Main Street") }),
        ),
        (
            "change-billing-address",
            json!({ "address": address("7 Office Park") }),
        ),
    ]
}

fn placed() -> Vec<Step> {
    vec![
        ("place", json!({})),
        ("tag", json!({ "tag": "gift" })),
        ("untag", json!({ "tag": "gift" })),
        (
            "add-note",
            json!({ "text": "rang twice: 100 % \"sure\"", "visibility": "customer" }),
        ),
        (
            "hold",
            json!({ "hold_id": "h-1", "reason": "fraud_check", "note": "first order" }),
        ),
        ("release-hold", json!({ "hold_id": "h-1" })),
        (
            "revise",
            json!({ "reason": "customer called", "changes": [
                { "op": "add_line", "line": line("saucer", "SAUCER", 2, 700) },
                { "op": "cancel_units", "line_id": "cup", "quantity": 1 },
                { "op": "set_shipping", "shipping": { "method": "express", "amount": 900, "tax_rate": "0.19" } },
            ] }),
        ),
        (
            "record-payment-failure",
            json!({ "payment_id": "p-0", "reason": "card declined" }),
        ),
        (
            "authorize-payment",
            json!({ "payment_id": "p-1", "amount": 3_000 }),
        ),
        (
            "authorize-payment",
            json!({ "payment_id": "p-2", "amount": 100 }),
        ),
        (
            "void-payment",
            json!({ "payment_id": "p-2", "reason": "not needed" }),
        ),
        ("confirm", json!({})),
        (
            "capture-payment",
            json!({ "payment_id": "p-1", "amount": 3_000 }),
        ),
    ]
}

fn returned() -> Vec<Step> {
    vec![
        (
            "ship",
            json!({ "shipment_id": "s-1", "lines": [{ "line_id": "pot", "quantity": 2 }] }),
        ),
        (
            "cancel-lines",
            json!({ "lines": [{ "line_id": "saucer", "quantity": 1 }], "reason": "sold out" }),
        ),
        ("deliver", json!({ "shipment_id": "s-1" })),
        (
            "request-return",
            json!({ "return_id": "r-1", "lines": [{ "line_id": "pot", "quantity": 1, "reason": "leaks" }] }),
        ),
        (
            "decline-return",
            json!({ "return_id": "r-1", "reason": "it does not" }),
        ),
        (
            "request-return",
            json!({ "return_id": "r-2", "lines": [{ "line_id": "pot", "quantity": 1 }] }),
        ),
        ("approve-return", json!({ "return_id": "r-2" })),
        (
            "receive-return",
            json!({ "return_id": "r-2", "lines": [
                { "line_id": "pot", "quantity": 1, "condition": "damaged", "restock": false },
            ] }),
        ),
        (
            "refund",
            json!({ "refund_id": "f-1", "amount": 500, "reason": "leaks", "return_id": "r-2" }),
        ),
        (
            "settle-refund",
            json!({ "refund_id": "f-1", "outcome": "failed" }),
        ),
        (
            "refund",
            json!({ "refund_id": "f-2", "amount": 400, "reason": "goodwill" }),
        ),
        (
            "settle-refund",
            json!({ "refund_id": "f-2", "outcome": "succeeded", "provider_reference": "re_1" }),
        ),
    ]
}

fn discarded(order_id: &str) -> Vec<Step> {
    let mut life = drafted(order_id);
    life.truncate(3);
    life.push(("discard", json!({})));
    life
}

fn rejected(order_id: &str) -> Vec<Step> {
    vec![
        ("place", ordered(order_id)),
        ("reject", json!({ "reason": "not deliverable" })),
    ]
}

fn cancelled(order_id: &str) -> Vec<Step> {
    vec![
        ("place", ordered(order_id)),
        (
            "cancel",
            json!({ "reason": "changed mind", "restock": true }),
        ),
    ]
}

fn ordered(order_id: &str) -> Value {
    let mut order = two_units();
    order["order_id"] = json!(order_id);
    order["customer"]["customer_id"] = json!(customer(order_id));
    order
}

/// Few customers have many orders each, in different partitions.
fn customer(order_id: &str) -> String {
    let sum: usize = order_id.bytes().map(usize::from).sum();
    format!("c-{}", sum % 7)
}

fn line(line_id: &str, sku: &str, quantity: u32, unit_price: u32) -> Value {
    json!({ "line_id": line_id, "sku": sku, "name": "A thing", "quantity": quantity,
            "unit_price": unit_price, "tax_rate": "0.19" })
}

fn address(line1: &str) -> Value {
    json!({ "name": "Ada Lovelace", "line1": line1, "city": "Köln", "postal_code": "50667", "country": "DE" })
}
