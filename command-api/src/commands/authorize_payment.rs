//! `POST /v1/orders/{order_id}/authorize-payment`: record that a provider reserved money.

use domain::order::OrderCommand;

use crate::body::Node;
use crate::body::values::{integer, text};
use crate::commands::about::{About, Example};
use crate::shapes::new_id;

/// What the API's document says about it.
pub(super) const ABOUT: About = About {
    summary: "Record an authorization",
    description: "Records that a provider reserved money. Without an id the payment gets one.",
    example: Example {
        order_id: "o-1",
        body: Some(
            r#"{"payment_id": "p-1", "amount": 4000, "provider": "acme", "provider_reference": "ch_1", "expires_at": "2999-01-01T00:00:00Z"}"#,
        ),
        shown: r#"{"order_status": "confirmed", "version": 17, "events": [{"type": "PaymentAuthorized"}]}"#,
    },
};

/// `{ "payment_id", "amount", "provider", "provider_reference", "expires_at" }`
pub(super) fn read(node: Node<'_>) -> Option<OrderCommand> {
    let mut body = node.object("AuthorizePayment")?;
    let payment_id = body.optional("payment_id", text).or_else(new_id);
    let amount = body.required("amount", integer);
    let provider = body.optional("provider", text);
    let provider_reference = body.optional("provider_reference", text);
    let expires_at = body.optional("expires_at", text);
    body.end();
    Some(OrderCommand::AuthorizePayment {
        payment_id: payment_id?,
        amount: amount?,
        provider,
        provider_reference,
        expires_at,
    })
}

#[cfg(test)]
mod tests {
    use crate::body;
    use crate::body::testing::pointers;
    use serde_json::json;

    #[test]
    fn only_the_amount_is_required_and_it_is_positive() {
        assert!(body::read(&json!({"amount": 1}), super::read).is_ok());
        assert_eq!(pointers(&json!({}), super::read), ["/amount"]);
        assert_eq!(pointers(&json!({"amount": 0}), super::read), ["/amount"]);
    }

    #[test]
    fn a_time_needs_a_zone() {
        let until = |time: &str| json!({"amount": 1, "expires_at": time});
        assert!(body::read(&until("2026-11-20T10:00:00+01:00"), super::read).is_ok());
        assert_eq!(
            pointers(&until("2026-11-20T10:00:00"), super::read),
            ["/expires_at"]
        );
        assert_eq!(pointers(&until("tomorrow"), super::read), ["/expires_at"]);
    }
}
