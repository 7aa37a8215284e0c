//! The tax of a line or of shipping.

use super::{Rounding, TaxLevel, TaxMode, Terms};
use crate::TaxRate;

/// The tax of `units` units that together cost `money` after all discounts: on top of it in
/// exclusive mode, inside it in inclusive mode.
pub(super) fn tax_of(terms: Terms, rate: TaxRate, money: i128, units: i128) -> i128 {
    let tax = |money| tax_of_one(terms.rounding, terms.tax.mode, rate, money);
    match terms.tax.level {
        TaxLevel::Line => tax(money),
        TaxLevel::Unit => {
            // The cumulative rule of `share` gives every unit ⌊money / units⌋ or one more, and as
            // many one more as sum to `money`; so two roundings stand for up to a million.
            let (low, higher) = (money / units, money % units);
            (units - higher) * tax(low) + higher * tax(low + 1)
        }
    }
}

fn tax_of_one(rounding: Rounding, mode: TaxMode, rate: TaxRate, money: i128) -> i128 {
    let taxed = money * rate.millionths();
    match mode {
        TaxMode::Exclusive => rounding.divide(taxed, TaxRate::ONE),
        TaxMode::Inclusive => rounding.divide(taxed, TaxRate::ONE + rate.millionths()),
    }
}

#[cfg(test)]
mod tests {
    use super::super::{TaxRules, share};
    use super::*;

    fn terms(mode: TaxMode, level: TaxLevel, rounding: Rounding) -> Terms {
        Terms {
            rounding,
            tax: TaxRules { mode, level },
        }
    }

    #[test]
    fn worked_example_3_line_and_unit_level_differ() {
        let rate = TaxRate::parse("0.19").unwrap();
        let at = |level| {
            tax_of(
                terms(TaxMode::Exclusive, level, Rounding::HalfEven),
                rate,
                324,
                3,
            )
        };
        assert_eq!(324 + at(TaxLevel::Line), 386);
        assert_eq!(324 + at(TaxLevel::Unit), 387);
    }

    #[test]
    fn unit_level_is_the_sum_over_the_units_of_the_cumulative_rule() {
        for rounding in [Rounding::HalfEven, Rounding::HalfUp, Rounding::Down] {
            for mode in [TaxMode::Exclusive, TaxMode::Inclusive] {
                let rate = TaxRate::parse("0.075").unwrap();
                for (money, units) in [(0, 4), (10, 4), (999, 10), (1000, 3), (12_345, 7), (5, 9)] {
                    let one_by_one: i128 = (0..units)
                        .map(|n| share(rounding, money, units, n, n + 1))
                        .map(|unit| tax_of_one(rounding, mode, rate, i128::from(unit)))
                        .sum();
                    let terms = terms(mode, TaxLevel::Unit, rounding);
                    let at_once = tax_of(terms, rate, i128::from(money), i128::from(units));
                    assert_eq!(
                        at_once, one_by_one,
                        "{money} over {units}, {rounding:?} {mode:?}"
                    );
                }
            }
        }
    }
}
