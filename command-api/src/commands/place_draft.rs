//! `POST /v1/orders/{order_id}/place`: place a draft as it is.

use domain::order::OrderCommand;

use crate::body::Node;
use crate::body::values::integer;

/// `{}`, `{ "expected_total": 3805 }` or nothing.
pub(super) fn read(node: Node<'_>) -> Option<OrderCommand> {
    let mut body = node.object()?;
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
