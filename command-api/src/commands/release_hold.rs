//! `POST /v1/orders/{order_id}/release-hold`: release a hold.

use domain::order::OrderCommand;

use crate::body::Node;
use crate::body::values::text;

/// `{ "hold_id" }`
pub(super) fn read(node: Node<'_>) -> Option<OrderCommand> {
    let mut body = node.object()?;
    let hold_id = body.required("hold_id", text);
    body.end();
    Some(OrderCommand::ReleaseHold { hold_id: hold_id? })
}

#[cfg(test)]
mod tests {
    use crate::body;
    use crate::body::testing::pointers;
    use serde_json::json;

    #[test]
    fn the_hold_must_be_named() {
        assert!(body::read(&json!({"hold_id": "h-1"}), super::read).is_ok());
        assert_eq!(pointers(&json!({}), super::read), ["/hold_id"]);
    }
}
