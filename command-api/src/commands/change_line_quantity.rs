//! `POST /v1/orders/{order_id}/change-line-quantity`: want more or fewer units of a draft's line.

use domain::order::OrderCommand;

use crate::body::Node;
use crate::body::values::{integer, text};
use crate::commands::about::{About, Example};

/// What the API's document says about it.
pub(super) const ABOUT: About = About {
    summary: "Change a draft's line",
    description: "Changes how many units of a draft's line are wanted.",
    example: Example {
        order_id: "o-1",
        body: Some(r#"{"line_id": "1", "quantity": 3}"#),
        shown: r#"{"order_status": "draft", "version": 4, "events": [{"type": "LineQuantityChanged"}]}"#,
    },
};

/// `{ "line_id", "quantity" }`
pub(super) fn read(node: Node<'_>) -> Option<OrderCommand> {
    let mut body = node.object("ChangeLineQuantity")?;
    let line_id = body.required("line_id", text);
    let quantity = body.required("quantity", integer);
    body.end();
    Some(OrderCommand::ChangeLineQuantity {
        line_id: line_id?,
        quantity: quantity?,
    })
}

#[cfg(test)]
mod tests {
    use crate::body;
    use crate::body::testing::pointers;
    use serde_json::json;

    #[test]
    fn line_and_quantity_are_required() {
        let to = |quantity: i64| json!({"line_id": "1", "quantity": quantity});
        assert!(body::read(&to(1_000_000), super::read).is_ok());
        assert_eq!(pointers(&json!({}), super::read), ["/line_id", "/quantity"]);
        for wrong in [0, -1, 1_000_001] {
            assert_eq!(pointers(&to(wrong), super::read), ["/quantity"]);
        }
    }
}
