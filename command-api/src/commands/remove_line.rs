//! `POST /v1/orders/{order_id}/remove-line`: remove a line from a draft.

use domain::order::OrderCommand;

use crate::body::Node;
use crate::body::values::text;
use crate::commands::about::{About, Example};

/// What the API's document says about it.
pub(super) const ABOUT: About = About {
    summary: "Remove a line from a draft",
    description: "Its id stays taken.",
    example: Example {
        order_id: "o-1",
        body: Some(r#"{"line_id": "2"}"#),
        shown: r#"{"order_status": "draft", "version": 5, "events": [{"type": "LineRemoved"}]}"#,
    },
};

/// `{ "line_id" }`
pub(super) fn read(node: Node<'_>) -> Option<OrderCommand> {
    let mut body = node.object("RemoveLine")?;
    let line_id = body.required("line_id", text);
    body.end();
    Some(OrderCommand::RemoveLine { line_id: line_id? })
}

#[cfg(test)]
mod tests {
    use crate::body;
    use crate::body::testing::pointers;
    use serde_json::json;

    #[test]
    fn the_line_must_be_named() {
        assert!(body::read(&json!({"line_id": "1"}), super::read).is_ok());
        assert_eq!(pointers(&json!({}), super::read), ["/line_id"]);
        assert_eq!(
            pointers(&json!({"line_id": "x".repeat(256)}), super::read),
            ["/line_id"]
        );
    }
}
