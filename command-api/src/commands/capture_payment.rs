//! `POST /v1/orders/{order_id}/capture-payment`: record that reserved money was taken.

use domain::order::OrderCommand;

use crate::body::Node;
use crate::body::values::{integer, text};
use crate::commands::about::{About, Example};

/// What the API's document says about it.
pub(super) const ABOUT: About = About {
    summary: "Capture from an authorization",
    description: "Records that reserved money was taken, all of it or a part. It may complete the order.",
    example: Example {
        order_id: "o-1",
        body: Some(r#"{"payment_id": "p-1", "amount": 4000}"#),
        shown: r#"{"order_status": "confirmed", "version": 20, "events": [{"type": "PaymentCaptured"}]}"#,
    },
};

/// `{ "payment_id", "amount" }`
pub(super) fn read(node: Node<'_>) -> Option<OrderCommand> {
    let mut body = node.object("CapturePayment")?;
    let payment_id = body.required("payment_id", text);
    let amount = body.required("amount", integer);
    body.end();
    Some(OrderCommand::CapturePayment {
        payment_id: payment_id?,
        amount: amount?,
    })
}

#[cfg(test)]
mod tests {
    use crate::body;
    use crate::body::testing::pointers;
    use serde_json::json;

    #[test]
    fn payment_and_amount_are_required() {
        assert!(body::read(&json!({"payment_id": "p", "amount": 1}), super::read).is_ok());
        assert_eq!(
            pointers(&json!({}), super::read),
            ["/payment_id", "/amount"]
        );
        let float = json!({"payment_id": "p", "amount": 10.0});
        assert_eq!(pointers(&float, super::read), ["/amount"]);
    }
}
