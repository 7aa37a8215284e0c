//! `POST /v1/orders/{order_id}/confirm`: promise to fulfil a placed order.

use domain::order::OrderCommand;

use crate::body::Node;
use crate::commands::about::{About, Example};

/// What the API's document says about it.
pub(super) const ABOUT: About = About {
    summary: "Confirm an order",
    description: "From now on it can be shipped.",
    example: Example {
        order_id: "o-1",
        body: None,
        shown: r#"{"order_status": "confirmed", "version": 15, "events": [{"type": "OrderConfirmed"}]}"#,
    },
};

/// `{}` or nothing.
pub(super) fn read(node: Node<'_>) -> Option<OrderCommand> {
    node.object("Confirm")?.end();
    Some(OrderCommand::Confirm)
}

#[cfg(test)]
mod tests {
    use crate::body;
    use crate::body::testing::pointers;
    use domain::order::OrderCommand;
    use serde_json::json;

    #[test]
    fn there_is_nothing_to_say() {
        assert_eq!(
            body::read(&json!({}), super::read),
            Ok(OrderCommand::Confirm)
        );
        assert_eq!(pointers(&json!({"reason": "x"}), super::read), ["/reason"]);
    }
}
