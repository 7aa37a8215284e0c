//! Amounts, percentages, rates and quantities beyond their limits.

use serde_json::{Value, json};

use super::{LARGEST, judged, line, revise, with};

#[tokio::test]
async fn amounts_beyond_their_limits() {
    let shipping = |amount: Value| json!({"method": "m", "amount": amount});
    let mut cases = vec![
        (
            "d/add-line",
            with(line(), "unit_price", json!(-1)),
            422,
            "/unit_price",
        ),
        (
            "d/add-line",
            with(line(), "unit_price", json!(LARGEST + 1)),
            422,
            "/unit_price",
        ),
        (
            "d/add-line",
            with(line(), "unit_price", json!(LARGEST)),
            409,
            "amount-too-large",
        ),
        ("d/set-shipping", shipping(json!(-1)), 422, "/amount"),
        (
            "d/set-shipping",
            shipping(json!(LARGEST + 1)),
            422,
            "/amount",
        ),
        (
            "d/set-shipping",
            shipping(json!(LARGEST)),
            409,
            "amount-too-large",
        ),
        ("d/set-shipping", shipping(json!(1.5)), 422, "/amount"),
        (
            "d/place",
            json!({"expected_total": -1}),
            422,
            "/expected_total",
        ),
    ];
    let payment = |amount: Value| json!({"payment_id": "new", "amount": amount});
    let captured = |amount: Value| json!({"payment_id": "p", "amount": amount});
    let refund = |amount: Value| json!({"amount": amount, "reason": "x"});
    let fixed = |amount: Value| json!({"code": "A", "type": "fixed", "amount": amount});
    for wrong in [
        json!(0),
        json!(-1),
        json!(LARGEST + 1),
        json!(1.0),
        json!("1"),
        json!(i64::MIN),
    ] {
        cases.push((
            "o/authorize-payment",
            payment(wrong.clone()),
            422,
            "/amount",
        ));
        cases.push(("o/capture-payment", captured(wrong.clone()), 422, "/amount"));
        cases.push(("o/refund", refund(wrong.clone()), 422, "/amount"));
        cases.push(("d/apply-discount", fixed(wrong), 422, "/amount"));
    }
    cases.extend([
        (
            "o/authorize-payment",
            payment(json!(LARGEST)),
            409,
            "amount-too-large",
        ),
        (
            "o/capture-payment",
            captured(json!(LARGEST)),
            409,
            "amount-exceeds-authorized",
        ),
        (
            "o/refund",
            refund(json!(LARGEST)),
            409,
            "amount-exceeds-captured",
        ),
        (
            "d/apply-discount",
            fixed(json!(LARGEST)),
            409,
            "discount-exceeds-base",
        ),
    ]);
    judged(cases).await;
}

#[tokio::test]
async fn percentages_and_rates_beyond_their_limits() {
    let mut cases = Vec::new();
    for wrong in ["0", "0.0000", "100.0001", "-1", "1e1", "1.00001", ""] {
        let discount = json!({"code": "A", "type": "percentage", "value": wrong});
        let line = with(line(), "discounts", json!([discount]));
        cases.push(("d/apply-discount", discount, 422, "/value"));
        cases.push(("d/add-line", line, 422, "/discounts/0/value"));
    }
    for wrong in ["0.1234567", "10.1", "-0.1", "1e-1", ".5", ""] {
        let shipping = json!({"method": "m", "amount": 1, "tax_rate": wrong});
        let line = with(line(), "tax_rate", json!(wrong));
        let added = revise(&json!({"op": "add_line", "line": line}));
        let set = revise(&json!({"op": "set_shipping", "shipping": shipping}));
        cases.push(("d/set-shipping", shipping, 422, "/tax_rate"));
        cases.push(("d/add-line", line, 422, "/tax_rate"));
        cases.push(("o/revise", added, 422, "/changes/0/line/tax_rate"));
        cases.push(("o/revise", set, 422, "/changes/0/shipping/tax_rate"));
    }
    judged(cases).await;
}

#[tokio::test]
async fn quantities_beyond_their_limits() {
    let mut cases = Vec::new();
    for wrong in [
        json!(0),
        json!(-1),
        json!(1_000_001),
        json!(1.0),
        json!("1"),
    ] {
        let units = json!({"line_id": "1", "quantity": wrong});
        let list = json!([units]);
        let cancel = json!({"op": "cancel_units", "line_id": "1", "quantity": wrong});
        let came =
            json!({"line_id": "1", "quantity": wrong, "condition": "damaged", "restock": false});
        let lines = |more: Value| {
            let mut body = json!({"lines": list});
            body.as_object_mut()
                .unwrap()
                .extend(more.as_object().unwrap().clone());
            body
        };
        let received = json!({"return_id": "r", "lines": [came]});
        cases.extend([
            (
                "d/add-line",
                with(line(), "quantity", wrong.clone()),
                422,
                "/quantity",
            ),
            ("d/change-line-quantity", units.clone(), 422, "/quantity"),
            ("o/revise", revise(&cancel), 422, "/changes/0/quantity"),
            ("o/ship", lines(json!({})), 422, "/lines/0/quantity"),
            (
                "o/cancel-lines",
                lines(json!({"reason": "x"})),
                422,
                "/lines/0/quantity",
            ),
            (
                "o/request-return",
                lines(json!({})),
                422,
                "/lines/0/quantity",
            ),
            ("o/receive-return", received, 422, "/lines/0/quantity"),
        ]);
    }
    let million = json!([{"line_id": "1", "quantity": 1_000_000}]);
    cases.push((
        "o/ship",
        json!({"lines": million}),
        409,
        "quantity-exceeds-open",
    ));
    judged(cases).await;
}
