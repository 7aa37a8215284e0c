//! `POST /v1/orders/{order_id}/place`: place a draft as it is.

use domain::order::OrderCommand;

use crate::body::Node;
use crate::body::values::integer;
use crate::commands::about::{About, Example};

/// What the API's document says about it.
pub(super) const ABOUT: About = About {
    summary: "Place a draft",
    description: "Turns a draft into an order: prices, discounts and taxes are computed once more and \
        frozen, and it gets its number. With `expected_total` only if that is the total.",
    example: Example {
        order_id: "o-1",
        body: Some(r#"{"expected_total": 6659}"#),
        shown: r#"{"order_status": "placed", "version": 11, "events": [{"type": "OrderPlaced"}]}"#,
    },
};

/// `{}`, `{ "expected_total": 3805 }` or nothing.
pub(super) fn read(node: Node<'_>) -> Option<OrderCommand> {
    let mut body = node.object("PlaceDraft")?;
    let expected_total = body.optional("expected_total", integer);
    body.end();
    Some(OrderCommand::PlaceDraft { expected_total })
}

#[cfg(test)]
mod tests {
    use crate::body;
    use crate::body::testing::pointers;
    use domain::order::OrderCommand;
    use serde_json::json;

    #[test]
    fn the_total_may_be_expected() {
        let nothing = body::read(&json!({}), super::read);
        assert_eq!(
            nothing,
            Ok(OrderCommand::PlaceDraft {
                expected_total: None
            })
        );
        let expected = body::read(&json!({"expected_total": 0}), super::read);
        assert!(matches!(
            expected,
            Ok(OrderCommand::PlaceDraft {
                expected_total: Some(_)
            })
        ));
        let wrong = json!({"expected_total": "0", "lines": []});
        assert_eq!(pointers(&wrong, super::read), ["/expected_total", "/lines"]);
    }
}
