//! Units that leave and arrive.

use std::collections::HashMap;

use crate::order::{Facts, Line, LineQuantity, Shipment, ShipmentCreated};
use crate::{LineId, ShipmentId};

impl Facts {
    pub(super) fn ship(&mut self, event: &ShipmentCreated) {
        let units = event.lines.as_slice().iter().map(by_line);
        self.on_lines(units, |line, units| line.shipped += units);
        self.shipments.push(Shipment {
            shipment_id: event.shipment_id.clone(),
            lines: event.lines.clone(),
            carrier: event.carrier.clone(),
            tracking_number: event.tracking_number.clone(),
            delivered: false,
        });
    }

    pub(super) fn deliver(&mut self, shipment_id: &ShipmentId) {
        let found = self
            .shipments
            .iter_mut()
            .find(|shipment| shipment.shipment_id == *shipment_id);
        if let Some(shipment) = found {
            shipment.delivered = true;
            let lines = shipment.lines.clone();
            let units = lines.as_slice().iter().map(by_line);
            self.on_lines(units, |line, units| line.delivered += units);
        }
    }

    /// Changes each line that is named, by what is said of it.
    pub(super) fn on_lines<'a, T>(
        &mut self,
        named: impl Iterator<Item = (&'a LineId, T)>,
        change: impl Fn(&mut Line, T),
    ) {
        let mut named: HashMap<_, _> = named.collect();
        for line in &mut self.lines {
            if let Some(said) = named.remove(line.line_id()) {
                change(line, said);
            }
        }
    }
}

fn by_line(named: &LineQuantity) -> (&LineId, i64) {
    (&named.line_id, named.quantity.get())
}
