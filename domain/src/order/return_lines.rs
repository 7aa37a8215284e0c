//! Units that are to come back, and what came back of them.

use serde::{Deserialize, Serialize};

use super::InvalidLineQuantities;
use super::line_quantities::check_named_once;
use crate::named::named_enum;
use crate::{LineId, Quantity, Text};

named_enum! {
    /// In which condition units came back.
    pub enum Condition {
        /// They can be sold again.
        Sellable = "sellable",
        /// They cannot.
        Damaged = "damaged",
    }
}

/// Units of a line that are to come back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReturnLine {
    /// The line.
    pub line_id: LineId,
    /// How many of its units.
    pub quantity: Quantity,
    /// Why.
    pub reason: Option<Text>,
}

/// Units of at least one line that are to come back, each line named once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Vec<ReturnLine>")]
pub struct ReturnLines(Vec<ReturnLine>);

/// Units of a line that came back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReceivedLine {
    /// The line.
    pub line_id: LineId,
    /// How many of its units.
    pub quantity: Quantity,
    /// In which condition.
    pub condition: Condition,
    /// Whether they go back to stock.
    pub restock: bool,
}

/// Units that came back, each line named once; none at all if nothing came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReceivedLines(Vec<ReceivedLine>);

impl ReturnLines {
    /// Takes a list that names at least one line, and none twice.
    pub fn parse(lines: Vec<ReturnLine>) -> Result<Self, InvalidLineQuantities> {
        if lines.is_empty() {
            return Err(InvalidLineQuantities::Empty);
        }
        check_named_once(lines.iter().map(|line| &line.line_id))?;
        Ok(Self(lines))
    }

    /// The lines and their units.
    pub fn as_slice(&self) -> &[ReturnLine] {
        &self.0
    }
}

impl TryFrom<Vec<ReturnLine>> for ReturnLines {
    type Error = InvalidLineQuantities;

    fn try_from(lines: Vec<ReturnLine>) -> Result<Self, Self::Error> {
        Self::parse(lines)
    }
}

impl ReceivedLines {
    /// Takes a list that names no line twice.
    pub fn parse(lines: Vec<ReceivedLine>) -> Result<Self, InvalidLineQuantities> {
        check_named_once(lines.iter().map(|line| &line.line_id))?;
        Ok(Self(lines))
    }

    /// The lines and what came of them.
    pub fn as_slice(&self) -> &[ReceivedLine] {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn to_return(line_id: &str) -> ReturnLine {
        ReturnLine {
            line_id: LineId::parse(line_id).unwrap(),
            quantity: Quantity::ONE,
            reason: None,
        }
    }

    fn received(line_id: &str) -> ReceivedLine {
        ReceivedLine {
            line_id: LineId::parse(line_id).unwrap(),
            quantity: Quantity::ONE,
            condition: Condition::Sellable,
            restock: true,
        }
    }

    fn twice() -> InvalidLineQuantities {
        let line_id = LineId::parse("1").unwrap();
        InvalidLineQuantities::LineTwice { index: 1, line_id }
    }

    #[test]
    fn at_least_one_line_is_to_come_back_and_none_twice() {
        assert_eq!(
            ReturnLines::parse(vec![]),
            Err(InvalidLineQuantities::Empty)
        );
        assert!(ReturnLines::parse(vec![to_return("1"), to_return("2")]).is_ok());
        let repeated = vec![to_return("1"), to_return("1")];
        assert_eq!(ReturnLines::parse(repeated), Err(twice()));
    }

    #[test]
    fn nothing_may_have_come_but_no_line_twice() {
        assert!(ReceivedLines::parse(vec![]).is_ok());
        let repeated = vec![received("1"), received("1")];
        assert_eq!(ReceivedLines::parse(repeated), Err(twice()));
    }
}
