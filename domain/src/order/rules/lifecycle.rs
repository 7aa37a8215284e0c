//! From placing to an end, and the holds that stand in the way.

use super::{require_free, require_no_hold, require_nothing_shipped};
use crate::HoldId;
use crate::order::{CommandName, Facts, OrderError};

/// The most open holds an order can have.
pub const MAX_HOLDS: usize = 20;

pub(in crate::order) fn confirm(order: &Facts) -> Result<(), OrderError> {
    order.take(CommandName::Confirm)?;
    require_no_hold(order)
}

pub(in crate::order) fn reject(order: &Facts) -> Result<(), OrderError> {
    order.take(CommandName::Reject)
}

pub(in crate::order) fn cancel(order: &Facts) -> Result<(), OrderError> {
    order.take(CommandName::Cancel)?;
    require_nothing_shipped(order)
}

pub(in crate::order) fn hold(order: &Facts, hold_id: Option<&HoldId>) -> Result<(), OrderError> {
    order.take(CommandName::Hold)?;
    if let Some(hold_id) = hold_id {
        let open = order.holds.iter().map(|hold| &hold.hold_id);
        require_free(hold_id, open.chain(&order.released_holds))?;
    }
    if order.holds.len() >= MAX_HOLDS {
        return Err(OrderError::TooManyHolds { max: MAX_HOLDS });
    }
    Ok(())
}

pub(in crate::order) fn release_hold(order: &Facts, hold_id: &HoldId) -> Result<(), OrderError> {
    order.take(CommandName::ReleaseHold)?;
    if order.holds.iter().any(|hold| hold.hold_id == *hold_id) {
        Ok(())
    } else {
        Err(OrderError::UnknownHold {
            hold_id: hold_id.clone(),
        })
    }
}

pub(super) fn some_hold_can_be_released(order: &Facts) -> bool {
    let mut holds = order.holds.iter();
    holds.any(|hold| release_hold(order, &hold.hold_id).is_ok())
}
