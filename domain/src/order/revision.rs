//! Several changes of an order, asked for at once.

use thiserror::Error;

use crate::pricing::{NewLine, Shipping};
use crate::{LineId, Quantity};

/// The most changes a revision can have.
pub const MAX_CHANGES: usize = 500;

/// One change of an order that is placed already.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// One more line, priced alone: no order-level discount reaches it.
    AddLine(Box<NewLine>),
    /// Fewer units of a line.
    CancelUnits {
        /// The line.
        line_id: LineId,
        /// How many units.
        quantity: Quantity,
        /// Whether they go back to stock.
        restock: bool,
    },
    /// Another shipping; shipping discounts apply to its charge.
    SetShipping(Shipping),
}

/// At least one change and at most [`MAX_CHANGES`], naming no line and setting no shipping twice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Revision(Vec<Change>);

/// Why changes are no revision. The message is fit for a caller.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum InvalidRevision {
    /// No change at all.
    #[error("must hold at least one change")]
    Empty,
    /// More than [`MAX_CHANGES`].
    #[error("must hold at most {max} changes")]
    TooManyChanges {
        /// The limit.
        max: usize,
    },
    /// A line twice: added, cancelled, or first added and then cancelled.
    #[error("names the line {line_id} a second time")]
    LineTwice {
        /// The index of the later of the two changes.
        index: usize,
        /// The line.
        line_id: LineId,
    },
    /// A second shipping.
    #[error("sets the shipping a second time")]
    ShippingTwice {
        /// The index of the later of the two changes.
        index: usize,
    },
}

/// What may be named once in a revision.
#[derive(PartialEq, Eq, Hash)]
enum Subject<'a> {
    Line(&'a LineId),
    Shipping,
}

impl Change {
    fn subject(&self) -> Subject<'_> {
        match self {
            Self::AddLine(line) => Subject::Line(&line.line_id),
            Self::CancelUnits { line_id, .. } => Subject::Line(line_id),
            Self::SetShipping(_) => Subject::Shipping,
        }
    }
}

impl Revision {
    /// Takes changes that can be judged together.
    pub fn parse(changes: Vec<Change>) -> Result<Self, InvalidRevision> {
        if changes.is_empty() {
            return Err(InvalidRevision::Empty);
        }
        if changes.len() > MAX_CHANGES {
            return Err(InvalidRevision::TooManyChanges { max: MAX_CHANGES });
        }
        let Some(index) = super::second_naming(changes.iter().map(Change::subject)) else {
            return Ok(Self(changes));
        };
        Err(match changes[index].subject() {
            Subject::Line(line_id) => InvalidRevision::LineTwice {
                index,
                line_id: line_id.clone(),
            },
            Subject::Shipping => InvalidRevision::ShippingTwice { index },
        })
    }

    /// The changes, in their order.
    pub fn changes(&self) -> &[Change] {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Amount, Sku, TaxRate, Text};

    fn id(line_id: &str) -> LineId {
        LineId::parse(line_id).unwrap()
    }

    fn add(line_id: &str) -> Change {
        Change::AddLine(Box::new(NewLine {
            line_id: id(line_id),
            sku: Sku::parse("S").unwrap(),
            name: Text::parse("A thing").unwrap(),
            quantity: Quantity::ONE,
            unit_price: Amount::ZERO,
            tax_rate: TaxRate::ZERO,
            discounts: Vec::new(),
        }))
    }

    fn cancel(line_id: &str) -> Change {
        Change::CancelUnits {
            line_id: id(line_id),
            quantity: Quantity::ONE,
            restock: true,
        }
    }

    fn set_shipping() -> Change {
        Change::SetShipping(Shipping {
            method: Text::parse("standard").unwrap(),
            amount: Amount::ZERO,
            tax_rate: TaxRate::ZERO,
        })
    }

    #[test]
    fn a_revision_has_one_to_500_changes() {
        assert_eq!(Revision::parse(vec![]), Err(InvalidRevision::Empty));
        let many = |count: usize| (0..count).map(|n| cancel(&n.to_string())).collect();
        assert!(Revision::parse(many(500)).is_ok());
        let too_many = InvalidRevision::TooManyChanges { max: 500 };
        assert_eq!(Revision::parse(many(501)), Err(too_many));
    }

    #[test]
    fn a_line_is_named_once_whether_added_or_cancelled() {
        let twice = |changes| {
            let line_id = id("1");
            assert_eq!(
                Revision::parse(changes),
                Err(InvalidRevision::LineTwice { index: 2, line_id })
            );
        };
        twice(vec![add("1"), add("2"), add("1")]);
        twice(vec![cancel("1"), add("2"), cancel("1")]);
        twice(vec![add("1"), cancel("2"), cancel("1")]);
        twice(vec![cancel("1"), add("2"), add("1")]);
    }

    #[test]
    fn the_shipping_is_set_once() {
        assert!(Revision::parse(vec![set_shipping(), add("1")]).is_ok());
        let twice = vec![set_shipping(), add("1"), set_shipping()];
        assert_eq!(
            Revision::parse(twice),
            Err(InvalidRevision::ShippingTwice { index: 2 })
        );
    }
}
