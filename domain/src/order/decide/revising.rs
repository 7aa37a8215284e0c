//! What becomes of an order that changes after placing.

use crate::Text;
use crate::order::{
    CancelledUnits, Facts, LineQuantities, LinesCancelled, OrderError, OrderEvent, OrderRevised,
    Revision, rules,
};

pub(super) fn revise(
    order: &Facts,
    revision: &Revision,
    reason: &Text,
) -> Result<OrderEvent, OrderError> {
    let (changes, totals) = rules::revise(order, revision)?;
    Ok(OrderEvent::OrderRevised(OrderRevised {
        reason: reason.clone(),
        changes,
        totals,
    }))
}

pub(super) fn cancel_lines(
    order: &Facts,
    lines: &LineQuantities,
    reason: &Text,
    restock: bool,
) -> Result<OrderEvent, OrderError> {
    let cancelled = rules::cancel_lines(order, rules::named_lines(order, lines))?;
    let named = lines.as_slice().iter().zip(cancelled);
    let lines = named.map(|(named, (line, units))| CancelledUnits {
        line_id: named.line_id.clone(),
        quantity: named.quantity,
        amount: line.worth_of_next(order.rounding, units),
    });
    Ok(OrderEvent::LinesCancelled(LinesCancelled {
        reason: reason.clone(),
        restock,
        lines: lines.collect(),
    }))
}
