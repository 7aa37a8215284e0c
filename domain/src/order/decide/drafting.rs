//! What becomes of drafts.

use crate::order::{
    DiscountApplied, DiscountRemoved, Facts, LineAdded, LineQuantityChanged, LineRemoved,
    OrderContent, OrderDiscarded, OrderError, OrderEvent, ShippingSet, rules,
};
use crate::pricing::{NewLine, OrderDiscount, Shipping};
use crate::{Amount, DiscountCode, LineId, Quantity};

pub(super) fn place(
    order: &Facts,
    expected_total: Option<Amount>,
) -> Result<OrderEvent, OrderError> {
    rules::place_draft(order, expected_total)?;
    Ok(OrderEvent::OrderPlaced(Box::new(content_of(order))))
}

pub(super) fn discard(order: &Facts) -> Result<OrderEvent, OrderError> {
    rules::discard(order)?;
    Ok(OrderEvent::OrderDiscarded(OrderDiscarded {}))
}

pub(super) fn add_line(order: &Facts, line: &NewLine) -> Result<OrderEvent, OrderError> {
    let repriced = rules::add_line(order, line)?;
    Ok(OrderEvent::LineAdded(LineAdded {
        line_id: line.line_id.clone(),
        repriced,
    }))
}

pub(super) fn change_line_quantity(
    order: &Facts,
    line_id: &LineId,
    quantity: Quantity,
) -> Result<OrderEvent, OrderError> {
    let repriced = rules::change_line_quantity(order, line_id, quantity)?;
    Ok(OrderEvent::LineQuantityChanged(LineQuantityChanged {
        line_id: line_id.clone(),
        quantity,
        repriced,
    }))
}

pub(super) fn remove_line(order: &Facts, line_id: &LineId) -> Result<OrderEvent, OrderError> {
    let repriced = rules::remove_line(order, line_id)?;
    Ok(OrderEvent::LineRemoved(LineRemoved {
        line_id: line_id.clone(),
        repriced,
    }))
}

pub(super) fn apply_discount(
    order: &Facts,
    discount: &OrderDiscount,
) -> Result<OrderEvent, OrderError> {
    let repriced = rules::apply_discount(order, discount)?;
    Ok(OrderEvent::DiscountApplied(DiscountApplied {
        code: discount.code.clone(),
        repriced,
    }))
}

pub(super) fn remove_discount(
    order: &Facts,
    code: &DiscountCode,
) -> Result<OrderEvent, OrderError> {
    let repriced = rules::remove_discount(order, code)?;
    Ok(OrderEvent::DiscountRemoved(DiscountRemoved {
        code: code.clone(),
        repriced,
    }))
}

pub(super) fn set_shipping(order: &Facts, shipping: &Shipping) -> Result<OrderEvent, OrderError> {
    let repriced = rules::set_shipping(order, shipping)?;
    Ok(OrderEvent::ShippingSet(ShippingSet { repriced }))
}

/// All of a draft, to be placed as it is. Its notes are facts of their own already.
fn content_of(order: &Facts) -> OrderContent {
    OrderContent {
        order_id: order.order_id.clone(),
        currency: order.currency,
        rounding: order.rounding,
        tax: order.tax,
        customer: order.customer.clone(),
        lines: order.lines.iter().map(|line| line.priced.clone()).collect(),
        discounts: order.discounts.clone(),
        shipping: order.shipping.clone(),
        shipping_address: order.shipping_address.clone(),
        billing_address: order.billing_address.clone(),
        tags: order.tags.clone(),
        note: None,
        totals: order.totals,
    }
}
