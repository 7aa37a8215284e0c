//! An order that is placed and changes. Nothing is priced anew: lines that are there keep their
//! price, new ones are priced alone, and a cancelled unit takes its own share back.

use std::iter;

use super::lines::{find_lines, require_open, require_room};
use super::{require_free, require_nothing_shipped};
use crate::order::placing::check_line_discounts;
use crate::order::{
    CancelledUnits, Change, CommandName, Facts, Line, OrderError, Revised, Revision,
};
use crate::pricing::{
    AppliedOrderDiscount, AppliesTo, Items, NewLine, Priced, PricedShipping, Shipping, Totals,
    price,
};

/// The units to cancel are `(line, units)`, or why there is no such line.
pub(in crate::order) fn cancel_lines<'a>(
    order: &Facts,
    units: impl Iterator<Item = Result<(&'a Line, i64), OrderError>>,
) -> Result<Vec<(&'a Line, i64)>, OrderError> {
    order.take(CommandName::CancelLines)?;
    let units = units.collect::<Result<Vec<_>, _>>()?;
    for (line, quantity) in &units {
        require_open(line.line_id(), *quantity, line.open())?;
    }
    Ok(units)
}

pub(super) fn some_unit_can_be_cancelled(order: &Facts) -> bool {
    let mut lines = order.lines.iter();
    lines.any(|line| cancel_lines(order, iter::once(Ok((line, 1)))).is_ok())
}

/// Fewer units of some line, or one more line of no worth. Another shipping alone is not asked
/// about: it needs that nothing has shipped, and then a unit can be cancelled.
pub(super) fn some_revision_is_possible(order: &Facts) -> bool {
    order.take(CommandName::Revise).is_ok()
        && (some_unit_can_be_cancelled(order) || require_room(order, 1).is_ok())
}

/// What a revision leads to, in its order, and what the order sums to then.
pub(in crate::order) fn revise(
    order: &Facts,
    revision: &Revision,
) -> Result<(Vec<Revised>, Totals), OrderError> {
    order.take(CommandName::Revise)?;
    let cancelled = cancelled_lines(order, revision)?;
    require_free_lines(order, revision)?;
    for (line, quantity) in &cancelled {
        require_open(line.line_id(), *quantity, line.open())?;
    }
    let shipping = revision.changes().iter().find_map(new_shipping);
    if let Some(shipping) = shipping {
        let same = order.shipping.as_ref().map(PricedShipping::asked).as_ref() == Some(shipping);
        if same && revision.changes().len() == 1 {
            return Err(OrderError::NothingChanges);
        }
        require_nothing_shipped(order)?;
    }
    let added: Vec<_> = revision
        .changes()
        .iter()
        .filter_map(new_line)
        .cloned()
        .collect();
    let priced = price_alone(order, &added, shipping);
    if let Ok(_) | Err(OrderError::AmountTooLarge { .. }) = priced {
        require_room(order, added.len())?;
        for (line, index) in added.iter().zip(order.lines.len()..) {
            check_line_discounts(index, line)?;
        }
    }
    let priced = priced?;
    let totals = totals_with(order, &priced)?;
    Ok((revised(order, revision, cancelled, priced), totals))
}

fn new_line(change: &Change) -> Option<&NewLine> {
    match change {
        Change::AddLine(line) => Some(line),
        _ => None,
    }
}

fn new_shipping(change: &Change) -> Option<&Shipping> {
    match change {
        Change::SetShipping(shipping) => Some(shipping),
        _ => None,
    }
}

/// The lines of which units are cancelled, in the order of the changes that do.
fn cancelled_lines<'a>(
    order: &'a Facts,
    revision: &'a Revision,
) -> Result<Vec<(&'a Line, i64)>, OrderError> {
    let named = revision.changes().iter().filter_map(|change| match change {
        Change::CancelUnits {
            line_id, quantity, ..
        } => Some((line_id, quantity.get())),
        _ => None,
    });
    find_lines(order, named).collect()
}

fn require_free_lines(order: &Facts, revision: &Revision) -> Result<(), OrderError> {
    for line in revision.changes().iter().filter_map(new_line) {
        let present = order.lines.iter().map(Line::line_id);
        require_free(&line.line_id, present.chain(&order.removed_lines))?;
    }
    Ok(())
}

/// New lines with their own discounts only, and a new shipping with the order's discounts on
/// shipping.
fn price_alone(
    order: &Facts,
    lines: &[NewLine],
    shipping: Option<&Shipping>,
) -> Result<Priced, OrderError> {
    let discounts: Vec<_> = order
        .discounts
        .iter()
        .filter(|discount| shipping.is_some() && discount.applies_to == AppliesTo::Shipping)
        .map(AppliedOrderDiscount::asked)
        .collect();
    let items = Items {
        lines,
        discounts: &discounts,
        shipping,
    };
    Ok(price(order.terms(), items)?)
}

fn totals_with(order: &Facts, priced: &Priced) -> Result<Totals, OrderError> {
    let lines = order.lines.iter().map(|line| &line.priced);
    let shipping = priced.shipping.as_ref().or(order.shipping.as_ref());
    Ok(Totals::of(lines.chain(&priced.lines), shipping)?)
}

/// The changes as facts, each where it was asked for.
fn revised(
    order: &Facts,
    revision: &Revision,
    cancelled: Vec<(&Line, i64)>,
    priced: Priced,
) -> Vec<Revised> {
    let discounts = with_applied(&order.discounts, priced.discounts);
    let (mut cancelled, mut added) = (cancelled.into_iter(), priced.lines.into_iter());
    let mut shipping = priced.shipping.map(|shipping| (shipping, discounts));
    let fact = |change: &Change| match change {
        Change::AddLine(_) => added.next().map(|line| Revised::AddLine {
            line: Box::new(line),
        }),
        Change::CancelUnits {
            line_id,
            quantity,
            restock,
        } => cancelled.next().map(|(line, units)| Revised::CancelUnits {
            units: CancelledUnits {
                line_id: line_id.clone(),
                quantity: *quantity,
                amount: line.worth_of_next(order.rounding, units),
            },
            restock: *restock,
        }),
        Change::SetShipping(_) => {
            shipping
                .take()
                .map(|(shipping, discounts)| Revised::SetShipping {
                    shipping,
                    discounts,
                })
        }
    };
    revision.changes().iter().filter_map(fact).collect()
}

/// The order's discounts, with those on shipping as they are applied now.
fn with_applied(
    all: &[AppliedOrderDiscount],
    on_shipping: Vec<AppliedOrderDiscount>,
) -> Vec<AppliedOrderDiscount> {
    let mut on_shipping = on_shipping.into_iter();
    all.iter()
        .map(|discount| match discount.applies_to {
            AppliesTo::Order => discount.clone(),
            AppliesTo::Shipping => on_shipping.next().unwrap_or_else(|| discount.clone()),
        })
        .collect()
}
