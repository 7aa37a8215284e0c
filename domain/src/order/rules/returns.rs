//! Units that come back.

use std::collections::HashMap;

use super::lines::{find_lines, require_open};
use super::require_free;
use crate::order::{
    CommandName, Facts, Line, OrderError, ReceivedLine, Return, ReturnLine, ReturnState,
};
use crate::{LineId, ReturnId};

/// The units to return are `(line, units)`, or why there is no such line.
pub(in crate::order) fn request_return<'a>(
    order: &Facts,
    return_id: Option<&ReturnId>,
    units: impl Iterator<Item = Result<(&'a Line, i64), OrderError>>,
) -> Result<(), OrderError> {
    order.take(CommandName::RequestReturn)?;
    let units = units.collect::<Result<Vec<_>, _>>()?;
    if let Some(return_id) = return_id {
        require_free(
            return_id,
            order.returns.iter().map(|known| &known.return_id),
        )?;
    }
    let on_their_way = units_in_open_returns(order);
    for (line, quantity) in units {
        require_arrived(line, quantity, &on_their_way)?;
    }
    Ok(())
}

/// Refuses more units of a line than arrived, did not come back and are not on their way.
fn require_arrived(
    line: &Line,
    quantity: i64,
    on_their_way: &HashMap<&LineId, i64>,
) -> Result<(), OrderError> {
    let on_their_way = on_their_way.get(line.line_id()).unwrap_or(&0);
    let open = line.delivered - line.returned - on_their_way;
    require_open(line.line_id(), quantity, open)
}

/// The lines that a request for a return names.
pub(in crate::order) fn lines_to_return<'a>(
    order: &'a Facts,
    lines: &'a [ReturnLine],
) -> impl Iterator<Item = Result<(&'a Line, i64), OrderError>> {
    let named = lines.iter();
    find_lines(
        order,
        named.map(|named| (&named.line_id, named.quantity.get())),
    )
}

pub(super) fn some_unit_can_come_back(order: &Facts) -> bool {
    let on_their_way = units_in_open_returns(order);
    let mut lines = order.lines.iter();
    order.take(CommandName::RequestReturn).is_ok()
        && lines.any(|line| require_arrived(line, 1, &on_their_way).is_ok())
}

fn units_in_open_returns(order: &Facts) -> HashMap<&LineId, i64> {
    let mut units = HashMap::new();
    let open = order.returns.iter().filter(|known| known.is_open());
    for line in open.flat_map(|open| &open.lines) {
        *units.entry(&line.line_id).or_default() += line.quantity.get();
    }
    units
}

pub(in crate::order) fn approve_return(
    order: &Facts,
    return_id: &ReturnId,
) -> Result<(), OrderError> {
    order.take(CommandName::ApproveReturn)?;
    require_requested(find_return(order, return_id)?)
}

pub(super) fn some_return_can_be_approved(order: &Facts) -> bool {
    let mut returns = order.returns.iter();
    returns.any(|known| approve_return(order, &known.return_id).is_ok())
}

pub(in crate::order) fn decline_return(
    order: &Facts,
    return_id: &ReturnId,
) -> Result<(), OrderError> {
    order.take(CommandName::DeclineReturn)?;
    require_requested(find_return(order, return_id)?)
}

pub(super) fn some_return_can_be_declined(order: &Facts) -> bool {
    let mut returns = order.returns.iter();
    returns.any(|known| decline_return(order, &known.return_id).is_ok())
}

/// The lines that came, with what came of them.
pub(in crate::order) fn receive_return<'a>(
    order: &'a Facts,
    return_id: &ReturnId,
    received: &'a [ReceivedLine],
) -> Result<Vec<(&'a Line, &'a ReceivedLine)>, OrderError> {
    order.take(CommandName::ReceiveReturn)?;
    let known = find_return(order, return_id)?;
    let named = received.iter().map(|came| (&came.line_id, came));
    let lines = find_lines(order, named).collect::<Result<Vec<_>, _>>()?;
    if known.state != ReturnState::Approved {
        return Err(OrderError::ReturnNotApproved {
            return_id: return_id.clone(),
            state: known.state,
        });
    }
    let requested: HashMap<_, _> = known
        .lines
        .iter()
        .map(|line| (&line.line_id, line.quantity.get()))
        .collect();
    for came in received {
        let open = requested.get(&came.line_id).copied().unwrap_or(0);
        require_open(&came.line_id, came.quantity.get(), open)?;
    }
    Ok(lines)
}

/// Nothing came, which closes a return as well.
pub(super) fn some_return_can_be_received(order: &Facts) -> bool {
    let mut returns = order.returns.iter();
    returns.any(|known| receive_return(order, &known.return_id, &[]).is_ok())
}

pub(super) fn find_return<'a>(
    order: &'a Facts,
    return_id: &ReturnId,
) -> Result<&'a Return, OrderError> {
    order
        .returns
        .iter()
        .find(|known| known.return_id == *return_id)
        .ok_or_else(|| OrderError::UnknownReturn {
            return_id: return_id.clone(),
        })
}

fn require_requested(known: &Return) -> Result<(), OrderError> {
    if known.state == ReturnState::Requested {
        return Ok(());
    }
    Err(OrderError::ReturnNotRequested {
        return_id: known.return_id.clone(),
        state: known.state,
    })
}
