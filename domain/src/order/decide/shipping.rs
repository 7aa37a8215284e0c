//! What becomes of units that leave.

use crate::ShipmentId;
use crate::order::{Facts, OrderError, OrderEvent, ShipmentCreated, ShipmentDelivered, rules};

pub(super) fn ship(order: &Facts, shipped: ShipmentCreated) -> Result<OrderEvent, OrderError> {
    let units = rules::named_lines(order, &shipped.lines);
    rules::ship(order, Some(&shipped.shipment_id), units)?;
    Ok(OrderEvent::ShipmentCreated(shipped))
}

pub(super) fn deliver(order: &Facts, shipment_id: &ShipmentId) -> Result<OrderEvent, OrderError> {
    rules::deliver(order, shipment_id)?;
    Ok(OrderEvent::ShipmentDelivered(ShipmentDelivered {
        shipment_id: shipment_id.clone(),
    }))
}
