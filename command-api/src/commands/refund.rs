//! `POST /v1/orders/{order_id}/refund`: give money back.

use domain::order::OrderCommand;

use crate::body::Node;
use crate::body::values::{integer, text};
use crate::commands::about::{About, Example};
use crate::shapes::new_id;

/// What the API's document says about it.
pub(super) const ABOUT: About = About {
    summary: "Give money back",
    description: "Grants a refund. Without `payment_id` it is split over the payments, in the order of \
        their authorization; each part is settled by itself. What it pays beyond what is owed \
        back is a credit.",
    example: Example {
        order_id: "o-1",
        body: Some(
            r#"{"refund_id": "f-1", "amount": 4500, "reason": "return", "return_id": "r-1"}"#,
        ),
        shown: r#"{"order_status": "confirmed", "version": 32, "events": [{"type": "RefundGranted"}]}"#,
    },
};

/// `{ "refund_id", "amount", "reason", "payment_id": null, "return_id": null }`
pub(super) fn read(node: Node<'_>) -> Option<OrderCommand> {
    let mut body = node.object("Refund")?;
    let refund_id = body.optional("refund_id", text).or_else(new_id);
    let amount = body.required("amount", integer);
    let reason = body.required("reason", text);
    let payment_id = body.optional("payment_id", text);
    let return_id = body.optional("return_id", text);
    body.end();
    Some(OrderCommand::Refund {
        refund_id: refund_id?,
        amount: amount?,
        reason: reason?,
        payment_id,
        return_id,
    })
}

#[cfg(test)]
mod tests {
    use crate::body;
    use crate::body::testing::pointers;
    use domain::order::OrderCommand;
    use serde_json::json;

    #[test]
    fn a_refund_gets_an_id_and_may_be_from_any_payment() {
        let body = json!({"amount": 1, "reason": "goodwill", "payment_id": null});
        let read = body::read(&body, super::read);
        let Ok(OrderCommand::Refund {
            refund_id,
            payment_id,
            return_id,
            ..
        }) = read
        else {
            panic!("{read:?}")
        };
        assert_eq!(refund_id.as_str().len(), 36);
        assert_eq!((payment_id, return_id), (None, None));
    }

    #[test]
    fn an_amount_above_0_and_a_reason_are_required() {
        assert_eq!(pointers(&json!({}), super::read), ["/amount", "/reason"]);
        let nothing = json!({"amount": 0, "reason": "goodwill"});
        assert_eq!(pointers(&nothing, super::read), ["/amount"]);
    }
}
