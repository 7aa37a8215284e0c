//! `POST /v1/orders/{order_id}/apply-discount`: give a draft one more order-level discount.

use domain::order::OrderCommand;

use crate::body::Node;
use crate::commands::about::{About, Example};
use crate::shapes::discount::order_discount;

/// What the API's document says about it.
pub(super) const ABOUT: About = About {
    summary: "Apply a discount to a draft",
    description: "An order-level discount, on the lines or on the shipping. A discount of a line comes \
        with its line.",
    example: Example {
        order_id: "o-1",
        body: Some(r#"{"code": "WELCOME", "type": "fixed", "amount": 1000}"#),
        shown: r#"{"order_status": "draft", "version": 6, "events": [{"type": "DiscountApplied"}]}"#,
    },
};

/// An order-level discount, as in a new order.
pub(super) fn read(node: Node<'_>) -> Option<OrderCommand> {
    order_discount(node).map(OrderCommand::ApplyDiscount)
}

#[cfg(test)]
mod tests {
    use crate::body;
    use crate::body::testing::pointers;
    use serde_json::json;

    #[test]
    fn a_discount_is_read_as_in_a_new_order() {
        let discount = json!({
            "code": "A", "type": "fixed", "amount": 1, "applies_to": "shipping",
        });
        assert!(body::read(&discount, super::read).is_ok());
        let wrong = json!({"type": "percentage", "value": "100.0001", "applies_to": "line"});
        assert_eq!(
            pointers(&wrong, super::read),
            ["/code", "/value", "/applies_to"]
        );
    }
}
