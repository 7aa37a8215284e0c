//! `POST /v1/orders/{order_id}/decline-return`: refuse a return.

use domain::order::OrderCommand;

use crate::body::Node;
use crate::body::values::text;
use crate::commands::about::{About, Example};

/// What the API's document says about it.
pub(super) const ABOUT: About = About {
    summary: "Refuse a return",
    description: "Its units may be asked for again.",
    example: Example {
        order_id: "o-1",
        body: Some(r#"{"return_id": "r-2", "reason": "used"}"#),
        shown: r#"{"order_status": "confirmed", "version": 30, "events": [{"type": "ReturnDeclined"}]}"#,
    },
};

/// `{ "return_id", "reason" }`
pub(super) fn read(node: Node<'_>) -> Option<OrderCommand> {
    let mut body = node.object("DeclineReturn")?;
    let return_id = body.required("return_id", text);
    let reason = body.required("reason", text);
    body.end();
    Some(OrderCommand::DeclineReturn {
        return_id: return_id?,
        reason: reason?,
    })
}

#[cfg(test)]
mod tests {
    use crate::body;
    use crate::body::testing::pointers;
    use serde_json::json;

    #[test]
    fn return_and_reason_are_required() {
        let whole = json!({"return_id": "r", "reason": "too late"});
        assert!(body::read(&whole, super::read).is_ok());
        assert_eq!(pointers(&json!({}), super::read), ["/return_id", "/reason"]);
    }
}
