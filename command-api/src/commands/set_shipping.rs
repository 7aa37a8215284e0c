//! `POST /v1/orders/{order_id}/set-shipping`: say how a draft is shipped and what that costs.

use domain::order::OrderCommand;

use crate::body::Node;
use crate::commands::about::{About, Example};
use crate::shapes::shipping::shipping;

/// What the API's document says about it.
pub(super) const ABOUT: About = About {
    summary: "Say how a draft is shipped",
    description: "Replaces what was said before.",
    example: Example {
        order_id: "o-1",
        body: Some(r#"{"method": "standard", "amount": 599, "tax_rate": "0.19"}"#),
        shown: r#"{"order_status": "draft", "version": 9, "events": [{"type": "ShippingSet"}]}"#,
    },
};

/// A shipping, as in a new order.
pub(super) fn read(node: Node<'_>) -> Option<OrderCommand> {
    shipping(node).map(OrderCommand::SetShipping)
}

#[cfg(test)]
mod tests {
    use crate::body;
    use crate::body::testing::pointers;
    use serde_json::json;

    #[test]
    fn a_shipping_is_read_as_in_a_new_order() {
        let standard = json!({"method": "standard", "amount": 599, "tax_rate": "0.19"});
        assert!(body::read(&standard, super::read).is_ok());
        let wrong = json!({"amount": -1, "tax_rate": "0.1234567"});
        assert_eq!(
            pointers(&wrong, super::read),
            ["/method", "/amount", "/tax_rate"]
        );
    }
}
