//! Drafts: every change prices the whole draft anew.

use domain::DiscountCode;
use domain::MAX_AMOUNT;
use domain::order::{NewOrder, Order, OrderCommand, OrderError, OrderEvent, OrderStatus, Repriced};
use domain::pricing::{Location, OrderDiscount, Shipping};

use crate::sample::{
    When, add_line, after, amount, change_line_quantity, discount, draft, fixed, given, line,
    line_id, order_discount, order_of, percent, place, place_draft, quantity, remove_discount,
    remove_line, shipping, shipping_discount, taxed,
};

fn apply(discount: OrderDiscount) -> OrderCommand {
    OrderCommand::ApplyDiscount(discount)
}

fn set_shipping(shipping: Shipping) -> OrderCommand {
    OrderCommand::SetShipping(shipping)
}

fn unknown_line(line: &str) -> OrderError {
    OrderError::UnknownLine {
        line_id: line_id(line),
    }
}

fn exceeds(at: Location, amount: i64, base: i64) -> OrderError {
    OrderError::DiscountExceedsBase { at, amount, base }
}

/// A draft of 2 × 500 and 3 × 100 with 10 % off the order and 500 shipping: 1170 + 500.
fn a_draft() -> Order {
    given([draft(NewOrder {
        discounts: vec![order_discount("TEN", percent("10"))],
        shipping: Some(shipping(500, "0")),
        ..order_of(vec![line("1", 2, 500), line("2", 3, 100)])
    })])
}

fn repriced(event: &OrderEvent) -> &Repriced {
    match event {
        OrderEvent::LineAdded(event) => &event.repriced,
        OrderEvent::LineQuantityChanged(event) => &event.repriced,
        OrderEvent::LineRemoved(event) => &event.repriced,
        OrderEvent::DiscountApplied(event) => &event.repriced,
        OrderEvent::DiscountRemoved(event) => &event.repriced,
        OrderEvent::ShippingSet(event) => &event.repriced,
        other => panic!("{other:?}"),
    }
}

#[test]
fn each_change_of_a_draft_has_its_event_and_its_price() {
    let third = taxed("0.19", line("3", 1, 1000));
    for (command, event_type, total) in [
        (add_line(third), "LineAdded", 1170 + 900 + 171 + 500),
        (
            change_line_quantity("2", 1),
            "LineQuantityChanged",
            990 + 500,
        ),
        (remove_line("1"), "LineRemoved", 270 + 500),
        (
            apply(order_discount("OFF", fixed(170))),
            "DiscountApplied",
            1000 + 500,
        ),
        (remove_discount("TEN"), "DiscountRemoved", 1300 + 500),
        (
            set_shipping(shipping(100, "0.5")),
            "ShippingSet",
            1170 + 150,
        ),
    ] {
        let order = a_draft();
        let events = order.when(&command).unwrap();
        let [event] = events.as_slice() else {
            panic!("{events:?}")
        };
        assert_eq!(event.event_type(), event_type);
        assert_eq!(repriced(event).totals.total.get(), total, "{event_type}");
        let order = after(order, [command]);
        assert_eq!(order.amounts().total, total, "{event_type}");
        assert_eq!(order.status(), Some(OrderStatus::Draft));
    }
}

#[test]
fn a_changed_draft_is_the_same_as_one_that_was_drafted_so() {
    let changed = after(
        given([draft(order_of(vec![line("1", 2, 500), line("9", 1, 50)]))]),
        [
            apply(order_discount("TEN", percent("10"))),
            set_shipping(shipping(500, "0.19")),
            add_line(line("2", 1, 100)),
            remove_line("9"),
            change_line_quantity("2", 3),
            apply(shipping_discount("SHIP", fixed(100))),
            apply(order_discount("ONE", fixed(1))),
            remove_discount("ONE"),
        ],
    );
    let discounts = vec![
        order_discount("TEN", percent("10")),
        shipping_discount("SHIP", fixed(100)),
    ];
    let drafted_so = given([draft(NewOrder {
        discounts,
        shipping: Some(shipping(500, "0.19")),
        ..order_of(vec![line("1", 2, 500), line("2", 3, 100)])
    })]);
    let (changed, drafted_so) = (changed.facts().unwrap(), drafted_so.facts().unwrap());
    assert_eq!(changed.lines, drafted_so.lines);
    assert_eq!(changed.discounts, drafted_so.discounts);
    assert_eq!(changed.shipping, drafted_so.shipping);
    assert_eq!(changed.totals, drafted_so.totals);
}

#[test]
fn an_event_holds_only_the_lines_whose_money_changed() {
    let order = given([draft(order_of(vec![line("1", 2, 500), line("2", 3, 100)]))]);
    let changed = |command: &OrderCommand| -> Vec<String> {
        let events = order.when(command).unwrap();
        let lines = repriced(&events[0]).lines.iter();
        lines.map(|line| line.line_id.to_string()).collect()
    };
    assert_eq!(changed(&add_line(line("3", 1, 1))), ["3"]);
    assert_eq!(changed(&change_line_quantity("2", 1)), ["2"]);
    assert_eq!(
        changed(&apply(order_discount("TEN", percent("10")))),
        ["1", "2"]
    );
    assert!(changed(&set_shipping(shipping(1, "0"))).is_empty());
}

#[test]
fn a_line_s_id_stays_taken_after_its_removal_and_after_placing() {
    let taken = || Err(OrderError::IdTaken { id: "1".into() });
    let order = a_draft();
    assert_eq!(order.when(&add_line(line("1", 1, 1))), taken());
    let removed = after(order, [remove_line("1")]);
    assert_eq!(removed.when(&add_line(line("1", 1, 1))), taken());
    let placed = after(removed, [place_draft()]);
    let again = crate::sample::revise(vec![crate::sample::add(line("1", 1, 1))]);
    assert_eq!(placed.when(&again), taken());
}

#[test]
fn a_removed_discount_s_code_may_come_again() {
    let order = after(a_draft(), [remove_discount("TEN")]);
    let again = apply(order_discount("TEN", percent("20")));
    assert_eq!(order.types_when(&again), ["DiscountApplied"]);
}

#[test]
fn unknown_lines_and_codes_are_refused() {
    let order = a_draft();
    assert_eq!(
        order.when(&change_line_quantity("9", 1)),
        Err(unknown_line("9"))
    );
    assert_eq!(order.when(&remove_line("9")), Err(unknown_line("9")));
    let code = DiscountCode::parse("NONE").unwrap();
    let unknown = OrderError::UnknownDiscount { code };
    assert_eq!(order.when(&remove_discount("NONE")), Err(unknown));
}

#[test]
fn the_same_quantity_changes_nothing() {
    let refused = a_draft().when(&change_line_quantity("1", 2));
    assert_eq!(refused, Err(OrderError::NothingChanges));
}

#[test]
fn a_code_is_used_once() {
    let order = a_draft();
    let code = DiscountCode::parse("TEN").unwrap();
    let at = Location::Discount(1);
    let used = OrderError::CodeUsed { at, code };
    let twice = order_discount("TEN", fixed(1_000_000));
    assert_eq!(
        order.when(&apply(twice)),
        Err(used),
        "before its size is looked at"
    );
}

#[test]
fn no_fixed_discount_exceeds_what_is_left_for_it() {
    let order = a_draft();
    let too_much = apply(order_discount("OFF", fixed(1171)));
    assert_eq!(
        order.when(&too_much),
        Err(exceeds(Location::Discount(1), 1171, 1170))
    );
    let order = after(order, [apply(order_discount("OFF", fixed(1170)))]);
    let smaller = exceeds(Location::Discount(1), 1170, 270);
    assert_eq!(order.when(&remove_line("1")), Err(smaller));
    let smaller = exceeds(Location::Discount(1), 1170, 1080);
    assert_eq!(order.when(&change_line_quantity("2", 2)), Err(smaller));

    let on_shipping = after(a_draft(), [apply(shipping_discount("SHIP", fixed(500)))]);
    let cheaper = set_shipping(shipping(499, "0"));
    assert_eq!(
        on_shipping.when(&cheaper),
        Err(exceeds(Location::Discount(1), 500, 499))
    );

    let mut own = line("3", 2, 100);
    own.discounts = vec![discount("OWN", fixed(101))];
    let order = after(a_draft(), [add_line(own)]);
    let at = Location::LineDiscount {
        line: 2,
        discount: 0,
    };
    assert_eq!(
        order.when(&change_line_quantity("3", 1)),
        Err(exceeds(at, 101, 100))
    );
}

#[test]
fn limits_come_after_the_other_rules() {
    let lines = (0..500).map(|n| line(&n.to_string(), 1, 1)).collect();
    let full = given([draft(order_of(lines))]);
    let too_many = || Err(OrderError::TooManyLines { max: 500 });
    assert_eq!(full.when(&add_line(line("one more", 1, 1))), too_many());
    let taken = Err(OrderError::IdTaken { id: "7".into() });
    assert_eq!(full.when(&add_line(line("7", 1, 1))), taken);
    let mut impossible = line("one more", 1, 1);
    impossible.discounts = vec![discount("OWN", fixed(2))];
    let at = Location::LineDiscount {
        line: 500,
        discount: 0,
    };
    assert_eq!(full.when(&add_line(impossible)), Err(exceeds(at, 2, 1)));
    let room = after(full, [remove_line("7")]);
    assert_eq!(
        room.types_when(&add_line(line("one more", 1, 1))),
        ["LineAdded"]
    );

    let codes = (0..20).map(|n| apply(order_discount(&n.to_string(), fixed(1))));
    let full = after(a_draft(), codes.skip(1));
    let at = Location::Discounts;
    let too_many = OrderError::TooManyDiscounts { at, max: 20 };
    assert_eq!(
        full.when(&apply(order_discount("x", fixed(1)))),
        Err(too_many)
    );
    let too_much = full.when(&apply(order_discount("x", fixed(9_999))));
    assert!(matches!(
        too_much,
        Err(OrderError::DiscountExceedsBase { .. })
    ));
    let room = after(full, [remove_discount("TEN")]);
    assert_eq!(
        room.types_when(&apply(order_discount("x", fixed(1)))),
        ["DiscountApplied"]
    );
}

#[test]
fn no_amount_of_a_draft_is_beyond_the_largest() {
    let order = given([draft(order_of(vec![line("1", 1, MAX_AMOUNT - 1)]))]);
    let too_large = |at| Err(OrderError::AmountTooLarge { at });
    assert_eq!(order.types_when(&add_line(line("2", 1, 1))), ["LineAdded"]);
    assert_eq!(
        order.when(&add_line(line("2", 2, 1))),
        too_large(Location::Order)
    );
    assert_eq!(
        order.when(&change_line_quantity("1", 2)),
        too_large(Location::Line(0))
    );
    let charge = set_shipping(shipping(2, "0"));
    assert_eq!(order.when(&charge), too_large(Location::Order));
}

#[test]
fn lines_can_all_go_and_a_draft_without_lines_is_not_placed() {
    let order = after(a_draft(), [remove_line("1"), remove_line("2")]);
    assert_eq!(order.amounts().total, 500);
    assert_eq!(order.when(&place_draft()), Err(OrderError::NoLine));
}

#[test]
fn a_changed_draft_is_placed_with_what_it_has_become() {
    let changes = [change_line_quantity("1", 1), remove_discount("TEN")];
    let order = after(a_draft(), changes);
    let expecting = |total| OrderCommand::PlaceDraft {
        expected_total: Some(amount(total)),
    };
    let differs = OrderError::TotalDiffers {
        expected: 1670,
        total: 1300,
    };
    assert_eq!(order.when(&expecting(1670)), Err(differs));
    let placed = after(order, [expecting(1300)]);
    assert_eq!(placed.amounts().total, 1300);
    assert_eq!(
        placed.facts().unwrap().lines[0].priced.quantity,
        quantity(1)
    );
}

#[test]
fn a_discarded_draft_owes_nothing_and_is_not_placed() {
    let order = after(a_draft(), [OrderCommand::Discard]);
    let amounts = order.amounts();
    assert_eq!(
        (amounts.total, amounts.cancelled_total, amounts.due),
        (1670, 1670, 0)
    );
    let facts = order.facts().unwrap();
    assert!(
        facts
            .lines
            .iter()
            .all(|line| line.cancelled == line.quantity())
    );
    assert!(!facts.ever_placed);
    assert!(matches!(
        order.when(&place_draft()),
        Err(OrderError::NotInThisState { .. })
    ));
}

#[test]
fn a_placed_order_is_no_draft_any_more() {
    let placed = given([place(order_of(vec![line("1", 1, 1)]))]);
    let refused = placed.when(&change_line_quantity("1", 2));
    assert!(matches!(refused, Err(OrderError::NotInThisState { .. })));
}
