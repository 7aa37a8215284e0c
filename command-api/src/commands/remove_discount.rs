//! `POST /v1/orders/{order_id}/remove-discount`: take an order-level discount from a draft.

use domain::order::OrderCommand;

use crate::body::Node;
use crate::body::values::text;
use crate::commands::about::{About, Example};

/// What the API's document says about it.
pub(super) const ABOUT: About = About {
    summary: "Remove a discount from a draft",
    description: "Removes an order-level discount by its code.",
    example: Example {
        order_id: "o-1",
        body: Some(r#"{"code": "LOYAL"}"#),
        shown: r#"{"order_status": "draft", "version": 8, "events": [{"type": "DiscountRemoved"}]}"#,
    },
};

/// `{ "code" }`
pub(super) fn read(node: Node<'_>) -> Option<OrderCommand> {
    let mut body = node.object("RemoveDiscount")?;
    let code = body.required("code", text);
    body.end();
    Some(OrderCommand::RemoveDiscount { code: code? })
}

#[cfg(test)]
mod tests {
    use crate::body;
    use crate::body::testing::pointers;
    use serde_json::json;

    #[test]
    fn the_code_must_be_named() {
        assert!(body::read(&json!({"code": "WELCOME"}), super::read).is_ok());
        assert_eq!(pointers(&json!({}), super::read), ["/code"]);
        assert_eq!(pointers(&json!({"code": "a,b"}), super::read), ["/code"]);
    }
}
