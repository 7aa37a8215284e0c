//! What becomes of addresses, notes and tags.

use crate::order::{
    BillingAddressChanged, Facts, NoteAdded, OrderError, OrderEvent, OrderTagged, OrderUntagged,
    ShippingAddressChanged, Visibility, rules,
};
use crate::{Address, NoteText, Tag};

pub(super) fn change_shipping_address(
    order: &Facts,
    address: &Address,
) -> Result<OrderEvent, OrderError> {
    rules::change_shipping_address(order)?;
    Ok(OrderEvent::ShippingAddressChanged(ShippingAddressChanged {
        address: Box::new(address.clone()),
    }))
}

pub(super) fn change_billing_address(
    order: &Facts,
    address: &Address,
) -> Result<OrderEvent, OrderError> {
    rules::change_billing_address(order)?;
    Ok(OrderEvent::BillingAddressChanged(BillingAddressChanged {
        address: Box::new(address.clone()),
    }))
}

pub(super) fn add_note(
    order: &Facts,
    text: &NoteText,
    visibility: Visibility,
) -> Result<OrderEvent, OrderError> {
    rules::add_note(order)?;
    Ok(OrderEvent::NoteAdded(NoteAdded {
        text: text.clone(),
        visibility,
    }))
}

pub(super) fn tag(order: &Facts, tag: &Tag) -> Result<OrderEvent, OrderError> {
    rules::tag(order, Some(tag))?;
    Ok(OrderEvent::OrderTagged(OrderTagged { tag: tag.clone() }))
}

pub(super) fn untag(order: &Facts, tag: &Tag) -> Result<OrderEvent, OrderError> {
    rules::untag(order, tag)?;
    Ok(OrderEvent::OrderUntagged(OrderUntagged {
        tag: tag.clone(),
    }))
}
