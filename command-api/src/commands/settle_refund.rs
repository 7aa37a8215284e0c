//! `POST /v1/orders/{order_id}/settle-refund`: record how a part of a refund ended.

use domain::order::OrderCommand;

use crate::body::Node;
use crate::body::values::{text, word};
use crate::commands::about::{About, Example};

/// What the API's document says about it.
pub(super) const ABOUT: About = About {
    summary: "Record how a part of a refund ended",
    description: "`payment_id` names the part, if there are several. It may complete the order.",
    example: Example {
        order_id: "o-1",
        body: Some(
            r#"{"refund_id": "f-1", "payment_id": "p-1", "outcome": "succeeded", "provider_reference": "re_1"}"#,
        ),
        shown: r#"{"order_status": "confirmed", "version": 33, "events": [{"type": "RefundSucceeded"}]}"#,
    },
};

/// `{ "refund_id", "payment_id": null, "outcome": "succeeded", "provider_reference" }`
pub(super) fn read(node: Node<'_>) -> Option<OrderCommand> {
    let mut body = node.object("SettleRefund")?;
    let refund_id = body.required("refund_id", text);
    let payment_id = body.optional("payment_id", text);
    let outcome = body.required("outcome", word);
    let provider_reference = body.optional("provider_reference", text);
    body.end();
    Some(OrderCommand::SettleRefund {
        refund_id: refund_id?,
        payment_id,
        outcome: outcome?,
        provider_reference,
    })
}

#[cfg(test)]
mod tests {
    use crate::body;
    use crate::body::testing::pointers;
    use serde_json::json;

    #[test]
    fn refund_and_outcome_are_required() {
        for outcome in ["succeeded", "failed"] {
            let body = json!({"refund_id": "r", "outcome": outcome});
            assert!(body::read(&body, super::read).is_ok());
        }
        assert_eq!(
            pointers(&json!({}), super::read),
            ["/refund_id", "/outcome"]
        );
        let open = json!({"refund_id": "r", "outcome": "granted"});
        assert_eq!(pointers(&open, super::read), ["/outcome"]);
    }
}
