//! `POST /v1/orders/{order_id}/add-line`: add a line to a draft.

use domain::order::OrderCommand;

use crate::body::Node;
use crate::commands::about::{About, Example};
use crate::shapes::line::added_line;

/// What the API's document says about it.
pub(super) const ABOUT: About = About {
    summary: "Add a line to a draft",
    description: "A line without an id gets one.",
    example: Example {
        order_id: "o-1",
        body: Some(
            r#"{"line_id": "1", "sku": "TEAPOT", "name": "Teapot", "quantity": 2, "unit_price": 1999, "tax_rate": "0.19"}"#,
        ),
        shown: r#"{"order_status": "draft", "version": 2, "events": [{"type": "LineAdded"}]}"#,
    },
};

/// One line, as in a new order.
pub(super) fn read(node: Node<'_>) -> Option<OrderCommand> {
    let line = added_line(node)?;
    Some(OrderCommand::AddLine(Box::new(line)))
}

#[cfg(test)]
mod tests {
    use crate::body;
    use crate::body::testing::pointers;
    use domain::order::OrderCommand;
    use serde_json::json;

    #[test]
    fn a_line_is_read_as_in_a_new_order() {
        let line = json!({"sku": "S", "name": "N", "quantity": 1, "unit_price": 5});
        let Ok(OrderCommand::AddLine(line)) = body::read(&line, super::read) else {
            panic!("a line is refused")
        };
        let id = uuid::Uuid::parse_str(line.line_id.as_str()).unwrap();
        assert_eq!(id.get_version_num(), 7);
        assert_eq!(
            pointers(&json!({"line": {}}), super::read),
            ["/sku", "/name", "/quantity", "/unit_price", "/line"]
        );
    }

    #[test]
    fn a_line_that_is_impossible_by_itself_is_wrong() {
        let line = json!({
            "sku": "S", "name": "N", "quantity": 1, "unit_price": 5,
            "discounts": [{"code": "A", "type": "fixed", "amount": 6}],
        });
        assert_eq!(pointers(&line, super::read), ["/discounts/0"]);
    }
}
