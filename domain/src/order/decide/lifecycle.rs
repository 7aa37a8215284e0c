//! What becomes of an order as a whole.

use crate::order::{
    Facts, HoldPlaced, HoldReleased, LineQuantity, OrderCancelled, OrderConfirmed, OrderError,
    OrderEvent, OrderRejected, rules,
};
use crate::{HoldId, NoteText, Quantity, Text};

pub(super) fn hold(
    order: &Facts,
    hold_id: &HoldId,
    reason: &Text,
    note: Option<&NoteText>,
) -> Result<OrderEvent, OrderError> {
    rules::hold(order, Some(hold_id))?;
    Ok(OrderEvent::HoldPlaced(HoldPlaced {
        hold_id: hold_id.clone(),
        reason: reason.clone(),
        note: note.cloned(),
    }))
}

pub(super) fn release_hold(order: &Facts, hold_id: &HoldId) -> Result<OrderEvent, OrderError> {
    rules::release_hold(order, hold_id)?;
    Ok(OrderEvent::HoldReleased(HoldReleased {
        hold_id: hold_id.clone(),
    }))
}

pub(super) fn confirm(order: &Facts) -> Result<OrderEvent, OrderError> {
    rules::confirm(order)?;
    Ok(OrderEvent::OrderConfirmed(OrderConfirmed {}))
}

pub(super) fn reject(order: &Facts, reason: &Text) -> Result<OrderEvent, OrderError> {
    rules::reject(order)?;
    Ok(OrderEvent::OrderRejected(OrderRejected {
        reason: reason.clone(),
        lines: units_left(order),
    }))
}

pub(super) fn cancel(
    order: &Facts,
    reason: &Text,
    restock: bool,
) -> Result<OrderEvent, OrderError> {
    rules::cancel(order)?;
    Ok(OrderEvent::OrderCancelled(OrderCancelled {
        reason: reason.clone(),
        restock,
        lines: units_left(order),
    }))
}

/// All units that are not cancelled.
fn units_left(order: &Facts) -> Vec<LineQuantity> {
    let left = order.lines.iter().filter_map(|line| {
        let quantity = Quantity::parse(line.quantity() - line.cancelled).ok()?;
        Some(LineQuantity {
            line_id: line.line_id().clone(),
            quantity,
        })
    });
    left.collect()
}
