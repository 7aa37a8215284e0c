//! `POST /v1/orders/{order_id}/discard`: give up a draft.

use domain::order::OrderCommand;

use crate::body::Node;
use crate::commands::about::{About, Example};

/// What the API's document says about it.
pub(super) const ABOUT: About = About {
    summary: "Give up a draft",
    description: "Ends a draft that was never placed.",
    example: Example {
        order_id: "o-20-discounts",
        body: None,
        shown: r#"{"order_status": "discarded", "version": 2, "events": [{"type": "OrderDiscarded"}]}"#,
    },
};

/// `{}` or nothing.
pub(super) fn read(node: Node<'_>) -> Option<OrderCommand> {
    node.object("Discard")?.end();
    Some(OrderCommand::Discard)
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
            Ok(OrderCommand::Discard)
        );
        assert_eq!(pointers(&json!({"reason": "x"}), super::read), ["/reason"]);
    }
}
