//! `POST /v1/orders/{order_id}/deliver`: record that a shipment arrived.

use domain::order::OrderCommand;

use crate::body::Node;
use crate::body::values::text;

/// `{ "shipment_id" }`
pub(super) fn read(node: Node<'_>) -> Option<OrderCommand> {
    let mut body = node.object()?;
    let shipment_id = body.required("shipment_id", text);
    body.end();
    Some(OrderCommand::Deliver {
        shipment_id: shipment_id?,
    })
}

#[cfg(test)]
mod tests {
    use crate::body;
    use crate::body::testing::pointers;
    use serde_json::json;

    #[test]
    fn the_shipment_must_be_named() {
        assert!(body::read(&json!({"shipment_id": "s-1"}), super::read).is_ok());
        assert_eq!(
            pointers(&json!({"shipment": "s-1"}), super::read),
            ["/shipment_id", "/shipment"]
        );
    }
}
