//! `POST /v1/orders/{order_id}/hold`: put a hold on an order.

use domain::order::OrderCommand;

use crate::body::Node;
use crate::body::values::text;
use crate::commands::about::{About, Example};
use crate::shapes::new_id;

/// What the API's document says about it.
pub(super) const ABOUT: About = About {
    summary: "Put a hold on an order",
    description: "A hold blocks confirming, shipping and capturing until it is released. An order may have \
        several.",
    example: Example {
        order_id: "o-1",
        body: Some(
            r#"{"hold_id": "h-1", "reason": "fraud_check", "note": "first order of this size"}"#,
        ),
        shown: r#"{"order_status": "placed", "version": 13, "events": [{"type": "HoldPlaced"}]}"#,
    },
};

/// `{ "hold_id", "reason": "fraud_check", "note": null }`
pub(super) fn read(root: Node<'_>) -> Option<OrderCommand> {
    let mut body = root.object("Hold")?;
    let hold_id = body.optional("hold_id", text).or_else(new_id);
    let reason = body.required("reason", text);
    let note = body.optional("note", text);
    body.end();
    Some(OrderCommand::Hold {
        hold_id: hold_id?,
        reason: reason?,
        note,
    })
}

#[cfg(test)]
mod tests {
    use crate::body;
    use crate::body::testing::pointers;
    use domain::order::OrderCommand;
    use serde_json::json;

    #[test]
    fn a_hold_needs_a_reason_and_gets_an_id() {
        let read = body::read(&json!({"reason": "fraud_check"}), super::read);
        let Ok(OrderCommand::Hold { hold_id, .. }) = read else {
            panic!("{read:?}")
        };
        assert_eq!(hold_id.as_str().len(), 36);
        assert_eq!(
            pointers(&json!({"hold_id": 1}), super::read),
            ["/hold_id", "/reason"]
        );
    }
}
