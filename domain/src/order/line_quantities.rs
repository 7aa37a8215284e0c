//! Units of several lines, as a request names them.

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::{LineId, Quantity};

/// Some units of a line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LineQuantity {
    /// The line.
    pub line_id: LineId,
    /// How many of its units.
    pub quantity: Quantity,
}

/// Units of at least one line, each line named once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Vec<LineQuantity>")]
pub struct LineQuantities(Vec<LineQuantity>);

/// Why a list names no units. The message is fit for a caller.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum InvalidLineQuantities {
    /// No line at all.
    #[error("must name at least one line")]
    Empty,
    /// A line twice.
    #[error("names the line {line_id} a second time")]
    LineTwice {
        /// The index of the later of the two.
        index: usize,
        /// The line.
        line_id: LineId,
    },
}

impl LineQuantities {
    /// Takes a list that names at least one line, and none twice.
    pub fn parse(lines: Vec<LineQuantity>) -> Result<Self, InvalidLineQuantities> {
        if lines.is_empty() {
            return Err(InvalidLineQuantities::Empty);
        }
        check_named_once(lines.iter().map(|line| &line.line_id))?;
        Ok(Self(lines))
    }

    /// The lines and their units.
    pub fn as_slice(&self) -> &[LineQuantity] {
        &self.0
    }
}

/// Refuses lines that are named twice.
pub(super) fn check_named_once<'a>(
    lines: impl Iterator<Item = &'a LineId>,
) -> Result<(), InvalidLineQuantities> {
    let lines: Vec<_> = lines.collect();
    match super::second_naming(lines.iter()) {
        Some(index) => Err(InvalidLineQuantities::LineTwice {
            index,
            line_id: lines[index].clone(),
        }),
        None => Ok(()),
    }
}

impl TryFrom<Vec<LineQuantity>> for LineQuantities {
    type Error = InvalidLineQuantities;

    fn try_from(lines: Vec<LineQuantity>) -> Result<Self, Self::Error> {
        Self::parse(lines)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn units(line_id: &str) -> LineQuantity {
        LineQuantity {
            line_id: LineId::parse(line_id).unwrap(),
            quantity: Quantity::ONE,
        }
    }

    #[test]
    fn at_least_one_line_and_none_twice() {
        assert_eq!(
            LineQuantities::parse(vec![]),
            Err(InvalidLineQuantities::Empty)
        );
        assert!(LineQuantities::parse(vec![units("1"), units("2")]).is_ok());
        let twice = LineQuantities::parse(vec![units("1"), units("2"), units("1")]);
        let line_id = LineId::parse("1").unwrap();
        assert_eq!(
            twice,
            Err(InvalidLineQuantities::LineTwice { index: 2, line_id })
        );
    }
}
