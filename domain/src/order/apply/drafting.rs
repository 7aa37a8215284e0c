//! Drafts that are priced anew, and placed orders that are not.

use crate::order::{CancelledUnits, Facts, Line, LineRemoved, OrderRevised, Repriced, Revised};

impl Facts {
    pub(super) fn reprice(&mut self, repriced: &Repriced) {
        // Both are in the order of the lines, and what is new comes last.
        let mut lines = repriced.lines.iter().peekable();
        for line in &mut self.lines {
            if let Some(priced) = lines.next_if(|priced| priced.line_id == line.priced.line_id) {
                line.priced = priced.clone();
            }
        }
        self.lines.extend(lines.cloned().map(Line::new));
        self.discounts.clone_from(&repriced.discounts);
        self.shipping.clone_from(&repriced.shipping);
        self.totals = repriced.totals;
    }

    pub(super) fn remove_line(&mut self, removed: &LineRemoved) {
        self.lines.retain(|line| *line.line_id() != removed.line_id);
        self.removed_lines.push(removed.line_id.clone());
        self.reprice(&removed.repriced);
    }

    pub(super) fn revise(&mut self, revised: &OrderRevised) {
        let cancelled = revised.changes.iter().filter_map(|change| match change {
            Revised::CancelUnits { units, .. } => Some(units),
            _ => None,
        });
        self.cancel_units(cancelled);
        for change in &revised.changes {
            match change {
                Revised::AddLine { line } => self.lines.push(Line::new((**line).clone())),
                Revised::CancelUnits { .. } => {}
                Revised::SetShipping {
                    shipping,
                    discounts,
                } => {
                    self.shipping = Some(shipping.clone());
                    self.discounts.clone_from(discounts);
                }
            }
        }
        self.totals = revised.totals;
    }

    pub(super) fn cancel_units<'a>(&mut self, cancelled: impl Iterator<Item = &'a CancelledUnits>) {
        self.on_lines(
            cancelled.map(|units| (&units.line_id, units)),
            |line, units| {
                line.cancelled += units.quantity.get();
                line.cancelled_amount += units.amount.get();
            },
        );
    }
}
