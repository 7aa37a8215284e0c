//! `allowed_commands`: each command for which some request could succeed.

use domain::MAX_AMOUNT;
use domain::order::{CommandName, NewOrder, Order, OrderCommand};

use crate::lifecycle::completed;
use crate::sample::{
    authorize, authorize_until, capture, deliver, discount, draft, fixed, given, hold, line, noon,
    order_discount, order_of, place_five_units, request_return, ship, tag,
};

fn allowed(order: &Order) -> Vec<&'static str> {
    let allowed = order.allowed_commands();
    allowed.into_iter().map(CommandName::as_str).collect()
}

/// All that a placed order takes before anything has happened to it.
const OF_A_NEW_ORDER: [&str; 12] = [
    "revise",
    "change-shipping-address",
    "change-billing-address",
    "hold",
    "confirm",
    "reject",
    "authorize-payment",
    "record-payment-failure",
    "cancel-lines",
    "cancel",
    "add-note",
    "tag",
];

#[test]
fn before_there_is_an_order_it_can_be_placed_or_drafted() {
    assert_eq!(allowed(&Order::default()), ["place", "draft"]);
}

#[test]
fn a_draft_allows_what_its_lines_and_discounts_allow() {
    let always = ["add-line", "apply-discount", "set-shipping"];
    let addresses = ["change-shipping-address", "change-billing-address"];
    let words = ["add-note", "tag"];
    let empty = given([draft(order_of(vec![]))]);
    let expected = [&["discard"][..], &always, &addresses, &words].concat();
    assert_eq!(allowed(&empty), expected);

    let one_line = given([draft(order_of(vec![line("1", 1, 1)])), tag("t")]);
    let expected = [
        "place",
        "discard",
        "add-line",
        "change-line-quantity",
        "remove-line",
        "apply-discount",
        "set-shipping",
        "change-shipping-address",
        "change-billing-address",
        "add-note",
        "tag",
        "untag",
    ];
    assert_eq!(allowed(&one_line), expected);

    let mut gift = order_of(vec![line("1", 1, 1000)]);
    gift.discounts = vec![order_discount("GIFT", crate::sample::fixed(1000))];
    let gift = given([draft(gift)]);
    let allowed = allowed(&gift);
    assert!(
        !allowed.contains(&"remove-line"),
        "the discount needs the line"
    );
    assert!(allowed.contains(&"remove-discount"));
    assert!(allowed.contains(&"change-line-quantity"), "to more");

    let mut gift = order_of(vec![line("1", 1, 1000), line("2", 1, 10)]);
    gift.discounts = vec![order_discount("GIFT", crate::sample::fixed(1000))];
    let gift = given([draft(gift)]);
    let allowed = gift.allowed_commands();
    assert!(allowed.contains(&CommandName::RemoveLine), "the small one");
}

#[test]
fn allowed_commands_follow_the_facts_not_only_the_state() {
    assert_eq!(allowed(&given([place_five_units()])), OF_A_NEW_ORDER);

    let captured = given([place_five_units(), authorize("p", 1), capture("p", 1)]);
    let mut expected = OF_A_NEW_ORDER.to_vec();
    expected.insert(10, "refund");
    assert_eq!(allowed(&captured), expected);

    let held = given([place_five_units(), authorize("p", 2), hold("h")]);
    let mut expected = OF_A_NEW_ORDER.to_vec();
    expected.retain(|command| *command != "confirm");
    expected.insert(4, "release-hold");
    expected.insert(7, "void-payment");
    assert_eq!(allowed(&held), expected);

    let shipped = [
        place_five_units(),
        OrderCommand::Confirm,
        ship("s", &[("1", 2), ("2", 3)]),
    ];
    let of_shipped = [
        "revise",
        "change-billing-address",
        "hold",
        "authorize-payment",
        "record-payment-failure",
        "deliver",
        "add-note",
        "tag",
    ];
    assert_eq!(
        allowed(&given(shipped.clone())),
        of_shipped,
        "revise: one more line"
    );
    let delivered = shipped.into_iter().chain([deliver("s")]);
    let mut of_delivered = of_shipped;
    of_delivered[5] = "request-return";
    assert_eq!(allowed(&given(delivered.clone())), of_delivered);

    let mut requested = of_shipped.to_vec();
    requested.splice(5..6, ["approve-return", "decline-return"]);
    let all = request_return("r", &[("1", 2), ("2", 3)]);
    let order = given(delivered.chain([all]));
    assert_eq!(allowed(&order), requested);

    let of_completed = ["request-return", "refund", "add-note", "tag"];
    assert_eq!(allowed(&completed()), of_completed);
}

#[test]
fn an_expired_authorization_still_lists_its_capture() {
    let order = given([
        place_five_units(),
        authorize_until("p", 1, Some(before_noon())),
    ]);
    assert!(
        order
            .allowed_commands()
            .contains(&CommandName::CapturePayment)
    );
    assert!(order.decide(&capture("p", 1), noon()).is_err());
}

fn before_noon() -> domain::Timestamp {
    domain::Timestamp::parse("2026-11-20T11:59:59Z").unwrap()
}

/// Whether a draft of these lines, less a fixed amount, allows another quantity of some line.
fn quantity_can_change(lines: Vec<domain::pricing::NewLine>, off: Option<i64>) -> bool {
    let discounts = off.map(|off| order_discount("A", fixed(off)));
    let draft = given([draft(NewOrder {
        discounts: discounts.into_iter().collect(),
        ..order_of(lines)
    })]);
    draft
        .allowed_commands()
        .contains(&CommandName::ChangeLineQuantity)
}

#[test]
fn a_quantity_can_grow_as_long_as_one_more_unit_has_room() {
    let lines = |large: i64| vec![line("1", 1, 1000), line("2", 1, large)];
    assert!(quantity_can_change(lines(MAX_AMOUNT - 2000), None));
    assert!(!quantity_can_change(lines(MAX_AMOUNT - 1999), None));
    assert!(!quantity_can_change(vec![], None));
    assert!(
        quantity_can_change(vec![line("1", 1_000_000, 1)], Some(999_999)),
        "to less"
    );
    assert!(!quantity_can_change(
        vec![line("1", 1_000_000, 1)],
        Some(1_000_000)
    ));
}

#[test]
fn a_quantity_can_shrink_as_long_as_the_discounts_fit_the_line_that_loses_least() {
    // There is no room for one unit more of any line.
    let lines = || {
        let large = line("3", 1, MAX_AMOUNT - 4000);
        vec![line("1", 2, 500), line("2", 10, 300), large]
    };
    assert!(quantity_can_change(lines(), Some(MAX_AMOUNT - 300)));
    assert!(!quantity_can_change(lines(), Some(MAX_AMOUNT - 299)));
    assert!(quantity_can_change(lines(), None));

    let mut own = line("1", 2, 500);
    own.discounts = vec![discount("OWN", fixed(1000))];
    let alone = vec![own.clone(), line("2", 1, MAX_AMOUNT - 1000)];
    assert!(
        !quantity_can_change(alone, None),
        "its own discount needs both"
    );
    let other = vec![own, line("2", 2, 600), line("3", 1, MAX_AMOUNT - 2200)];
    assert!(quantity_can_change(other.clone(), Some(MAX_AMOUNT - 1600)));
    assert!(!quantity_can_change(other, Some(MAX_AMOUNT - 1599)));
}

#[test]
fn a_line_can_go_as_long_as_the_discounts_fit_without_the_one_that_is_worth_least() {
    let mut mostly_discount = line("1", 1, 1000);
    mostly_discount.discounts = vec![discount("OWN", fixed(990))];
    let line_can_go = |off: i64| {
        let draft = given([draft(NewOrder {
            discounts: vec![order_discount("A", fixed(off))],
            ..order_of(vec![line("2", 1, 100), mostly_discount.clone()])
        })]);
        let allowed = draft.allowed_commands();
        allowed.contains(&CommandName::RemoveLine)
    };
    assert!(line_can_go(100), "the one of which 10 are left");
    assert!(!line_can_go(101));
}
