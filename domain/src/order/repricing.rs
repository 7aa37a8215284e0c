//! A draft that is priced anew: as it was asked for, with one thing changed.

use std::collections::HashMap;

use super::{Facts, OrderError, Repriced};
use crate::pricing::{
    AppliedOrderDiscount, Items, NewLine, OrderDiscount, PricedLine, PricedShipping, Shipping,
    Terms, price,
};

/// What a draft asks for.
pub(super) struct Asked {
    pub(super) lines: Vec<NewLine>,
    pub(super) discounts: Vec<OrderDiscount>,
    pub(super) shipping: Option<Shipping>,
}

impl Asked {
    /// What this draft asks for.
    pub(super) fn by(order: &Facts) -> Self {
        Self {
            lines: order.lines.iter().map(|line| line.priced.asked()).collect(),
            discounts: order
                .discounts
                .iter()
                .map(AppliedOrderDiscount::asked)
                .collect(),
            shipping: order.shipping.as_ref().map(PricedShipping::asked),
        }
    }

    /// Its price, as the difference to what the draft has.
    pub(super) fn reprice(&self, order: &Facts) -> Result<Repriced, OrderError> {
        let items = Items {
            lines: &self.lines,
            discounts: &self.discounts,
            shipping: self.shipping.as_ref(),
        };
        let priced = price(order.terms(), items)?;
        let before: HashMap<_, &PricedLine> = order
            .lines
            .iter()
            .map(|line| (line.line_id(), &line.priced))
            .collect();
        let is_new = |line: &PricedLine| before.get(&line.line_id) != Some(&line);
        Ok(Repriced {
            lines: priced.lines.into_iter().filter(is_new).collect(),
            discounts: priced.discounts,
            shipping: priced.shipping,
            totals: priced.totals,
        })
    }
}

impl Facts {
    /// What the order agreed on before its first price.
    pub(super) fn terms(&self) -> Terms {
        Terms {
            rounding: self.rounding,
            tax: self.tax,
        }
    }
}
