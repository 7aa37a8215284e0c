//! `POST /v1/orders/{order_id}/confirm`: promise to fulfil a placed order.

use domain::order::OrderCommand;

use crate::body::Node;

/// `{}` or nothing.
pub(super) fn read(node: Node<'_>) -> Option<OrderCommand> {
    node.object()?.end();
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
