//! `POST /v1/orders`: place, or with `"draft": true` draft, an order.

use domain::order::{MAX_TAGS, NewOrder, OrderCommand};
use serde_json::Value;

use crate::body::lists::distinct;
use crate::body::values::{integer, text, word};
use crate::body::{Members, Node};
use crate::commands::about::{About, Example};
use crate::shapes::address::address;
use crate::shapes::customer::customer;
use crate::shapes::discount::order_discounts;
use crate::shapes::line::lines;
use crate::shapes::new_id;
use crate::shapes::shipping::shipping;
use crate::shapes::tax::tax;

/// What the API's document says about placing.
pub(super) const ABOUT_PLACE: About = About {
    summary: "Place an order",
    description: "Prices, discounts and taxes are computed and frozen, and the order gets its number. With \
        `expected_total` only if that is the total. An order without an id gets one.",
    example: Example {
        order_id: "o-2",
        body: Some(
            r#"{ "order_id": "o-2", "currency": "EUR", "customer": {"customer_id": "c-42"}, "lines": [{"line_id": "1", "sku": "CUP", "name": "Cup", "quantity": 4, "unit_price": 350}], "shipping_address": {"name": "Ada Lovelace", "line1": "1 Main Street", "city": "Berlin", "country": "DE"} }"#,
        ),
        shown: r#"{"order_status": "placed", "version": 1, "events": [{"type": "OrderPlaced"}]}"#,
    },
};

/// What it says about drafting.
pub(super) const ABOUT_DRAFT: About = About {
    summary: "Draft an order",
    description: "With `\"draft\": true` nothing but the currency and the customer is needed, and the \
        order can be changed in every way until it is placed.",
    example: Example {
        order_id: "o-1",
        body: Some(
            r#"{"order_id": "o-1", "draft": true, "currency": "EUR", "customer": {"customer_id": "c-42"}}"#,
        ),
        shown: r#"{"order_status": "draft", "version": 1, "events": [{"type": "OrderDrafted"}]}"#,
    },
};

/// Whether the body of `POST /v1/orders` asks for a draft. A `draft` that is well formed is taken out:
/// from here on the command's name says it, and a line of a bulk upload, which has no `draft`, is the
/// same request.
pub(crate) fn take_draft(body: &mut Value) -> bool {
    let draft = body.get("draft").and_then(Value::as_bool);
    if let (Some(_), Value::Object(members)) = (draft, body) {
        members.shift_remove("draft");
    }
    draft.unwrap_or(false)
}

/// An order to be placed: it needs a line and a shipping address.
pub(super) fn place(node: Node<'_>) -> Option<OrderCommand> {
    let mut body = node.object("PlaceOrder")?;
    for name in ["lines", "shipping_address"] {
        if !body.has(name) {
            body.missing(name);
        }
    }
    let order = new_order(&mut body, 1);
    body.end();
    Some(OrderCommand::Place(Box::new(order?)))
}

/// An order to be drafted: lines and addresses may be missing.
pub(super) fn draft(node: Node<'_>) -> Option<OrderCommand> {
    let mut body = node.object("DraftOrder")?;
    let order = new_order(&mut body, 0);
    body.end();
    Some(OrderCommand::Draft(Box::new(order?)))
}

fn new_order(body: &mut Members<'_>, least_lines: usize) -> Option<NewOrder> {
    let order_id = body.optional("order_id", text).or_else(new_id);
    body.optional("draft", misplaced_draft);
    let currency = body.required("currency", text);
    let rounding = body.optional("rounding", word).unwrap_or_default();
    let tax = body.optional("tax", tax).unwrap_or_default();
    let customer = body.required("customer", customer);
    let lines = body
        .optional("lines", |node| lines(node, least_lines))
        .unwrap_or_default();
    let discounts = body
        .optional("discounts", order_discounts)
        .unwrap_or_default();
    let shipping = body.optional("shipping", shipping);
    let shipping_address = body.optional("shipping_address", address);
    let billing_address = body.optional("billing_address", address);
    let tags = body.optional("tags", tags).unwrap_or_default();
    let note = body.optional("note", text);
    let expected_total = body.optional("expected_total", integer);
    Some(NewOrder {
        order_id: order_id?,
        currency: currency?,
        rounding,
        tax,
        customer: customer?,
        lines,
        discounts,
        shipping,
        shipping_address,
        billing_address,
        tags,
        note,
        expected_total,
    })
}

/// See [`take_draft`].
fn misplaced_draft(node: Node<'_>) -> Option<()> {
    node.wrong("must be true or false, and in a bulk upload the command says it");
    None
}

fn tags(node: Node<'_>) -> Option<Vec<domain::Tag>> {
    distinct(
        node,
        (0, MAX_TAGS),
        text,
        |_| &[],
        |tag: &domain::Tag| Some(tag.clone()),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::body::read;
    use crate::body::testing::pointers;
    use serde_json::json;

    /// The example of http-api.md.
    fn example() -> Value {
        json!({
            "order_id": "o-1", "currency": "EUR", "rounding": "half_even",
            "tax": {"mode": "exclusive", "level": "line"},
            "customer": {"customer_id": "c-42", "name": "Ada", "email": "ada@example.org"},
            "lines": [{
                "line_id": "1", "sku": "SKU-1", "name": "Pen", "quantity": 2, "unit_price": 1999,
                "tax_rate": "0.19",
                "discounts": [{"code": "LOYAL", "type": "percentage", "value": "10"}],
            }],
            "discounts": [
                {"code": "WELCOME", "type": "fixed", "amount": 1000, "applies_to": "order"},
            ],
            "shipping": {"method": "standard", "amount": 599, "tax_rate": "0.19"},
            "shipping_address": {
                "name": "Ada", "line1": "1 Way", "line2": null, "city": "Berlin", "region": null,
                "postal_code": "10115", "country": "DE",
            },
            "billing_address": null, "tags": ["web"], "note": null, "expected_total": 3805,
        })
    }

    fn with(member: &str, value: Value) -> Value {
        let mut body = example();
        body[member] = value;
        body
    }

    #[test]
    fn the_example_of_the_contract_is_an_order() {
        let Ok(OrderCommand::Place(order)) = read(&example(), place) else {
            panic!("the example is refused");
        };
        assert_eq!(order.order_id.as_str(), "o-1");
        assert_eq!(order.lines.len(), 1);
        assert_eq!(order.expected_total.map(domain::Amount::get), Some(3805));
        assert!(order.billing_address.is_none());
    }

    #[test]
    fn placing_needs_a_line_and_an_address_and_drafting_does_not() {
        let least = json!({"currency": "EUR", "customer": {"customer_id": "c-1"}});
        assert_eq!(pointers(&least, place), ["/lines", "/shipping_address"]);
        assert!(matches!(read(&least, draft), Ok(OrderCommand::Draft(_))));
        assert_eq!(pointers(&with("lines", json!([])), place), ["/lines"]);
        assert!(read(&with("lines", json!([])), draft).is_ok());
        assert_eq!(pointers(&json!({}), draft), ["/currency", "/customer"]);
    }

    #[test]
    fn draft_is_taken_out_of_the_body_if_it_is_true_or_false() {
        let mut body = with("draft", json!(true));
        assert!(take_draft(&mut body));
        assert_eq!(body, example());
        let mut body = with("draft", json!(false));
        assert!(!take_draft(&mut body));
        assert_eq!(body, example());
        let mut body = with("draft", json!("true"));
        assert!(!take_draft(&mut body));
        assert_eq!(pointers(&body, place), ["/draft"]);
        assert!(!take_draft(&mut json!([])));
    }

    #[test]
    fn an_order_without_an_id_gets_one() {
        let Ok(OrderCommand::Place(order)) = read(&with("order_id", Value::Null), place) else {
            panic!("an order without an id is refused");
        };
        let id = uuid::Uuid::parse_str(order.order_id.as_str()).unwrap();
        assert_eq!(id.get_version_num(), 7);
    }

    #[test]
    fn bad_values_are_found_where_they_are() {
        for (member, value, pointer) in [
            ("order_id", json!("by-number"), "/order_id"),
            ("order_id", json!("a/b"), "/order_id"),
            ("draft", json!("no"), "/draft"),
            ("currency", json!("XYZ"), "/currency"),
            ("rounding", json!("up"), "/rounding"),
            ("tags", json!(["a", "b", "a"]), "/tags/2"),
            ("tags", json!([" a"]), "/tags/0"),
            ("note", json!("x".repeat(4_001)), "/note"),
            ("expected_total", json!(10.5), "/expected_total"),
            ("expected_total", json!(-1), "/expected_total"),
            (
                "expected_total",
                json!(9_007_199_254_740_992_i64),
                "/expected_total",
            ),
            ("colour", json!("red"), "/colour"),
        ] {
            assert_eq!(
                pointers(&with(member, value.clone()), place),
                [pointer],
                "{member} {value}"
            );
        }
        let tags: Vec<_> = (0..51).map(|tag| tag.to_string()).collect();
        assert_eq!(pointers(&with("tags", json!(tags)), place), ["/tags"]);
    }
}
