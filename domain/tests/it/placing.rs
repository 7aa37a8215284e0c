//! `place`, `draft` and the placing of a draft.

use domain::order::{NewOrder, Order, OrderCommand, OrderError, OrderEvent, OrderStatus};
use domain::pricing::Location;
use domain::{Amount, DiscountCode, LineId, NoteText, Tag};

use crate::sample::{
    When, add_note, amount, discount, draft, fixed, given, line, order_discount, order_of, percent,
    place, place_five_units, placed, shipping, shipping_discount,
};

pub(crate) fn refusal(order: NewOrder) -> OrderError {
    let nothing = Order::default();
    let placed = nothing.when(&place(order.clone())).unwrap_err();
    assert_eq!(
        nothing.when(&draft(order)).unwrap_err(),
        placed,
        "a draft is judged alike"
    );
    placed
}

pub(crate) fn one_line() -> NewOrder {
    order_of(vec![line("1", 1, 1000)])
}

pub(crate) fn tags(count: usize) -> Vec<Tag> {
    (0..count)
        .map(|n| Tag::parse(format!("tag-{n}")).unwrap())
        .collect()
}

#[test]
fn placing_freezes_the_whole_order_in_one_event() {
    let order = NewOrder {
        discounts: vec![order_discount("TEN", percent("10"))],
        shipping: Some(shipping(500, "0.19")),
        tags: tags(2),
        note: Some(NoteText::parse("ring twice").unwrap()),
        ..one_line()
    };
    let events = Order::default().when(&place(order.clone())).unwrap();
    let [OrderEvent::OrderPlaced(content)] = events.as_slice() else {
        panic!("{events:?}")
    };
    assert_eq!(content.discounts[0].applied.get(), 100);
    assert_eq!(content.lines[0].order_discount.get(), 100);
    assert_eq!(content.shipping.as_ref().unwrap().tax_total.get(), 95);
    assert_eq!(content.totals.total.get(), 900 + 595);
    assert_eq!((&content.tags, &content.note), (&order.tags, &order.note));
    assert_eq!(
        (&content.customer, content.currency),
        (&order.customer, order.currency)
    );
    assert_eq!(content.shipping_address, order.shipping_address);
}

#[test]
fn a_placed_order_is_placed_once() {
    let order = given([place_five_units()]);
    let taken = OrderError::IdTaken { id: "o-1".into() };
    assert_eq!(order.when(&place_five_units()), Err(taken.clone()));
    assert_eq!(order.when(&draft(one_line())), Err(taken));
    let place_again = OrderCommand::PlaceDraft {
        expected_total: None,
    };
    assert!(matches!(
        order.when(&place_again),
        Err(OrderError::NotInThisState { .. })
    ));
}

#[test]
fn placing_needs_a_line_and_an_address() {
    let nothing = Order::default();
    assert_eq!(
        nothing.when(&place(order_of(vec![]))),
        Err(OrderError::NoLine)
    );
    let nowhere = NewOrder {
        shipping_address: None,
        ..one_line()
    };
    assert_eq!(
        nothing.when(&place(nowhere)),
        Err(OrderError::NoShippingAddress)
    );
}

#[test]
fn an_expected_total_is_the_total_or_the_order_is_refused() {
    let expecting = |total| NewOrder {
        expected_total: Some(amount(total)),
        ..one_line()
    };
    assert_eq!(
        refusal(expecting(999)),
        OrderError::TotalDiffers {
            expected: 999,
            total: 1000
        }
    );
    assert_eq!(placed(expecting(1000)).amounts().total, 1000);
    assert_eq!(
        refusal(expecting(0)),
        OrderError::TotalDiffers {
            expected: 0,
            total: 1000
        }
    );
}

#[test]
fn a_line_id_a_tag_and_a_code_are_used_once() {
    let order = order_of(vec![line("1", 1, 1), line("2", 1, 1), line("1", 1, 1)]);
    let line_id = LineId::parse("1").unwrap();
    assert_eq!(
        refusal(order),
        OrderError::LineTwice {
            at: Location::LineId(2),
            line_id
        }
    );

    let tags = ["a", "b", "b"].map(|tag| Tag::parse(tag).unwrap());
    let order = NewOrder {
        tags: tags.to_vec(),
        ..one_line()
    };
    let tag = tags[1].clone();
    assert_eq!(
        refusal(order),
        OrderError::TagTwice {
            at: Location::Tag(2),
            tag
        }
    );

    let code = DiscountCode::parse("C").unwrap();
    let mut twice = line("1", 1, 1000);
    twice.discounts = vec![discount("C", fixed(1)), discount("C", percent("5"))];
    let at = Location::LineDiscount {
        line: 0,
        discount: 1,
    };
    let used = OrderError::CodeUsed {
        at,
        code: code.clone(),
    };
    assert_eq!(refusal(order_of(vec![twice])), used);

    let discounts = vec![
        order_discount("C", fixed(1)),
        shipping_discount("C", fixed(1)),
    ];
    let order = NewOrder {
        discounts,
        shipping: Some(shipping(9, "0")),
        ..one_line()
    };
    assert_eq!(
        refusal(order),
        OrderError::CodeUsed {
            at: Location::Discount(1),
            code
        }
    );
}

#[test]
fn a_line_and_its_order_may_have_the_same_code() {
    let mut with_code = line("1", 1, 1000);
    with_code.discounts = vec![discount("C", fixed(1))];
    let order = order_of(vec![with_code]);
    let order = NewOrder {
        discounts: vec![order_discount("C", fixed(1))],
        ..order
    };
    assert_eq!(placed(order).amounts().total, 998);
}

#[test]
fn a_fixed_discount_takes_at_most_what_the_ones_before_it_left() {
    let mut line = line("1", 1, 1000);
    line.discounts = vec![discount("A", percent("50")), discount("B", fixed(501))];
    let at = Location::LineDiscount {
        line: 0,
        discount: 1,
    };
    let exceeds = OrderError::DiscountExceedsBase {
        at,
        amount: 501,
        base: 500,
    };
    assert_eq!(refusal(order_of(vec![line])), exceeds);

    let discounts = vec![
        order_discount("A", fixed(600)),
        order_discount("B", fixed(401)),
    ];
    let at = Location::Discount(1);
    let exceeds = OrderError::DiscountExceedsBase {
        at,
        amount: 401,
        base: 400,
    };
    assert_eq!(
        refusal(NewOrder {
            discounts,
            ..one_line()
        }),
        exceeds
    );
}

#[test]
fn a_shipping_discount_lowers_only_the_shipping() {
    let discounts = vec![shipping_discount("FREE", fixed(500))];
    let without = NewOrder {
        discounts: discounts.clone(),
        ..one_line()
    };
    let at = Location::Discount(0);
    let exceeds = OrderError::DiscountExceedsBase {
        at,
        amount: 500,
        base: 0,
    };
    assert_eq!(refusal(without), exceeds);

    let shipping = Some(shipping(500, "0.19"));
    let order = placed(NewOrder {
        discounts,
        shipping,
        ..one_line()
    });
    let amounts = order.amounts();
    assert_eq!((amounts.shipping_total, amounts.discount_total), (500, 500));
    assert_eq!((amounts.tax_total, amounts.total), (0, 1000));
}

#[test]
fn several_order_discounts_apply_in_their_order_each_to_what_is_left() {
    let lines = vec![line("1", 1, 1000), line("2", 1, 1000)];
    let discounts = vec![
        order_discount("HALF", percent("50")),
        order_discount("OFF", fixed(501)),
    ];
    let order = placed(NewOrder {
        discounts,
        ..order_of(lines)
    });
    let facts = order.facts().unwrap();
    let applied: Vec<_> = facts
        .discounts
        .iter()
        .map(|discount| discount.applied.get())
        .collect();
    assert_eq!(applied, [1000, 501]);
    let shares: Vec<_> = facts
        .lines
        .iter()
        .map(|line| line.priced.order_discount.get())
        .collect();
    assert_eq!(shares, [751, 750]);
}

#[test]
fn a_draft_may_lack_lines_and_addresses_until_it_is_placed() {
    let drafted = given([draft(NewOrder {
        shipping_address: None,
        ..order_of(vec![])
    })]);
    assert_eq!(drafted.status(), Some(OrderStatus::Draft));
    let place = |total: Option<Amount>| OrderCommand::PlaceDraft {
        expected_total: total,
    };
    assert_eq!(drafted.when(&place(None)), Err(OrderError::NoLine));

    let drafted = given([draft(NewOrder {
        shipping_address: None,
        ..one_line()
    })]);
    assert_eq!(
        drafted.when(&place(None)),
        Err(OrderError::NoShippingAddress)
    );

    let drafted = given([draft(one_line())]);
    let differs = OrderError::TotalDiffers {
        expected: 1,
        total: 1000,
    };
    assert_eq!(drafted.when(&place(Some(amount(1)))), Err(differs));
    assert_eq!(
        drafted.types_when(&place(Some(amount(1000)))),
        ["OrderPlaced"]
    );
}

#[test]
fn a_placed_draft_holds_the_full_order_again_and_keeps_its_notes() {
    let order = NewOrder {
        discounts: vec![order_discount("TEN", percent("10"))],
        shipping: Some(shipping(500, "0.19")),
        tags: tags(1),
        note: Some(NoteText::parse("first").unwrap()),
        ..one_line()
    };
    let place = OrderCommand::PlaceDraft {
        expected_total: None,
    };
    let drafted = given([draft(order.clone()), add_note("second")]);
    let events = drafted.when(&place).unwrap();
    let [OrderEvent::OrderPlaced(again)] = events.as_slice() else {
        panic!("{events:?}")
    };
    let at_once = Order::default()
        .when(&crate::sample::place(order.clone()))
        .unwrap();
    let [OrderEvent::OrderPlaced(at_once)] = at_once.as_slice() else {
        panic!("{at_once:?}")
    };
    assert_eq!(again.note, None);
    assert_eq!(
        **again,
        domain::order::OrderContent {
            note: None,
            ..(**at_once).clone()
        }
    );

    let placed = given([draft(order), add_note("second"), place]);
    let facts = placed.facts().unwrap();
    let notes: Vec<_> = facts.notes.iter().map(|note| note.text.as_str()).collect();
    assert_eq!(notes, ["first", "second"]);
    assert!(facts.ever_placed);
    assert_eq!(placed.version(), 3);
}

#[test]
fn nothing_else_is_taken_before_there_is_an_order() {
    let nothing = Order::default();
    for command in [OrderCommand::Confirm, add_note("hello")] {
        assert_eq!(nothing.when(&command), Err(OrderError::NoSuchOrder));
    }
}
