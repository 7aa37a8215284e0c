//! `POST /v1/orders/{order_id}/ship`: record that units left.

use domain::order::OrderCommand;

use crate::body::Node;
use crate::body::values::text;
use crate::commands::about::{About, Example};
use crate::shapes::new_id;
use crate::shapes::units::line_quantities;

/// What the API's document says about it.
pub(super) const ABOUT: About = About {
    summary: "Ship units",
    description: "Records that units left, as a shipment. At most what was ordered, less what was \
        cancelled.",
    example: Example {
        order_id: "o-1",
        body: Some(
            r#"{"shipment_id": "s-1", "lines": [{"line_id": "1", "quantity": 2}], "carrier": "DHL", "tracking_number": "JD014600"}"#,
        ),
        shown: r#"{"order_status": "confirmed", "version": 24, "events": [{"type": "ShipmentCreated"}]}"#,
    },
};

/// `{ "shipment_id", "lines": [ {"line_id", "quantity"} ], "carrier", "tracking_number" }`
pub(super) fn read(node: Node<'_>) -> Option<OrderCommand> {
    let mut body = node.object("Ship")?;
    let shipment_id = body.optional("shipment_id", text).or_else(new_id);
    let lines = body.required("lines", line_quantities);
    let carrier = body.optional("carrier", text);
    let tracking_number = body.optional("tracking_number", text);
    body.end();
    Some(OrderCommand::Ship {
        shipment_id: shipment_id?,
        lines: lines?,
        carrier,
        tracking_number,
    })
}

#[cfg(test)]
mod tests {
    use crate::body;
    use crate::body::testing::pointers;
    use domain::order::OrderCommand;
    use serde_json::json;

    #[test]
    fn a_shipment_needs_lines_and_gets_an_id() {
        let lines = json!([{"line_id": "1", "quantity": 1}]);
        let read = body::read(&json!({"lines": lines}), super::read);
        let Ok(OrderCommand::Ship { shipment_id, .. }) = read else {
            panic!("{read:?}")
        };
        assert_eq!(shipment_id.as_str().len(), 36);
        assert_eq!(pointers(&json!({}), super::read), ["/lines"]);
        let wrong = json!({"lines": [{}], "carrier": 1, "tracking_number": "\u{0}"});
        assert_eq!(
            pointers(&wrong, super::read),
            [
                "/lines/0/line_id",
                "/lines/0/quantity",
                "/carrier",
                "/tracking_number"
            ]
        );
    }
}
