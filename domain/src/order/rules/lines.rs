//! The lines that a request names, and how many of their units it can have.

use std::collections::HashMap;

use crate::LineId;
use crate::order::{Facts, Line, LineQuantities, MAX_LINES, OrderError};

/// The lines that a request names, with their units.
pub(in crate::order) fn named_lines<'a>(
    order: &'a Facts,
    lines: &'a LineQuantities,
) -> impl Iterator<Item = Result<(&'a Line, i64), OrderError>> {
    let named = lines.as_slice().iter();
    find_lines(
        order,
        named.map(|named| (&named.line_id, named.quantity.get())),
    )
}

/// The lines with these ids, or why there are none.
pub(super) fn find_lines<'a, T>(
    order: &'a Facts,
    named: impl Iterator<Item = (&'a LineId, T)>,
) -> impl Iterator<Item = Result<(&'a Line, T), OrderError>> {
    let by_id: HashMap<_, _> = order
        .lines
        .iter()
        .map(|line| (line.line_id(), line))
        .collect();
    named.map(move |(line_id, wanted)| match by_id.get(line_id) {
        Some(line) => Ok((*line, wanted)),
        None => Err(unknown_line(line_id)),
    })
}

/// Where a line is among the order's lines.
pub(super) fn index_of(order: &Facts, line_id: &LineId) -> Result<usize, OrderError> {
    let mut lines = order.lines.iter();
    lines
        .position(|line| line.line_id() == line_id)
        .ok_or_else(|| unknown_line(line_id))
}

fn unknown_line(line_id: &LineId) -> OrderError {
    OrderError::UnknownLine {
        line_id: line_id.clone(),
    }
}

/// Refuses to take more units of a line than are open for what is asked.
pub(super) fn require_open(line_id: &LineId, quantity: i64, open: i64) -> Result<(), OrderError> {
    if quantity > open {
        return Err(OrderError::QuantityExceedsOpen {
            line_id: line_id.clone(),
            quantity,
            open,
        });
    }
    Ok(())
}

/// Refuses more lines than an order can have. Cancelled ones count, removed ones are none.
pub(super) fn require_room(order: &Facts, more: usize) -> Result<(), OrderError> {
    if order.lines.len() + more > MAX_LINES {
        return Err(OrderError::TooManyLines { max: MAX_LINES });
    }
    Ok(())
}
