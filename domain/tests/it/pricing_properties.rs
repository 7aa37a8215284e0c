//! Pricing of random orders: parts sum to wholes whatever the discounts, taxes and roundings.

use domain::pricing::{
    Discount, Items, NewLine, OrderDiscount, Priced, PricingError, Shipping, Terms, price, share,
};
use domain::{AppliesTo, DiscountCode, MAX_AMOUNT, Rounding, TaxLevel, TaxMode, TaxRate, TaxRules};
use proptest::prelude::*;
use proptest::sample::select;

use crate::sample::{amount, fixed, line, percent, shipping};

#[derive(Debug, Clone)]
struct Asked {
    terms: Terms,
    lines: Vec<NewLine>,
    discounts: Vec<OrderDiscount>,
    shipping: Option<Shipping>,
}

impl Asked {
    fn price(&self) -> Result<Priced, PricingError> {
        let Self {
            terms,
            lines,
            discounts,
            shipping,
        } = self;
        price(
            *terms,
            Items {
                lines,
                discounts,
                shipping: shipping.as_ref(),
            },
        )
    }
}

fn terms() -> impl Strategy<Value = Terms> {
    let rounding = select(Rounding::ALL);
    (rounding, select(TaxMode::ALL), select(TaxLevel::ALL)).prop_map(|(rounding, mode, level)| {
        Terms {
            rounding,
            tax: TaxRules { mode, level },
        }
    })
}

fn rate() -> impl Strategy<Value = &'static str> {
    select(vec!["0", "0.07", "0.19", "0.1075", "0.333333", "1", "10"])
}

/// Mostly small, so that discounts fit and remainders are large beside them.
fn price_of_a_unit() -> impl Strategy<Value = i64> {
    prop_oneof![4 => 0..5_000_i64, 1 => 0..MAX_AMOUNT]
}

fn value() -> impl Strategy<Value = domain::pricing::DiscountValue> {
    let parts = (1..=1_000_000_u32).prop_map(|p| format!("{}.{:04}", p / 10_000, p % 10_000));
    prop_oneof![
        parts.prop_map(|text| percent(&text)),
        (1..500_i64).prop_map(fixed)
    ]
}

fn code(number: usize) -> DiscountCode {
    DiscountCode::parse(format!("C-{number}")).unwrap()
}

fn lines() -> impl Strategy<Value = Vec<NewLine>> {
    let discounts = prop::collection::vec(value(), 0..3);
    let parts = (1..40_i64, price_of_a_unit(), rate(), discounts);
    prop::collection::vec(parts, 0..6).prop_map(|lines| {
        let lines = lines.into_iter().enumerate();
        lines
            .map(|(index, (quantity, unit_price, rate, discounts))| NewLine {
                tax_rate: TaxRate::parse(rate).unwrap(),
                discounts: discounts
                    .into_iter()
                    .enumerate()
                    .map(|(number, value)| Discount {
                        code: code(number),
                        value,
                    })
                    .collect(),
                ..line(&index.to_string(), quantity, unit_price)
            })
            .collect()
    })
}

fn asked() -> impl Strategy<Value = Asked> {
    let discounts = prop::collection::vec((value(), select(AppliesTo::ALL)), 0..4);
    let charge = prop::option::of((0..3_000_i64, rate()));
    (terms(), lines(), discounts, charge).prop_map(|(terms, lines, discounts, charge)| Asked {
        terms,
        lines,
        discounts: discounts
            .into_iter()
            .enumerate()
            .map(|(number, (value, applies_to))| OrderDiscount {
                code: code(number),
                value,
                applies_to,
            })
            .collect(),
        shipping: charge.map(|(charge, rate)| shipping(charge, rate)),
    })
}

proptest! {
    // The default configuration: 256 cases, or as many as PROPTEST_CASES says.

    #[test]
    fn parts_sum_to_wholes(asked in asked()) {
        let Ok(priced) = asked.price() else { return Ok(()) };
        let exclusive = asked.terms.tax.mode == TaxMode::Exclusive;
        let mut of_lines = [0; 5];
        for line in &priced.lines {
            let own: i64 = line.discounts.iter().map(|discount| discount.applied.get()).sum();
            prop_assert_eq!(line.subtotal.get(), line.unit_price.get() * line.quantity.get());
            prop_assert_eq!(line.discount_total.get(), own + line.order_discount.get());
            let tax_on_top = if exclusive { line.tax_total.get() } else { 0 };
            let left = line.subtotal.get() - line.discount_total.get();
            prop_assert_eq!(line.total.get(), left + tax_on_top);
            let parts = [
                line.subtotal, line.discount_total, line.order_discount, line.tax_total, line.total
            ];
            of_lines.iter_mut().zip(parts).for_each(|(sum, part)| *sum += part.get());
        }
        let [subtotal, discount_total, order_discount, tax_total, total] = of_lines;
        let applied = |to: AppliesTo| -> i64 {
            let those = priced.discounts.iter().filter(|discount| discount.applies_to == to);
            those.map(|discount| discount.applied.get()).sum()
        };
        prop_assert_eq!(applied(AppliesTo::Order), order_discount);
        let (charge, off, tax, paid) = priced.shipping.as_ref().map_or((0, 0, 0, 0), |s| {
            (s.amount.get(), s.discount_total.get(), s.tax_total.get(), s.total.get())
        });
        prop_assert_eq!(applied(AppliesTo::Shipping), off);
        let totals = priced.totals;
        prop_assert_eq!(totals.subtotal.get(), subtotal);
        prop_assert_eq!(totals.discount_total.get(), discount_total + off);
        prop_assert_eq!(totals.tax_total.get(), tax_total + tax);
        prop_assert_eq!(totals.total.get(), total + paid);
        let tax_on_top = if exclusive { totals.tax_total.get() } else { 0 };
        let formula = subtotal - totals.discount_total.get() + charge + tax_on_top;
        prop_assert_eq!(totals.total.get(), formula);
    }

    #[test]
    fn the_tax_inside_a_price_is_less_than_the_price(asked in asked()) {
        let terms = Terms { tax: TaxRules { mode: TaxMode::Inclusive, ..asked.terms.tax }, ..asked.terms };
        let Ok(priced) = (Asked { terms, ..asked }).price() else { return Ok(()) };
        for line in &priced.lines {
            prop_assert!(line.tax_total <= line.total);
        }
    }

    #[test]
    fn pricing_refuses_what_is_too_large_and_never_wraps(
        terms in terms(),
        unit_price in (MAX_AMOUNT / 2)..=MAX_AMOUNT,
        quantity in 1..=1_000_000_i64,
        rate in rate(),
    ) {
        let line = NewLine { tax_rate: TaxRate::parse(rate).unwrap(), ..line("1", quantity, unit_price) };
        let asked = Asked { terms, lines: vec![line; 3], discounts: vec![], shipping: None };
        let refused = matches!(asked.price(), Err(PricingError::AmountTooLarge { .. }));
        prop_assert!(refused);
    }

    #[test]
    fn a_discount_moves_only_what_it_takes(asked in asked(), off in 1..100_i64) {
        let Ok(before) = asked.price() else { return Ok(()) };
        let mut more = asked.clone();
        let last = OrderDiscount {
            code: code(99),
            value: fixed(off),
            applies_to: AppliesTo::Order,
        };
        more.discounts.push(last);
        match more.price() {
            Ok(after) => {
                let earlier = before.discounts.len();
                prop_assert_eq!(&after.discounts[..earlier], &before.discounts[..]);
                prop_assert_eq!(after.discounts[earlier].applied, amount(off));
                prop_assert_eq!(after.shipping, before.shipping);
            }
            Err(PricingError::DiscountExceedsBase { base, .. }) => prop_assert!(base < off),
            Err(other) => prop_assert!(false, "{}", other),
        }
    }

    #[test]
    fn a_value_is_split_without_loss_whatever_the_steps(
        rounding in select(Rounding::ALL),
        total in 0..=MAX_AMOUNT,
        units in 1..1_000_000_i64,
        cuts in prop::collection::vec(0.0..1.0_f64, 0..8),
    ) {
        #[expect(clippy::cast_possible_truncation, clippy::cast_precision_loss, reason = "a cut")]
        let mut cuts: Vec<i64> = cuts.iter().map(|cut| (cut * units as f64) as i64).collect();
        cuts.extend([0, units]);
        cuts.sort_unstable();
        let parts: Vec<i64> =
            cuts.windows(2).map(|step| share(rounding, total, units, step[0], step[1])).collect();
        prop_assert!(parts.iter().all(|part| *part >= 0));
        prop_assert_eq!(parts.iter().sum::<i64>(), total);
    }
}
