//! Units that leave and arrive.

use std::iter;

use super::lines::require_open;
use super::{require_free, require_no_hold};
use crate::ShipmentId;
use crate::order::{CommandName, Facts, Line, OrderError};

/// The units to ship are `(line, units)`, or why there is no such line.
pub(in crate::order) fn ship<'a>(
    order: &Facts,
    shipment_id: Option<&ShipmentId>,
    units: impl Iterator<Item = Result<(&'a Line, i64), OrderError>>,
) -> Result<(), OrderError> {
    order.take(CommandName::Ship)?;
    let units = units.collect::<Result<Vec<_>, _>>()?;
    if let Some(shipment_id) = shipment_id {
        require_free(
            shipment_id,
            order.shipments.iter().map(|shipment| &shipment.shipment_id),
        )?;
    }
    require_no_hold(order)?;
    for (line, quantity) in units {
        require_open(line.line_id(), quantity, line.open())?;
    }
    Ok(())
}

pub(super) fn some_unit_can_ship(order: &Facts) -> bool {
    let mut lines = order.lines.iter();
    lines.any(|line| ship(order, None, iter::once(Ok((line, 1)))).is_ok())
}

pub(in crate::order) fn deliver(order: &Facts, shipment_id: &ShipmentId) -> Result<(), OrderError> {
    order.take(CommandName::Deliver)?;
    match order
        .shipments
        .iter()
        .find(|shipment| shipment.shipment_id == *shipment_id)
    {
        None => Err(OrderError::UnknownShipment {
            shipment_id: shipment_id.clone(),
        }),
        Some(shipment) if shipment.delivered => Err(OrderError::AlreadyDelivered {
            shipment_id: shipment_id.clone(),
        }),
        Some(_) => Ok(()),
    }
}

pub(super) fn some_shipment_can_arrive(order: &Facts) -> bool {
    let mut shipments = order.shipments.iter();
    shipments.any(|shipment| deliver(order, &shipment.shipment_id).is_ok())
}
