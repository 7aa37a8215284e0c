//! A new order: what its body alone can break, and its price.

use super::{NewOrder, OrderContent, OrderError, second_naming};
use crate::pricing::{Items, Location, NewLine, Terms, price};

/// The most lines an order can have, cancelled ones among them.
pub const MAX_LINES: usize = 500;
/// The most discounts a line can have, and an order.
pub const MAX_DISCOUNTS: usize = 20;
/// The most tags an order can have.
pub const MAX_TAGS: usize = 50;

/// Prices an order that is to be placed at once.
pub(super) fn place(order: &NewOrder) -> Result<OrderContent, OrderError> {
    require_placeable(order.lines.len(), order.shipping_address.is_some())?;
    draft(order)
}

/// Prices an order of which lines and addresses may still be missing.
pub(super) fn draft(order: &NewOrder) -> Result<OrderContent, OrderError> {
    check_limits(order)?;
    check_names(order)?;
    let terms = Terms {
        rounding: order.rounding,
        tax: order.tax,
    };
    let items = Items {
        lines: &order.lines,
        discounts: &order.discounts,
        shipping: order.shipping.as_ref(),
    };
    let priced = price(terms, items)?;
    super::rules::expect_total(order.expected_total, priced.totals.total)?;
    Ok(OrderContent {
        order_id: order.order_id.clone(),
        currency: order.currency,
        rounding: order.rounding,
        tax: order.tax,
        customer: order.customer.clone(),
        lines: priced.lines,
        discounts: priced.discounts,
        shipping: priced.shipping,
        shipping_address: order.shipping_address.clone(),
        billing_address: order.billing_address.clone(),
        tags: order.tags.clone(),
        note: order.note.clone(),
        totals: priced.totals,
    })
}

/// What placing asks for and drafting does not.
pub(super) fn require_placeable(lines: usize, has_address: bool) -> Result<(), OrderError> {
    if lines == 0 {
        return Err(OrderError::NoLine);
    }
    if has_address {
        Ok(())
    } else {
        Err(OrderError::NoShippingAddress)
    }
}

fn check_limits(order: &NewOrder) -> Result<(), OrderError> {
    if order.lines.len() > MAX_LINES {
        return Err(OrderError::TooManyLines { max: MAX_LINES });
    }
    for (index, line) in order.lines.iter().enumerate() {
        check_line_discounts(index, line)?;
    }
    check_discounts(Location::Discounts, order.discounts.len())?;
    if order.tags.len() > MAX_TAGS {
        return Err(OrderError::TooManyTags { max: MAX_TAGS });
    }
    Ok(())
}

/// Refuses more discounts than a line can have.
pub(super) fn check_line_discounts(index: usize, line: &NewLine) -> Result<(), OrderError> {
    check_discounts(Location::LineDiscounts(index), line.discounts.len())
}

/// Refuses more discounts than a line or an order can have.
pub(super) fn check_discounts(at: Location, count: usize) -> Result<(), OrderError> {
    if count > MAX_DISCOUNTS {
        return Err(OrderError::TooManyDiscounts {
            at,
            max: MAX_DISCOUNTS,
        });
    }
    Ok(())
}

fn check_names(order: &NewOrder) -> Result<(), OrderError> {
    if let Some(index) = second_naming(order.lines.iter().map(|line| &line.line_id)) {
        let line_id = order.lines[index].line_id.clone();
        return Err(OrderError::LineTwice {
            at: Location::LineId(index),
            line_id,
        });
    }
    if let Some(index) = second_naming(order.tags.iter()) {
        let tag = order.tags[index].clone();
        return Err(OrderError::TagTwice {
            at: Location::Tag(index),
            tag,
        });
    }
    Ok(())
}
