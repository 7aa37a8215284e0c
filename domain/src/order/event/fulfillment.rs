//! Units that leave and arrive.

use serde::{Deserialize, Serialize};

use crate::order::LineQuantities;
use crate::{ShipmentId, Text};

/// Units were shipped.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShipmentCreated {
    /// Names the shipment.
    pub shipment_id: ShipmentId,
    /// Which units.
    pub lines: LineQuantities,
    /// Who carries them.
    pub carrier: Option<Text>,
    /// What the carrier calls the shipment.
    pub tracking_number: Option<Text>,
}

/// A shipment arrived.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShipmentDelivered {
    /// The shipment.
    pub shipment_id: ShipmentId,
}
