//! Tags and addresses.

use domain::order::{OrderCommand, OrderError};
use domain::{Tag, Text};

use crate::sample::{
    When, address, after, given, line, order_of, place, place_five_units, ship, tag, untag,
};

fn elsewhere() -> domain::Address {
    domain::Address {
        city: Text::parse("Hamburg").unwrap(),
        ..address()
    }
}

fn shipping_address() -> OrderCommand {
    OrderCommand::ChangeShippingAddress(Box::new(elsewhere()))
}

fn billing_address() -> OrderCommand {
    OrderCommand::ChangeBillingAddress(Box::new(elsewhere()))
}

#[test]
fn a_tag_is_there_once() {
    let word = Tag::parse("vip").unwrap();
    let order = given([place_five_units()]);
    let absent = OrderError::TagAbsent { tag: word.clone() };
    assert_eq!(order.when(&untag("vip")), Err(absent.clone()));
    let tagged = after(order, [tag("web"), tag("vip")]);
    let present = OrderError::TagPresent { tag: word };
    assert_eq!(tagged.when(&tag("vip")), Err(present));
    let untagged = after(tagged, [untag("vip")]);
    assert_eq!(untagged.when(&untag("vip")), Err(absent));
    assert_eq!(untagged.facts().unwrap().tags, [Tag::parse("web").unwrap()]);
    assert_eq!(
        untagged.types_when(&tag("vip")),
        ["OrderTagged"],
        "tags are no ids"
    );
}

#[test]
fn an_order_has_at_most_50_tags() {
    let fifty = (0..50).map(|n| tag(&n.to_string()));
    let full = given(
        [place(order_of(vec![line("1", 1, 1)]))]
            .into_iter()
            .chain(fifty),
    );
    assert_eq!(
        full.when(&tag("x")),
        Err(OrderError::TooManyTags { max: 50 })
    );
    let present = full.when(&tag("7"));
    assert!(
        matches!(present, Err(OrderError::TagPresent { .. })),
        "limits come last"
    );
    assert!(
        !full
            .allowed_commands()
            .contains(&domain::order::CommandName::Tag)
    );
}

#[test]
fn an_order_goes_elsewhere_until_something_has_shipped() {
    let order = given([
        place_five_units(),
        shipping_address(),
        OrderCommand::Confirm,
    ]);
    assert_eq!(order.facts().unwrap().shipping_address, Some(elsewhere()));
    assert_eq!(
        order.types_when(&shipping_address()),
        ["ShippingAddressChanged"]
    );
    let shipped = after(order, [ship("s", &[("1", 1)])]);
    assert_eq!(
        shipped.when(&shipping_address()),
        Err(OrderError::SomethingShipped)
    );
    let billed = after(shipped, [billing_address()]);
    assert_eq!(billed.facts().unwrap().billing_address, Some(elsewhere()));
}

#[test]
fn a_draft_gets_the_address_that_it_lacks() {
    let nowhere = domain::order::NewOrder {
        shipping_address: None,
        ..order_of(vec![line("1", 1, 1)])
    };
    let order = given([crate::sample::draft(nowhere)]);
    let place = crate::sample::place_draft();
    assert_eq!(order.when(&place), Err(OrderError::NoShippingAddress));
    let order = after(order, [shipping_address(), billing_address()]);
    assert_eq!(order.types_when(&place), ["OrderPlaced"]);
}
