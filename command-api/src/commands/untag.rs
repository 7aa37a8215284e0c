//! `POST /v1/orders/{order_id}/untag`: remove a tag.

use domain::order::OrderCommand;

use crate::body::Node;
use crate::body::values::text;
use crate::commands::about::{About, Example};

/// What the API's document says about it.
pub(super) const ABOUT: About = About {
    summary: "Remove a tag",
    description: "By its word.",
    example: Example {
        order_id: "o-1",
        body: Some(r#"{"tag": "gift"}"#),
        shown: r#"{"order_status": "completed", "version": 38, "events": [{"type": "OrderUntagged"}]}"#,
    },
};

/// `{ "tag" }`
pub(super) fn read(node: Node<'_>) -> Option<OrderCommand> {
    let mut body = node.object("UntagOrder")?;
    let tag = body.required("tag", text);
    body.end();
    Some(OrderCommand::Untag(tag?))
}

#[cfg(test)]
mod tests {
    use crate::body;
    use crate::body::testing::pointers;
    use serde_json::json;

    #[test]
    fn a_tag_has_1_to_50_characters() {
        let tag = |tag: &str| json!({"tag": tag});
        assert!(body::read(&tag(&"x".repeat(50)), super::read).is_ok());
        for wrong in [String::new(), "x".repeat(51), "a,b".to_owned()] {
            assert_eq!(pointers(&tag(&wrong), super::read), ["/tag"]);
        }
        assert_eq!(pointers(&json!({}), super::read), ["/tag"]);
    }
}
