//! The worked examples of domain.md, "Money". Example 4's cancellation is in `cancelling_lines`,
//! example 5 in `returns` and beside `pricing::share`, example 7 in `tpch`, example 8 in `refunds`.

use domain::order::NewOrder;
use domain::{Amount, Currency, TaxLevel, TaxMode, TaxRules};

use crate::sample::{
    after, authorize, capture, fixed, given, line, order_discount, order_of, percent, place,
    placed, refund, shipping, succeed, taxed,
};

const INCLUSIVE: TaxRules = TaxRules {
    mode: TaxMode::Inclusive,
    level: TaxLevel::Line,
};

#[test]
fn example_1_the_tax_inside_a_discounted_inclusive_price() {
    let order = placed(NewOrder {
        tax: INCLUSIVE,
        discounts: vec![order_discount("QUARTER", percent("25"))],
        ..order_of(vec![taxed("0.20", line("1", 10, 2390))])
    });
    assert_eq!(
        (order.amounts().total, order.amounts().tax_total),
        (17_925, 2_988)
    );
    let paid = after(order, [authorize("p", 17_925), capture("p", 17_925)]);
    let refunded = after(paid, [refund("f", 17_925), succeed("f", None)]);
    assert_eq!(refunded.amounts().refunded, 17_925);
}

#[test]
fn example_2_exclusive_tax_with_untaxed_shipping() {
    let order = placed(NewOrder {
        shipping: Some(shipping(644, "0")),
        ..order_of(vec![taxed("0.1075", line("1", 1, 2499))])
    });
    assert_eq!(
        (order.amounts().total, order.amounts().tax_total),
        (3_412, 269)
    );
}

#[test]
fn example_3_line_and_unit_level_differ_by_a_cent() {
    let total_at = |level| {
        let tax = TaxRules {
            level,
            ..TaxRules::default()
        };
        let order = order_of(vec![taxed("0.19", line("1", 3, 108))]);
        placed(NewOrder { tax, ..order }).amounts().total
    };
    assert_eq!(
        (total_at(TaxLevel::Line), total_at(TaxLevel::Unit)),
        (386, 387)
    );
}

#[test]
fn example_4_an_order_discount_is_split_by_largest_remainder() {
    let lines = ["1", "2", "3"].map(|line_id| line(line_id, 1, 1000));
    let order = placed(NewOrder {
        discounts: vec![order_discount("THOUSAND", fixed(1000))],
        ..order_of(lines.into())
    });
    let lines = &order.facts().unwrap().lines;
    let discounts: Vec<_> = lines
        .iter()
        .map(|line| line.priced.order_discount.get())
        .collect();
    assert_eq!(discounts, [334, 333, 333]);
    assert_eq!(lines[0].priced.total.get(), 666);
}

#[test]
fn example_6_amounts_count_the_currency_s_own_minor_unit() {
    assert!(serde_json::from_str::<Amount>("10.5").is_err());
    for (currency, exponent, unit_price) in [("JPY", 0, 10), ("KWD", 3, 250), ("CLF", 4, 12_345)] {
        let currency = Currency::parse(currency).unwrap();
        let order = order_of(vec![line("1", 1, unit_price)]);
        let order = given([place(NewOrder { currency, ..order })]);
        assert_eq!(currency.exponent(), exponent);
        assert_eq!(order.amounts().total, unit_price);
    }
}

#[test]
fn the_contract_s_own_example_comes_to_its_expected_total() {
    // http-api.md, "Body of POST /v1/orders": two units of 1999 less 10 %, less 1000, 599 shipping.
    let mut first = taxed("0.19", line("1", 2, 1999));
    first.discounts = vec![crate::sample::discount("LOYAL", percent("10"))];
    let order = placed(NewOrder {
        discounts: vec![order_discount("WELCOME", fixed(1000))],
        shipping: Some(shipping(599, "0.19")),
        expected_total: Some(crate::sample::amount(3_805)),
        ..order_of(vec![first])
    });
    assert_eq!(order.amounts().total, 3_805);
}
