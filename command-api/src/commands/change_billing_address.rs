//! `POST /v1/orders/{order_id}/change-billing-address`: change who gets the bill.

use domain::order::OrderCommand;

use crate::body::Node;
use crate::commands::about::{About, Example};
use crate::shapes::address::address;

/// What the API's document says about it.
pub(super) const ABOUT: About = About {
    summary: "Change who gets the bill",
    description: "At any time of an order's life that takes it.",
    example: Example {
        order_id: "o-1",
        body: Some(
            r#"{"address": {"name": "Ada Lovelace", "line1": "7 Office Park", "city": "Berlin", "postal_code": "10115", "country": "DE"}}"#,
        ),
        shown: r#"{"order_status": "placed", "version": 12, "events": [{"type": "BillingAddressChanged"}]}"#,
    },
};

/// `{ "address": {…} }`
pub(super) fn read(node: Node<'_>) -> Option<OrderCommand> {
    let mut body = node.object("ChangeBillingAddress")?;
    let address = body.required("address", address);
    body.end();
    Some(OrderCommand::ChangeBillingAddress(Box::new(address?)))
}

#[cfg(test)]
mod tests {
    use crate::body;
    use crate::body::testing::pointers;
    use serde_json::json;

    #[test]
    fn the_whole_address_must_be_given() {
        let address = json!({"name": "A", "line1": "1 Way", "city": "B", "country": "DE"});
        assert!(body::read(&json!({"address": address}), super::read).is_ok());
        assert_eq!(
            pointers(&json!({"address": null}), super::read),
            ["/address"]
        );
        let part = json!({"address": {"name": "A", "line1": "1 Way", "city": "B"}});
        assert_eq!(pointers(&part, super::read), ["/address/country"]);
    }
}
