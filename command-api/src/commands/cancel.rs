//! `POST /v1/orders/{order_id}/cancel`: cancel the whole order, while nothing has shipped.

use domain::order::OrderCommand;

use crate::body::Node;
use crate::body::values::{boolean, text};
use crate::commands::about::{About, Example};

/// What the API's document says about it.
pub(super) const ABOUT: About = About {
    summary: "Cancel a whole order",
    description: "As long as nothing was shipped; afterwards there are cancel-lines and returns.",
    example: Example {
        order_id: "o-50-tags",
        body: Some(r#"{"reason": "changed mind", "restock": true}"#),
        shown: r#"{"order_status": "cancelled", "version": 22, "events": [{"type": "OrderCancelled"}]}"#,
    },
};

/// `{ "reason": "…", "restock": true }`; units go back to stock unless the caller says otherwise.
pub(super) fn read(node: Node<'_>) -> Option<OrderCommand> {
    let mut body = node.object("Cancel")?;
    let reason = body.required("reason", text);
    let restock = body.optional("restock", boolean).unwrap_or(true);
    body.end();
    Some(OrderCommand::Cancel {
        reason: reason?,
        restock,
    })
}

#[cfg(test)]
mod tests {
    use crate::body;
    use crate::body::testing::pointers;
    use domain::order::OrderCommand;
    use serde_json::json;

    #[test]
    fn units_go_back_to_stock_unless_the_caller_says_otherwise() {
        let restock = |body| match body::read(&body, super::read) {
            Ok(OrderCommand::Cancel { restock, .. }) => restock,
            other => panic!("{other:?}"),
        };
        assert!(restock(json!({"reason": "changed mind"})));
        assert!(!restock(
            json!({"reason": "changed mind", "restock": false})
        ));
    }

    #[test]
    fn a_reason_is_required() {
        assert_eq!(
            pointers(&json!({"restock": 0}), super::read),
            ["/reason", "/restock"]
        );
    }
}
