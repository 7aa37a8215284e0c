//! The calculation, in the order that domain.md gives: line discounts, order discounts, tax.

use super::allocation::by_largest_remainder;
use super::discount::ExceedsBase;
use super::tax::tax_of;
use super::{
    AppliedDiscount, AppliedOrderDiscount, AppliesTo, Discount, Location, NewLine, OrderDiscount,
    Priced, PricedLine, PricedShipping, PricingError, Shipping, TaxMode, Terms, Totals,
};
use crate::{Amount, DiscountCode};

/// What an order's price is made of.
#[derive(Debug, Clone, Copy)]
pub struct Items<'a> {
    /// The lines.
    pub lines: &'a [NewLine],
    /// The order-level discounts, those on shipping among them.
    pub discounts: &'a [OrderDiscount],
    /// The shipping.
    pub shipping: Option<&'a Shipping>,
}

/// Prices an order. Lines that join it later are priced by this function too, without order-level
/// discounts, so that none feels another.
///
/// Of several errors a discount's comes before an amount's that is too large.
pub fn price(terms: Terms, items: Items<'_>) -> Result<Priced, PricingError> {
    let mut lines = items
        .lines
        .iter()
        .enumerate()
        .map(|(index, line)| DiscountedLine::new(terms, index, line))
        .collect::<Result<Vec<_>, _>>()?;
    for (index, line) in lines.iter().enumerate() {
        amount(Location::Line(index), line.worth)?;
    }
    let mut shipping_left = items
        .shipping
        .map_or(0, |shipping| i128::from(shipping.amount.get()));
    let mut discounts = Vec::with_capacity(items.discounts.len());
    for (index, discount) in items.discounts.iter().enumerate() {
        let at = Location::Discount(index);
        check_code(
            at,
            &discount.code,
            items.discounts[..index].iter().map(|d| &d.code),
        )?;
        let applied = match discount.applies_to {
            AppliesTo::Order => apply_to_lines(terms, discount, at, &mut lines)?,
            AppliesTo::Shipping => {
                let left = leaves(terms, discount.value, at, shipping_left)?;
                std::mem::replace(&mut shipping_left, left) - left
            }
        };
        discounts.push(AppliedOrderDiscount {
            code: discount.code.clone(),
            value: discount.value,
            applies_to: discount.applies_to,
            applied: amount(Location::Order, applied)?,
        });
    }
    let lines = lines
        .into_iter()
        .enumerate()
        .map(|(index, line)| line.taxed(terms, Location::Line(index)))
        .collect::<Result<Vec<_>, _>>()?;
    let shipping = items
        .shipping
        .map(|shipping| price_shipping(terms, shipping, shipping_left))
        .transpose()?;
    let totals = Totals::of(lines.iter(), shipping.as_ref())?;
    Ok(Priced {
        lines,
        discounts,
        shipping,
        totals,
    })
}

/// A line while discounts are still being taken from it.
struct DiscountedLine<'a> {
    line: &'a NewLine,
    /// Unit price × quantity.
    worth: i128,
    /// What each of its own discounts took.
    applied: Vec<i128>,
    /// Its share of the order-level discounts so far.
    order_discount: i128,
    /// What all discounts so far have left of it.
    left: i128,
}

impl<'a> DiscountedLine<'a> {
    fn new(terms: Terms, index: usize, line: &'a NewLine) -> Result<Self, PricingError> {
        let worth = i128::from(line.unit_price.get()) * i128::from(line.quantity.get());
        let mut left = worth;
        let mut applied = Vec::with_capacity(line.discounts.len());
        for (number, Discount { code, value }) in line.discounts.iter().enumerate() {
            let at = Location::LineDiscount {
                line: index,
                discount: number,
            };
            check_code(at, code, line.discounts[..number].iter().map(|d| &d.code))?;
            let after = leaves(terms, *value, at, left)?;
            applied.push(left - after);
            left = after;
        }
        Ok(Self {
            line,
            worth,
            applied,
            order_discount: 0,
            left,
        })
    }

    fn applied_discounts(&self, at: Location) -> Result<Vec<AppliedDiscount>, PricingError> {
        let discounts = self.line.discounts.iter().zip(&self.applied);
        discounts
            .map(|(Discount { code, value }, applied)| {
                Ok(AppliedDiscount {
                    code: code.clone(),
                    value: *value,
                    applied: amount(at, *applied)?,
                })
            })
            .collect()
    }

    fn taxed(self, terms: Terms, at: Location) -> Result<PricedLine, PricingError> {
        let NewLine {
            line_id,
            sku,
            name,
            quantity,
            unit_price,
            tax_rate,
            ..
        } = self.line;
        let tax = tax_of(terms, *tax_rate, self.left, i128::from(quantity.get()));
        Ok(PricedLine {
            line_id: line_id.clone(),
            sku: sku.clone(),
            name: name.clone(),
            quantity: *quantity,
            unit_price: *unit_price,
            tax_rate: *tax_rate,
            discounts: self.applied_discounts(at)?,
            subtotal: amount(at, self.worth)?,
            order_discount: amount(at, self.order_discount)?,
            discount_total: amount(at, self.worth - self.left)?,
            tax_total: amount(at, tax)?,
            total: amount(at, with_tax(terms, self.left, tax))?,
        })
    }
}

/// Takes an order-level discount from the lines and gives what it took.
fn apply_to_lines(
    terms: Terms,
    discount: &OrderDiscount,
    at: Location,
    lines: &mut [DiscountedLine<'_>],
) -> Result<i128, PricingError> {
    let weights: Vec<i128> = lines.iter().map(|line| line.left).collect();
    let base: i128 = weights.iter().sum();
    let applied = base - leaves(terms, discount.value, at, base)?;
    for (line, part) in lines
        .iter_mut()
        .zip(by_largest_remainder(applied, &weights))
    {
        line.left -= part;
        line.order_discount += part;
    }
    Ok(applied)
}

fn price_shipping(
    terms: Terms,
    shipping: &Shipping,
    left: i128,
) -> Result<PricedShipping, PricingError> {
    let at = Location::Shipping;
    let tax = tax_of(terms, shipping.tax_rate, left, 1);
    Ok(PricedShipping {
        method: shipping.method.clone(),
        amount: shipping.amount,
        discount_total: amount(at, i128::from(shipping.amount.get()) - left)?,
        tax_rate: shipping.tax_rate,
        tax_total: amount(at, tax)?,
        total: amount(at, with_tax(terms, left, tax))?,
    })
}

/// What the customer pays for what costs `money` after discounts.
fn with_tax(terms: Terms, money: i128, tax: i128) -> i128 {
    match terms.tax.mode {
        TaxMode::Exclusive => money + tax,
        TaxMode::Inclusive => money,
    }
}

fn leaves(
    terms: Terms,
    value: super::DiscountValue,
    at: Location,
    base: i128,
) -> Result<i128, PricingError> {
    value
        .leaves(terms.rounding, base)
        .map_err(|ExceedsBase { amount }| {
            // A base that a positive amount exceeds fits the amount's own type.
            let base = i64::try_from(base).unwrap_or(i64::MAX);
            PricingError::DiscountExceedsBase {
                at,
                amount: amount.get(),
                base,
            }
        })
}

fn check_code<'a>(
    at: Location,
    code: &DiscountCode,
    mut earlier: impl Iterator<Item = &'a DiscountCode>,
) -> Result<(), PricingError> {
    if earlier.any(|used| used == code) {
        return Err(PricingError::CodeUsed {
            at,
            code: code.clone(),
        });
    }
    Ok(())
}

/// Results are never negative, so what is no amount is too large.
fn amount(at: Location, minor_units: i128) -> Result<Amount, PricingError> {
    Amount::try_from(minor_units).map_err(|_| PricingError::AmountTooLarge { at })
}

impl Totals {
    /// What lines and shipping sum to, unless a sum is too large to be an amount.
    pub fn of<'a>(
        lines: impl Iterator<Item = &'a PricedLine>,
        shipping: Option<&PricedShipping>,
    ) -> Result<Self, PricingError> {
        let of_shipping = shipping.map(|part| [part.discount_total, part.tax_total, part.total]);
        let [mut discounts, mut taxes, mut total] = of_shipping
            .unwrap_or_default()
            .map(|part| i128::from(part.get()));
        let mut subtotal = 0;
        for line in lines {
            subtotal += i128::from(line.subtotal.get());
            discounts += i128::from(line.discount_total.get());
            taxes += i128::from(line.tax_total.get());
            total += i128::from(line.total.get());
        }
        let sum = |minor_units| amount(Location::Order, minor_units);
        Ok(Self {
            subtotal: sum(subtotal)?,
            discount_total: sum(discounts)?,
            shipping_total: shipping.map_or(Amount::ZERO, |part| part.amount),
            tax_total: sum(taxes)?,
            total: sum(total)?,
        })
    }
}

impl NewLine {
    /// Refuses a line that is impossible by itself: one that no order can take, whatever its terms.
    /// What only some terms are against is for the order to say. Locations are those of the only
    /// line of a new order.
    pub fn check(&self) -> Result<(), PricingError> {
        let alone = Items {
            lines: std::slice::from_ref(self),
            discounts: &[],
            shipping: None,
        };
        let mut answers = Terms::all().map(|terms| price(terms, alone).map(drop));
        let first = answers.next().unwrap_or(Ok(()));
        if answers.any(|answer| answer.is_ok()) {
            return Ok(());
        }
        first
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pricing::{DiscountValue, TaxRules};
    use crate::{LineId, MAX_AMOUNT, Percentage, PositiveAmount, Quantity, Sku, TaxRate, Text};

    fn line(unit_price: i64, quantity: i64) -> NewLine {
        NewLine {
            line_id: LineId::parse("1").unwrap(),
            sku: Sku::parse("SKU-1").unwrap(),
            name: Text::parse("A thing").unwrap(),
            quantity: Quantity::parse(quantity).unwrap(),
            unit_price: Amount::parse(unit_price).unwrap(),
            tax_rate: TaxRate::ZERO,
            discounts: Vec::new(),
        }
    }

    fn discount(code: &str, value: DiscountValue) -> Discount {
        let code = DiscountCode::parse(code).unwrap();
        Discount { code, value }
    }

    fn fixed(amount: i64) -> DiscountValue {
        DiscountValue::Fixed(PositiveAmount::parse(amount).unwrap())
    }

    fn percent(text: &str) -> DiscountValue {
        DiscountValue::Percentage(Percentage::parse(text).unwrap())
    }

    #[test]
    fn a_line_is_impossible_by_itself_only_if_no_terms_allow_it() {
        assert_eq!(line(MAX_AMOUNT, 1).check(), Ok(()));
        let at = Location::Line(0);
        let too_large = Err(PricingError::AmountTooLarge { at });
        assert_eq!(line(MAX_AMOUNT, 2).check(), too_large);

        let mut taxed = line(MAX_AMOUNT, 1);
        taxed.tax_rate = TaxRate::parse("0.19").unwrap();
        assert_eq!(taxed.check(), Ok(()), "inclusive prices hold the tax");

        let at = |discount| Location::LineDiscount { line: 0, discount };
        let mut exceeded = line(100, 1);
        exceeded.discounts = vec![discount("A", fixed(101))];
        let exceeds = PricingError::DiscountExceedsBase {
            at: at(0),
            amount: 101,
            base: 100,
        };
        assert_eq!(exceeded.check(), Err(exceeds));

        let mut rounded = line(5, 1);
        rounded.discounts = vec![discount("A", percent("10")), discount("B", fixed(5))];
        assert_eq!(rounded.check(), Ok(()), "4.5 are 5 where a half goes up");

        let mut twice = line(100, 1);
        twice.discounts = vec![discount("A", fixed(1)), discount("A", fixed(1))];
        let code = DiscountCode::parse("A").unwrap();
        let used = PricingError::CodeUsed { at: at(1), code };
        assert_eq!(twice.check(), Err(used));
    }

    #[test]
    fn of_several_errors_a_discount_s_comes_first() {
        let mut exceeded = line(1, 1);
        exceeded.discounts = vec![discount("A", fixed(2))];
        let mut hidden = line(MAX_AMOUNT, 2);
        hidden.discounts = vec![discount("A", percent("100")), discount("B", fixed(1))];
        for lines in [vec![line(MAX_AMOUNT, 2), exceeded], vec![hidden]] {
            let items = Items {
                lines: &lines,
                discounts: &[],
                shipping: None,
            };
            let answer = price(Terms::default(), items);
            let exceeds = matches!(answer, Err(PricingError::DiscountExceedsBase { .. }));
            assert!(exceeds, "{answer:?}");
        }
    }

    #[test]
    fn all_terms_are_all_roundings_with_all_rules() {
        let all: Vec<_> = Terms::all().collect();
        assert_eq!(all.len(), 12);
        assert!(all.iter().any(|terms| terms.tax == TaxRules::default()));
    }
}
