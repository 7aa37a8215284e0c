//! `POST /v1/orders/{order_id}/capture-payment`: record that reserved money was taken.

use domain::order::OrderCommand;

use crate::body::Node;
use crate::body::values::{integer, text};

/// `{ "payment_id", "amount" }`
pub(super) fn read(node: Node<'_>) -> Option<OrderCommand> {
    let mut body = node.object()?;
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
