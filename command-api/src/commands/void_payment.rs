//! `POST /v1/orders/{order_id}/void-payment`: record that reserved money is given up.

use domain::order::OrderCommand;

use crate::body::Node;
use crate::body::values::text;
use crate::commands::about::{About, Example};

/// What the API's document says about it.
pub(super) const ABOUT: About = About {
    summary: "Give up an authorization",
    description: "Records that money is no longer reserved, if nothing was captured of it.",
    example: Example {
        order_id: "o-1",
        body: Some(r#"{"payment_id": "p-3", "reason": "expired"}"#),
        shown: r#"{"order_status": "confirmed", "version": 22, "events": [{"type": "PaymentVoided"}]}"#,
    },
};

/// `{ "payment_id", "reason" }`
pub(super) fn read(node: Node<'_>) -> Option<OrderCommand> {
    let mut body = node.object("VoidPayment")?;
    let payment_id = body.required("payment_id", text);
    let reason = body.required("reason", text);
    body.end();
    Some(OrderCommand::VoidPayment {
        payment_id: payment_id?,
        reason: reason?,
    })
}

#[cfg(test)]
mod tests {
    use crate::body;
    use crate::body::testing::pointers;
    use serde_json::json;

    #[test]
    fn payment_and_reason_are_required() {
        let whole = json!({"payment_id": "p", "reason": "cancelled"});
        assert!(body::read(&whole, super::read).is_ok());
        assert_eq!(
            pointers(&json!({}), super::read),
            ["/payment_id", "/reason"]
        );
    }
}
