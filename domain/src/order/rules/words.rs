//! Addresses, notes and tags.

use super::require_nothing_shipped;
use crate::Tag;
use crate::order::{CommandName, Facts, MAX_TAGS, OrderError};

pub(in crate::order) fn change_shipping_address(order: &Facts) -> Result<(), OrderError> {
    order.take(CommandName::ChangeShippingAddress)?;
    require_nothing_shipped(order)
}

pub(in crate::order) fn change_billing_address(order: &Facts) -> Result<(), OrderError> {
    order.take(CommandName::ChangeBillingAddress)
}

pub(in crate::order) fn add_note(order: &Facts) -> Result<(), OrderError> {
    order.take(CommandName::AddNote)
}

pub(in crate::order) fn tag(order: &Facts, tag: Option<&Tag>) -> Result<(), OrderError> {
    order.take(CommandName::Tag)?;
    if let Some(tag) = tag.filter(|tag| order.tags.contains(tag)) {
        return Err(OrderError::TagPresent { tag: tag.clone() });
    }
    if order.tags.len() >= MAX_TAGS {
        return Err(OrderError::TooManyTags { max: MAX_TAGS });
    }
    Ok(())
}

pub(in crate::order) fn untag(order: &Facts, tag: &Tag) -> Result<(), OrderError> {
    order.take(CommandName::Untag)?;
    if order.tags.contains(tag) {
        Ok(())
    } else {
        Err(OrderError::TagAbsent { tag: tag.clone() })
    }
}

pub(super) fn some_tag_can_go(order: &Facts) -> bool {
    order.tags.iter().any(|tag| untag(order, tag).is_ok())
}
