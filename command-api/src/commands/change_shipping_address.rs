//! `POST /v1/orders/{order_id}/change-shipping-address`: change where an order goes.

use domain::order::OrderCommand;

use crate::body::Node;
use crate::shapes::address::address;

/// `{ "address": {…} }`
pub(super) fn read(node: Node<'_>) -> Option<OrderCommand> {
    let mut body = node.object()?;
    let address = body.required("address", address);
    body.end();
    Some(OrderCommand::ChangeShippingAddress(Box::new(address?)))
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
