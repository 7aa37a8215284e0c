//! What becomes of units that come back.

use crate::order::{
    Facts, OrderError, OrderEvent, ReceivedLines, ReceivedValue, ReturnApproved, ReturnDeclined,
    ReturnLines, ReturnReceived, ReturnRequested, rules,
};
use crate::pricing::Location;
use crate::{Amount, ReturnId, Text};

pub(super) fn request(
    order: &Facts,
    return_id: &ReturnId,
    lines: &ReturnLines,
) -> Result<OrderEvent, OrderError> {
    let units = rules::lines_to_return(order, lines.as_slice());
    rules::request_return(order, Some(return_id), units)?;
    Ok(OrderEvent::ReturnRequested(ReturnRequested {
        return_id: return_id.clone(),
        lines: lines.clone(),
    }))
}

pub(super) fn approve(
    order: &Facts,
    return_id: &ReturnId,
    reason: Option<&Text>,
) -> Result<OrderEvent, OrderError> {
    rules::approve_return(order, return_id)?;
    Ok(OrderEvent::ReturnApproved(ReturnApproved {
        return_id: return_id.clone(),
        reason: reason.cloned(),
    }))
}

pub(super) fn decline(
    order: &Facts,
    return_id: &ReturnId,
    reason: &Text,
) -> Result<OrderEvent, OrderError> {
    rules::decline_return(order, return_id)?;
    Ok(OrderEvent::ReturnDeclined(ReturnDeclined {
        return_id: return_id.clone(),
        reason: reason.clone(),
    }))
}

pub(super) fn receive(
    order: &Facts,
    return_id: &ReturnId,
    received: &ReceivedLines,
) -> Result<OrderEvent, OrderError> {
    let came = rules::receive_return(order, return_id, received.as_slice())?;
    let lines: Vec<_> = came
        .into_iter()
        .map(|(line, came)| ReceivedValue {
            line_id: came.line_id.clone(),
            quantity: came.quantity,
            condition: came.condition,
            restock: came.restock,
            amount: line.worth_of_next(order.rounding, came.quantity.get()),
        })
        .collect();
    let amount = Amount::parse(lines.iter().map(|line| line.amount.get()).sum());
    Ok(OrderEvent::ReturnReceived(ReturnReceived {
        return_id: return_id.clone(),
        lines,
        // Shares of lines whose total is an amount sum to one.
        amount: amount.map_err(|_| OrderError::AmountTooLarge {
            at: Location::Order,
        })?,
    }))
}
