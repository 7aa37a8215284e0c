//! `POST /v1/orders/{order_id}/reject`: refuse a placed order.

use domain::order::OrderCommand;

use crate::body::Node;
use crate::body::values::text;
use crate::commands::about::{About, Example};

/// What the API's document says about it.
pub(super) const ABOUT: About = About {
    summary: "Refuse an order",
    description: "Ends an order that was placed but not confirmed.",
    example: Example {
        order_id: "o-2",
        body: Some(r#"{"reason": "not deliverable"}"#),
        shown: r#"{"order_status": "rejected", "version": 2, "events": [{"type": "OrderRejected"}]}"#,
    },
};

/// `{ "reason" }`
pub(super) fn read(node: Node<'_>) -> Option<OrderCommand> {
    let mut body = node.object("Reject")?;
    let reason = body.required("reason", text);
    body.end();
    Some(OrderCommand::Reject { reason: reason? })
}

#[cfg(test)]
mod tests {
    use crate::body;
    use crate::body::testing::pointers;
    use serde_json::json;

    #[test]
    fn a_reason_is_required() {
        assert!(body::read(&json!({"reason": "fraud"}), super::read).is_ok());
        assert_eq!(pointers(&json!({}), super::read), ["/reason"]);
        let restocked = json!({"reason": "fraud", "restock": true});
        assert_eq!(pointers(&restocked, super::read), ["/restock"]);
    }
}
