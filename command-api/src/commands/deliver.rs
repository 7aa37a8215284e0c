//! `POST /v1/orders/{order_id}/deliver`: record that a shipment arrived.

use domain::order::OrderCommand;

use crate::body::Node;
use crate::body::values::text;
use crate::commands::about::{About, Example};

/// What the API's document says about it.
pub(super) const ABOUT: About = About {
    summary: "Record that a shipment arrived",
    description: "It may complete the order.",
    example: Example {
        order_id: "o-1",
        body: Some(r#"{"shipment_id": "s-1"}"#),
        shown: r#"{"order_status": "confirmed", "version": 25, "events": [{"type": "ShipmentDelivered"}]}"#,
    },
};

/// `{ "shipment_id" }`
pub(super) fn read(node: Node<'_>) -> Option<OrderCommand> {
    let mut body = node.object("Deliver")?;
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
