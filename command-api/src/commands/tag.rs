//! `POST /v1/orders/{order_id}/tag`: add a tag.

use domain::order::OrderCommand;

use crate::body::Node;
use crate::body::values::text;
use crate::commands::about::{About, Example};

/// What the API's document says about it.
pub(super) const ABOUT: About = About {
    summary: "Add a tag",
    description: "Orders are found by their tags.",
    example: Example {
        order_id: "o-1",
        body: Some(r#"{"tag": "gift"}"#),
        shown: r#"{"order_status": "completed", "version": 37, "events": [{"type": "OrderTagged"}]}"#,
    },
};

/// `{ "tag" }`
pub(super) fn read(node: Node<'_>) -> Option<OrderCommand> {
    let mut body = node.object("TagOrder")?;
    let tag = body.required("tag", text);
    body.end();
    Some(OrderCommand::Tag(tag?))
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
