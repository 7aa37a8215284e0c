//! The orders that these tests place.

use serde_json::{Value, json};

/// Two units at 19.99 EUR with 19 % tax and shipping: the contract's example, less its discounts.
///
/// Worked out by hand: 3998 + 599 = 4597 net; tax round(759.62) = 760 and round(113.81) = 114;
/// total 5471.
pub(crate) fn two_units() -> Value {
    json!({
        "currency": "EUR",
        "customer": { "customer_id": "c-42", "name": "Ada Lovelace", "email": "ada@example.org" },
        "lines": [{
            "line_id": "1", "sku": "SKU-1", "name": "Teapot", "quantity": 2, "unit_price": 1999,
            "tax_rate": "0.19"
        }],
        "shipping": { "method": "standard", "amount": 599, "tax_rate": "0.19" },
        "shipping_address": {
            "name": "Ada Lovelace", "line1": "1 Main Street", "city": "Berlin", "country": "DE"
        },
        "expected_total": TOTAL
    })
}

/// The total of [`two_units`], in cents.
pub(crate) const TOTAL: i64 = 5471;

/// One line of a bulk upload that places an order of [`two_units`] under a known id and key.
pub(crate) fn bulk_line(order_id: &str) -> String {
    let mut data = two_units();
    data["order_id"] = json!(order_id);
    let line = json!({
        "command": "place", "idempotency_key": format!("key-{order_id}"), "data": data
    });
    format!("{line}\n")
}
