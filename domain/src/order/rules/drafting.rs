//! Drafts: every change prices the whole draft anew.

use super::lines::{index_of, require_room};
use super::require_free;
use crate::order::placing::{check_discounts, check_line_discounts, require_placeable};
use crate::order::repricing::Asked;
use crate::order::{CommandName, Facts, Line, OrderError, Repriced};
use crate::pricing::{Items, Location, NewLine, OrderDiscount, PricedLine, Shipping, price};
use crate::{Amount, DiscountCode, LineId, MAX_AMOUNT, Quantity};

pub(in crate::order) fn place_draft(
    order: &Facts,
    expected_total: Option<Amount>,
) -> Result<(), OrderError> {
    order.take(CommandName::Place)?;
    require_placeable(order.lines.len(), order.shipping_address.is_some())?;
    expect_total(expected_total, order.totals.total)
}

/// Refuses a total that the caller did not expect.
pub(in crate::order) fn expect_total(
    expected: Option<Amount>,
    total: Amount,
) -> Result<(), OrderError> {
    match expected {
        Some(expected) if expected != total => Err(OrderError::TotalDiffers {
            expected: expected.get(),
            total: total.get(),
        }),
        _ => Ok(()),
    }
}

pub(in crate::order) fn discard(order: &Facts) -> Result<(), OrderError> {
    order.take(CommandName::Discard)
}

pub(in crate::order) fn add_line(order: &Facts, line: &NewLine) -> Result<Repriced, OrderError> {
    order.take(CommandName::AddLine)?;
    let present = order.lines.iter().map(Line::line_id);
    require_free(&line.line_id, present.chain(&order.removed_lines))?;
    let mut asked = Asked::by(order);
    asked.lines.push(line.clone());
    limits_last(asked.reprice(order), || {
        require_room(order, 1)?;
        check_line_discounts(order.lines.len(), line)
    })
}

/// A line of no worth changes no other amount, so it needs only its room.
pub(super) fn some_line_can_come(order: &Facts) -> bool {
    order.take(CommandName::AddLine).is_ok() && require_room(order, 1).is_ok()
}

pub(in crate::order) fn change_line_quantity(
    order: &Facts,
    line_id: &LineId,
    quantity: Quantity,
) -> Result<Repriced, OrderError> {
    order.take(CommandName::ChangeLineQuantity)?;
    let index = index_of(order, line_id)?;
    let mut asked = Asked::by(order);
    if asked.lines[index].quantity == quantity {
        return Err(OrderError::NothingChanges);
    }
    asked.lines[index].quantity = quantity;
    asked.reprice(order)
}

/// One unit less of some line, or one more. If neither can be priced, no other number can: more
/// units only raise what discounts are taken from and what amounts sum to.
pub(super) fn some_quantity_can_change(order: &Facts) -> bool {
    order.take(CommandName::ChangeLineQuantity).is_ok()
        && (some_line_can_shrink(order) || some_line_can_grow(order))
}

/// Of the lines that their own discounts let shrink, the one that then loses least of what
/// order-level discounts are taken from: nothing else stands against fewer units.
fn some_line_can_shrink(order: &Facts) -> bool {
    let smaller = order.lines.iter().filter_map(|line| {
        let quantity = Quantity::parse(line.quantity() - 1).ok()?;
        let asked = NewLine {
            quantity,
            ..line.priced.asked()
        };
        let alone = Items {
            lines: &[asked],
            discounts: &[],
            shipping: None,
        };
        let left = before_order_discounts(price(order.terms(), alone).ok()?.lines.first()?);
        let loss = before_order_discounts(&line.priced) - left;
        Some((loss, line.line_id(), quantity))
    });
    smaller
        .min_by_key(|(loss, ..)| *loss)
        .is_some_and(|(_, line_id, quantity)| {
            change_line_quantity(order, line_id, quantity).is_ok()
        })
}

/// Of the lines for one more unit of which the subtotal has room, any.
fn some_line_can_grow(order: &Facts) -> bool {
    let subtotal = order.totals.subtotal.get();
    let mut with_room = order
        .lines
        .iter()
        .filter(|line| subtotal + line.priced.unit_price.get() <= MAX_AMOUNT);
    with_room.any(|line| {
        Quantity::parse(line.quantity() + 1)
            .is_ok_and(|quantity| change_line_quantity(order, line.line_id(), quantity).is_ok())
    })
}

/// What a line's own discounts leave of it.
fn before_order_discounts(line: &PricedLine) -> i64 {
    line.subtotal.get() - (line.discount_total.get() - line.order_discount.get())
}

pub(in crate::order) fn remove_line(
    order: &Facts,
    line_id: &LineId,
) -> Result<Repriced, OrderError> {
    order.take(CommandName::RemoveLine)?;
    let index = index_of(order, line_id)?;
    let mut asked = Asked::by(order);
    asked.lines.remove(index);
    asked.reprice(order)
}

/// The line whose going takes least from what order-level discounts are taken from.
pub(super) fn some_line_can_go(order: &Facts) -> bool {
    order.take(CommandName::RemoveLine).is_ok()
        && order
            .lines
            .iter()
            .min_by_key(|line| before_order_discounts(&line.priced))
            .is_some_and(|line| remove_line(order, line.line_id()).is_ok())
}

pub(in crate::order) fn apply_discount(
    order: &Facts,
    discount: &OrderDiscount,
) -> Result<Repriced, OrderError> {
    order.take(CommandName::ApplyDiscount)?;
    let mut asked = Asked::by(order);
    asked.discounts.push(discount.clone());
    limits_last(asked.reprice(order), || require_discount_room(order))
}

/// A percentage never exceeds its base and raises no amount, so it needs only its room.
pub(super) fn some_discount_can_come(order: &Facts) -> bool {
    order.take(CommandName::ApplyDiscount).is_ok() && require_discount_room(order).is_ok()
}

fn require_discount_room(order: &Facts) -> Result<(), OrderError> {
    check_discounts(Location::Discounts, order.discounts.len() + 1)
}

pub(in crate::order) fn remove_discount(
    order: &Facts,
    code: &DiscountCode,
) -> Result<Repriced, OrderError> {
    order.take(CommandName::RemoveDiscount)?;
    let mut asked = Asked::by(order);
    let found = asked
        .discounts
        .iter()
        .position(|discount| discount.code == *code);
    let index = found.ok_or_else(|| OrderError::UnknownDiscount { code: code.clone() })?;
    asked.discounts.remove(index);
    asked.reprice(order)
}

pub(super) fn some_discount_can_go(order: &Facts) -> bool {
    let mut discounts = order.discounts.iter();
    discounts.any(|discount| remove_discount(order, &discount.code).is_ok())
}

pub(in crate::order) fn set_shipping(
    order: &Facts,
    shipping: &Shipping,
) -> Result<Repriced, OrderError> {
    order.take(CommandName::SetShipping)?;
    let mut asked = Asked::by(order);
    asked.shipping = Some(shipping.clone());
    asked.reprice(order)
}

/// The shipping that the draft has can be set again. Without one, one that costs nothing can: no
/// fixed discount on shipping could come before it.
pub(super) fn some_shipping_can_be_set(order: &Facts) -> bool {
    order.take(CommandName::SetShipping).is_ok()
}

/// A rule that is a limit answers after those that are none.
fn limits_last(
    repriced: Result<Repriced, OrderError>,
    limit: impl FnOnce() -> Result<(), OrderError>,
) -> Result<Repriced, OrderError> {
    match repriced {
        Ok(_) | Err(OrderError::AmountTooLarge { .. }) => limit().and(repriced),
        Err(_) => repriced,
    }
}
