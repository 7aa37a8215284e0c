//! `POST /v1/orders/{order_id}/cancel-lines`: cancel units that have not shipped.

use domain::order::OrderCommand;

use crate::body::Node;
use crate::body::values::{boolean, text};
use crate::commands::about::{About, Example};
use crate::shapes::units::line_quantities;

/// What the API's document says about it.
pub(super) const ABOUT: About = About {
    summary: "Cancel units that have not shipped",
    description: "The last ones end the order: cancelled if nothing was shipped, else completed.",
    example: Example {
        order_id: "o-1",
        body: Some(
            r#"{"lines": [{"line_id": "3", "quantity": 4}], "reason": "sold out", "restock": false}"#,
        ),
        shown: r#"{"order_status": "confirmed", "version": 26, "events": [{"type": "LinesCancelled"}]}"#,
    },
};

/// `{ "lines": [ {"line_id", "quantity"} ], "reason", "restock": true }`
pub(super) fn read(node: Node<'_>) -> Option<OrderCommand> {
    let mut body = node.object("CancelLines")?;
    let lines = body.required("lines", line_quantities);
    let reason = body.required("reason", text);
    let restock = body.optional("restock", boolean).unwrap_or(true);
    body.end();
    Some(OrderCommand::CancelLines {
        lines: lines?,
        reason: reason?,
        restock,
    })
}

#[cfg(test)]
mod tests {
    use crate::body;
    use crate::body::testing::pointers;
    use domain::order::OrderCommand;
    use serde_json::{Value, json};

    #[test]
    fn units_go_back_to_stock_unless_the_caller_says_otherwise() {
        let restock = |restock: Value| {
            let lines = json!([{"line_id": "1", "quantity": 1}]);
            let body = json!({"lines": lines, "reason": "sold out", "restock": restock});
            match body::read(&body, super::read) {
                Ok(OrderCommand::CancelLines { restock, .. }) => restock,
                other => panic!("{other:?}"),
            }
        };
        assert!(restock(Value::Null));
        assert!(!restock(json!(false)));
    }

    #[test]
    fn lines_and_a_reason_are_required() {
        assert_eq!(pointers(&json!({}), super::read), ["/lines", "/reason"]);
        assert_eq!(
            pointers(&json!({"lines": [], "reason": "x"}), super::read),
            ["/lines"]
        );
    }
}
