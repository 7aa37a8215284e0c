//! `POST /v1/orders/{order_id}/release-hold`: release a hold.

use domain::order::OrderCommand;

use crate::body::Node;
use crate::body::values::text;
use crate::commands::about::{About, Example};

/// What the API's document says about it.
pub(super) const ABOUT: About = About {
    summary: "Release a hold",
    description: "By its id; the others stay.",
    example: Example {
        order_id: "o-1",
        body: Some(r#"{"hold_id": "h-1"}"#),
        shown: r#"{"order_status": "placed", "version": 14, "events": [{"type": "HoldReleased"}]}"#,
    },
};

/// `{ "hold_id" }`
pub(super) fn read(node: Node<'_>) -> Option<OrderCommand> {
    let mut body = node.object("ReleaseHold")?;
    let hold_id = body.required("hold_id", text);
    body.end();
    Some(OrderCommand::ReleaseHold { hold_id: hold_id? })
}

#[cfg(test)]
mod tests {
    use crate::body;
    use crate::body::testing::pointers;
    use serde_json::json;

    #[test]
    fn the_hold_must_be_named() {
        assert!(body::read(&json!({"hold_id": "h-1"}), super::read).is_ok());
        assert_eq!(pointers(&json!({}), super::read), ["/hold_id"]);
    }
}
