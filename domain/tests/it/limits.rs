//! The limits of a new order.

use domain::MAX_AMOUNT;
use domain::order::{NewOrder, OrderError};
use domain::pricing::Location;

use crate::placing::{one_line, refusal, tags};
use crate::sample::{discount, fixed, line, order_discount, order_of, placed, shipping, taxed};

#[test]
fn the_limits_are_500_lines_20_discounts_and_50_tags() {
    let lines = |count: usize| (0..count).map(|n| line(&n.to_string(), 1, 1)).collect();
    assert_eq!(placed(order_of(lines(500))).amounts().total, 500);
    assert_eq!(
        refusal(order_of(lines(501))),
        OrderError::TooManyLines { max: 500 }
    );

    let codes = |count: usize| (0..count).map(|n| format!("C-{n}")).collect::<Vec<_>>();
    let line_with = |count| {
        let mut line = line("1", 1, 1000);
        line.discounts = codes(count)
            .iter()
            .map(|code| discount(code, fixed(1)))
            .collect();
        order_of(vec![line])
    };
    assert_eq!(placed(line_with(20)).amounts().total, 980);
    let at = Location::LineDiscounts(0);
    assert_eq!(
        refusal(line_with(21)),
        OrderError::TooManyDiscounts { at, max: 20 }
    );

    let order_with = |count| NewOrder {
        discounts: codes(count)
            .iter()
            .map(|code| order_discount(code, fixed(1)))
            .collect(),
        ..one_line()
    };
    assert_eq!(placed(order_with(20)).amounts().total, 980);
    let at = Location::Discounts;
    assert_eq!(
        refusal(order_with(21)),
        OrderError::TooManyDiscounts { at, max: 20 }
    );

    assert_eq!(
        placed(NewOrder {
            tags: tags(50),
            ..one_line()
        })
        .facts()
        .unwrap()
        .tags
        .len(),
        50
    );
    let too_many = NewOrder {
        tags: tags(51),
        ..one_line()
    };
    assert_eq!(refusal(too_many), OrderError::TooManyTags { max: 50 });
}

#[test]
fn no_amount_is_beyond_the_largest() {
    assert_eq!(
        placed(order_of(vec![line("1", 1, MAX_AMOUNT)]))
            .amounts()
            .total,
        MAX_AMOUNT
    );
    let of_line = order_of(vec![line("1", 1, 1), line("2", 1_000_000, MAX_AMOUNT)]);
    assert_eq!(
        refusal(of_line),
        OrderError::AmountTooLarge {
            at: Location::Line(1)
        }
    );
    let of_tax = order_of(vec![taxed("10", line("1", 1, MAX_AMOUNT))]);
    assert_eq!(
        refusal(of_tax),
        OrderError::AmountTooLarge {
            at: Location::Line(0)
        }
    );
    let of_sum = order_of(vec![line("1", 1, MAX_AMOUNT), line("2", 1, 1)]);
    assert_eq!(
        refusal(of_sum),
        OrderError::AmountTooLarge {
            at: Location::Order
        }
    );
    let of_shipping = NewOrder {
        shipping: Some(shipping(MAX_AMOUNT, "0.1")),
        ..one_line()
    };
    assert_eq!(
        refusal(of_shipping),
        OrderError::AmountTooLarge {
            at: Location::Shipping
        }
    );
}
