//! `POST /v1/orders/{order_id}/approve-return`: agree to a return.

use domain::order::OrderCommand;

use crate::body::Node;
use crate::body::values::text;
use crate::commands::about::{About, Example};

/// What the API's document says about it.
pub(super) const ABOUT: About = About {
    summary: "Agree to a return",
    description: "Its units may come back.",
    example: Example {
        order_id: "o-1",
        body: Some(r#"{"return_id": "r-1", "reason": "within 14 days"}"#),
        shown: r#"{"order_status": "confirmed", "version": 28, "events": [{"type": "ReturnApproved"}]}"#,
    },
};

/// `{ "return_id", "reason" }`; who agrees need not say why.
pub(super) fn read(node: Node<'_>) -> Option<OrderCommand> {
    let mut body = node.object("ApproveReturn")?;
    let return_id = body.required("return_id", text);
    let reason = body.optional("reason", text);
    body.end();
    Some(OrderCommand::ApproveReturn {
        return_id: return_id?,
        reason,
    })
}

#[cfg(test)]
mod tests {
    use crate::body;
    use crate::body::testing::pointers;
    use serde_json::json;

    #[test]
    fn only_the_return_must_be_named() {
        assert!(body::read(&json!({"return_id": "r"}), super::read).is_ok());
        let why = json!({"return_id": "r", "reason": "within 14 days"});
        assert!(body::read(&why, super::read).is_ok());
        assert_eq!(pointers(&json!({}), super::read), ["/return_id"]);
    }
}
