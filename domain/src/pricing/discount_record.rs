//! The JSON of a discount with what it took: `{"code", "type", "value" or "amount", "applied"}`,
//! and `applies_to` before the last for an order-level one.

use serde::ser::SerializeStruct;
use serde::{Deserialize, Serialize, Serializer};
use thiserror::Error;

use super::{AppliedDiscount, AppliedOrderDiscount, AppliesTo, DiscountValue};
use crate::{Amount, DiscountCode, Percentage, PositiveAmount};

/// What is read, before `type` has told which members there must be.
#[derive(Deserialize)]
pub(super) struct DiscountRecord {
    code: DiscountCode,
    r#type: DiscountType,
    value: Option<Percentage>,
    amount: Option<PositiveAmount>,
    #[serde(default)]
    applies_to: AppliesTo,
    applied: Amount,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum DiscountType {
    Percentage,
    Fixed,
}

/// A discount without the member that its type asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("a percentage discount needs `value`, a fixed one `amount`")]
pub(super) struct IncompleteDiscount;

impl DiscountRecord {
    fn value(&self) -> Result<DiscountValue, IncompleteDiscount> {
        match self.r#type {
            DiscountType::Percentage => self.value.map(DiscountValue::Percentage),
            DiscountType::Fixed => self.amount.map(DiscountValue::Fixed),
        }
        .ok_or(IncompleteDiscount)
    }
}

impl TryFrom<DiscountRecord> for AppliedDiscount {
    type Error = IncompleteDiscount;

    fn try_from(record: DiscountRecord) -> Result<Self, Self::Error> {
        Ok(Self {
            value: record.value()?,
            code: record.code,
            applied: record.applied,
        })
    }
}

impl TryFrom<DiscountRecord> for AppliedOrderDiscount {
    type Error = IncompleteDiscount;

    fn try_from(record: DiscountRecord) -> Result<Self, Self::Error> {
        Ok(Self {
            value: record.value()?,
            code: record.code,
            applies_to: record.applies_to,
            applied: record.applied,
        })
    }
}

impl Serialize for AppliedDiscount {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut members = serializer.serialize_struct("AppliedDiscount", 4)?;
        members.serialize_field("code", &self.code)?;
        serialize_value(&mut members, self.value)?;
        members.serialize_field("applied", &self.applied)?;
        members.end()
    }
}

impl Serialize for AppliedOrderDiscount {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut members = serializer.serialize_struct("AppliedOrderDiscount", 5)?;
        members.serialize_field("code", &self.code)?;
        serialize_value(&mut members, self.value)?;
        members.serialize_field("applies_to", &self.applies_to)?;
        members.serialize_field("applied", &self.applied)?;
        members.end()
    }
}

fn serialize_value<M: SerializeStruct>(
    members: &mut M,
    value: DiscountValue,
) -> Result<(), M::Error> {
    match value {
        DiscountValue::Percentage(percentage) => {
            members.serialize_field("type", "percentage")?;
            members.serialize_field("value", &percentage)
        }
        DiscountValue::Fixed(amount) => {
            members.serialize_field("type", "fixed")?;
            members.serialize_field("amount", &amount)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_discount_is_read_as_it_was_written() {
        for json in [
            r#"{"code":"A","type":"percentage","value":"10.50","applied":3}"#,
            r#"{"code":"A","type":"fixed","amount":3,"applied":3}"#,
        ] {
            let read: AppliedDiscount = serde_json::from_str(json).unwrap();
            assert_eq!(serde_json::to_string(&read).unwrap(), json);
        }
        let json = r#"{"code":"A","type":"fixed","amount":3,"applies_to":"shipping","applied":3}"#;
        let read: AppliedOrderDiscount = serde_json::from_str(json).unwrap();
        assert_eq!(serde_json::to_string(&read).unwrap(), json);
    }

    #[test]
    fn a_discount_needs_the_member_of_its_type() {
        let json = r#"{"code":"A","type":"fixed","value":"10","applied":3}"#;
        assert!(serde_json::from_str::<AppliedDiscount>(json).is_err());
    }
}
