//! `POST /v1/orders/{order_id}/record-payment-failure`: record that money did not come.

use domain::order::OrderCommand;

use crate::body::Node;
use crate::body::values::text;
use crate::commands::about::{About, Example};
use crate::shapes::new_id;

/// What the API's document says about it.
pub(super) const ABOUT: About = About {
    summary: "Record that a payment failed",
    description: "Of a known payment, or of one that never came to be: its id is taken then.",
    example: Example {
        order_id: "o-1",
        body: Some(r#"{"payment_id": "p-4", "reason": "card declined"}"#),
        shown: r#"{"order_status": "confirmed", "version": 23, "events": [{"type": "PaymentFailed"}]}"#,
    },
};

/// `{ "payment_id", "reason" }`; without an id it is a first attempt that failed, and gets one.
pub(super) fn read(node: Node<'_>) -> Option<OrderCommand> {
    let mut body = node.object("RecordPaymentFailure")?;
    let payment_id = body.optional("payment_id", text).or_else(new_id);
    let reason = body.required("reason", text);
    body.end();
    Some(OrderCommand::RecordPaymentFailure {
        payment_id: payment_id?,
        reason: reason?,
    })
}

#[cfg(test)]
mod tests {
    use crate::body;
    use crate::body::testing::pointers;
    use domain::order::OrderCommand;
    use serde_json::json;

    #[test]
    fn a_failure_needs_a_reason_and_gets_an_id() {
        let read = body::read(&json!({"reason": "card declined"}), super::read);
        let Ok(OrderCommand::RecordPaymentFailure { payment_id, .. }) = read else {
            panic!("{read:?}")
        };
        assert_eq!(payment_id.as_str().len(), 36);
        assert_eq!(
            pointers(&json!({"payment_id": 1}), super::read),
            ["/payment_id", "/reason"]
        );
    }
}
