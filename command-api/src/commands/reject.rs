//! `POST /v1/orders/{order_id}/reject`: refuse a placed order.

use domain::order::OrderCommand;

use crate::body::Node;
use crate::body::values::text;

/// `{ "reason" }`
pub(super) fn read(node: Node<'_>) -> Option<OrderCommand> {
    let mut body = node.object()?;
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
