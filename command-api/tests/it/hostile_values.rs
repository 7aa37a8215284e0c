//! Values at and beyond every limit, in every command that takes them: what is wrong by itself is 422
//! and pointed at, what the order is against is its rule, and the order stays as it was.

use serde_json::{Value, json};

use crate::api::{Api, Log, address, answer, order};

/// 2^53 − 1, the largest amount.
const LARGEST: i64 = 9_007_199_254_740_991;

/// A draft `d`, and an order `o` that is confirmed, half delivered and paid.
async fn orders() -> (Api, Log) {
    let (api, log) = Api::with_log().await;
    let mut draft = order("d");
    draft["draft"] = json!(true);
    api.done("/v1/orders", &draft).await;
    api.place("o").await;
    let payment = json!({"payment_id": "p", "amount": 100});
    let expired = json!({"payment_id": "old", "amount": 100, "expires_at": "2020-01-01T00:00:00Z"});
    let refund = json!({"refund_id": "f", "amount": 10, "reason": "x"});
    let settled = json!({"refund_id": "f", "outcome": "succeeded"});
    let shipped = json!({"shipment_id": "s", "lines": [{"line_id": "1", "quantity": 5}]});
    for (command, body) in [
        ("confirm", json!({})),
        ("authorize-payment", payment.clone()),
        ("authorize-payment", expired),
        ("capture-payment", payment),
        ("refund", refund),
        ("settle-refund", settled),
        ("ship", shipped),
        ("deliver", json!({"shipment_id": "s"})),
    ] {
        api.done(&format!("/v1/orders/o/{command}"), &body).await;
    }
    (api, log)
}

/// Each command is answered with this status, and these pointers or this rule.
async fn judged(cases: Vec<(&str, Value, u16, &str)>) {
    let (api, log) = orders().await;
    let before = (log.events().await, log.keys().await);
    for (command, body, status, told) in cases {
        let refused = answer(api.post(&path(command), &body)).await;
        let text: String = body.to_string().chars().take(200).collect();
        assert_eq!(refused.status, status, "{command} {text}: {refused:?}");
        if status == 422 {
            assert_eq!(refused.pointers(), [told], "{command} {text}: {refused:?}");
        } else {
            refused.is_problem(status, told);
        }
        assert_eq!(
            (log.events().await, log.keys().await),
            before,
            "{command} {text}"
        );
    }
    api.stop().await;
}

/// The path of an order's command, or of a new order.
fn path(command: &str) -> String {
    format!("/v1/orders/{command}")
        .trim_end_matches('/')
        .to_owned()
}

fn with(mut body: Value, member: &str, value: Value) -> Value {
    body[member] = value;
    body
}

fn line() -> Value {
    json!({"line_id": "2", "sku": "S", "name": "N", "quantity": 1, "unit_price": 1})
}

fn revise(change: &Value) -> Value {
    json!({"changes": [change], "reason": "x"})
}

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

#[tokio::test]
async fn ids_beyond_their_limits() {
    let mut cases = Vec::new();
    for wrong in [
        json!("x".repeat(256)),
        json!(""),
        json!("a,b"),
        json!(" a"),
        json!("a\u{7}"),
        json!(1),
    ] {
        let one = |name: &str| json!({name: wrong, "reason": "x"});
        let units = json!([{"line_id": wrong, "quantity": 1}]);
        cases.extend([
            (
                "d/add-line",
                with(line(), "line_id", wrong.clone()),
                422,
                "/line_id",
            ),
            (
                "d/add-line",
                with(line(), "sku", wrong.clone()),
                422,
                "/sku",
            ),
            ("d/remove-line", json!({"line_id": wrong}), 422, "/line_id"),
            ("d/remove-discount", json!({"code": wrong}), 422, "/code"),
            ("o/hold", one("hold_id"), 422, "/hold_id"),
            ("o/release-hold", json!({"hold_id": wrong}), 422, "/hold_id"),
            ("o/void-payment", one("payment_id"), 422, "/payment_id"),
            (
                "o/record-payment-failure",
                one("payment_id"),
                422,
                "/payment_id",
            ),
            ("o/ship", json!({"lines": units}), 422, "/lines/0/line_id"),
            (
                "o/deliver",
                json!({"shipment_id": wrong}),
                422,
                "/shipment_id",
            ),
            ("o/decline-return", one("return_id"), 422, "/return_id"),
            (
                "o/settle-refund",
                json!({"refund_id": wrong, "outcome": "failed"}),
                422,
                "/refund_id",
            ),
            ("o/tag", json!({"tag": wrong}), 422, "/tag"),
        ]);
    }
    cases.push(("o/untag", json!({"tag": "x".repeat(51)}), 422, "/tag"));
    judged(cases).await;
}

#[tokio::test]
async fn the_same_twice_too_much_at_once_and_nothing_at_all() {
    let units = |line: &str| json!({"line_id": line, "quantity": 1});
    let twice = json!([units("1"), units("1")]);
    let cancel = |line: &str| json!({"op": "cancel_units", "line_id": line, "quantity": 1});
    let changes = |changes: Value| json!({"changes": changes, "reason": "x"});
    let many: Vec<_> = (0..501).map(|n| cancel(&n.to_string())).collect();
    let added = json!({"op": "add_line", "line": line()});
    let impossible = with(
        line(),
        "discounts",
        json!([{"code": "A", "type": "fixed", "amount": 2}]),
    );
    let impossible_change = json!({"op": "add_line", "line": impossible});
    let came = json!({"line_id": "1", "quantity": 1, "condition": "sellable", "restock": true});
    let tags: Vec<_> = (0..51).map(|n| n.to_string()).collect();
    let tagged = with(
        with(order("new"), "tags", json!(tags)),
        "draft",
        json!(true),
    );
    judged(vec![
        ("o/ship", json!({"lines": twice}), 422, "/lines/1/line_id"),
        (
            "o/cancel-lines",
            json!({"lines": twice, "reason": "x"}),
            422,
            "/lines/1/line_id",
        ),
        (
            "o/request-return",
            json!({"lines": twice}),
            422,
            "/lines/1/line_id",
        ),
        (
            "o/receive-return",
            json!({"return_id": "r", "lines": [came, came]}),
            422,
            "/lines/1/line_id",
        ),
        (
            "o/revise",
            changes(json!([cancel("1"), cancel("1")])),
            422,
            "/changes/1/line_id",
        ),
        (
            "o/revise",
            changes(json!([added, cancel("2")])),
            422,
            "/changes/1/line_id",
        ),
        ("o/revise", changes(json!(many)), 422, "/changes"),
        ("o/revise", changes(json!([])), 422, "/changes"),
        (
            "o/revise",
            changes(json!([impossible_change])),
            422,
            "/changes/0/line/discounts/0",
        ),
        ("d/add-line", impossible, 422, "/discounts/0"),
        ("o/ship", json!({"lines": []}), 422, "/lines"),
        (
            "o/cancel-lines",
            json!({"lines": [], "reason": "x"}),
            422,
            "/lines",
        ),
        ("o/request-return", json!({"lines": []}), 422, "/lines"),
        ("", tagged, 422, "/tags"),
        (
            "o/change-shipping-address",
            json!({"address": with(address(), "country", json!("XX"))}),
            422,
            "/address/country",
        ),
    ])
    .await;
}

#[tokio::test]
async fn what_is_not_there_has_expired_or_has_ended() {
    let unknown = json!([{"line_id": "9", "quantity": 1}]);
    let cancel = json!({"op": "cancel_units", "line_id": "9", "quantity": 1});
    let settle = json!({"refund_id": "f", "outcome": "failed"});
    judged(vec![
        ("o/ship", json!({"lines": unknown}), 409, "unknown-line"),
        (
            "o/cancel-lines",
            json!({"lines": unknown, "reason": "x"}),
            409,
            "unknown-line",
        ),
        (
            "o/request-return",
            json!({"lines": unknown}),
            409,
            "unknown-line",
        ),
        ("o/revise", revise(&cancel), 409, "unknown-line"),
        (
            "d/remove-line",
            json!({"line_id": "9"}),
            409,
            "unknown-line",
        ),
        (
            "o/capture-payment",
            json!({"payment_id": "old", "amount": 1}),
            409,
            "authorization-expired",
        ),
        ("o/settle-refund", settle, 409, "part-settled"),
    ])
    .await;
}
