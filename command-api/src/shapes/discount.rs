//! `{ "code", "type": "percentage", "value": "10" }` or `{ "code", "type": "fixed", "amount": 1000 }`,
//! at the order's level also with `"applies_to"`.

use domain::order::MAX_DISCOUNTS;
use domain::pricing::{Discount, DiscountValue, OrderDiscount};

use crate::body::lists::distinct;
use crate::body::values::{integer, text, word};
use crate::body::{Members, Node, Step};

#[derive(Clone, Copy)]
enum Kind {
    Percentage,
    Fixed,
}

const KINDS: [(&str, Kind); 2] = [("percentage", Kind::Percentage), ("fixed", Kind::Fixed)];

/// The discounts of a line; each code once.
pub(crate) fn line_discounts(node: Node<'_>) -> Option<Vec<Discount>> {
    distinct(
        node,
        (0, MAX_DISCOUNTS),
        line_discount,
        |_| &[Step::Member("code")],
        |discount| Some(discount.code.clone()),
    )
}

/// The order's own discounts; each code once.
pub(crate) fn order_discounts(node: Node<'_>) -> Option<Vec<OrderDiscount>> {
    distinct(
        node,
        (0, MAX_DISCOUNTS),
        order_discount,
        |_| &[Step::Member("code")],
        |discount| Some(discount.code.clone()),
    )
}

fn line_discount(node: Node<'_>) -> Option<Discount> {
    let mut body = node.object("LineDiscount")?;
    let code = body.required("code", text);
    let value = discount_value(&mut body);
    body.end();
    Some(Discount {
        code: code?,
        value: value?,
    })
}

/// A discount at the order's level.
pub(crate) fn order_discount(node: Node<'_>) -> Option<OrderDiscount> {
    let mut body = node.object("OrderDiscount")?;
    let code = body.required("code", text);
    let value = discount_value(&mut body);
    let applies_to = body.optional("applies_to", word).unwrap_or_default();
    body.end();
    Some(OrderDiscount {
        code: code?,
        value: value?,
        applies_to,
    })
}

/// A percentage has a `value` and no `amount`, a fixed discount the reverse.
fn discount_value(body: &mut Members<'_>) -> Option<DiscountValue> {
    body.tagged("type", &KINDS, |kind, body| match kind {
        Kind::Percentage => {
            let value = body.required("value", text);
            body.refused(
                "amount",
                "is not a member of a percentage, which has \"value\"",
            );
            value.map(DiscountValue::Percentage)
        }
        Kind::Fixed => {
            let amount = body.required("amount", integer);
            body.refused(
                "value",
                "is not a member of a fixed discount, which has \"amount\"",
            );
            amount.map(DiscountValue::Fixed)
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::body::read;
    use crate::body::testing::pointers;
    use domain::pricing::AppliesTo;
    use serde_json::json;

    #[test]
    fn a_percentage_has_a_value_and_a_fixed_discount_an_amount() {
        let both = json!([
            {"code": "A", "type": "percentage", "value": "12.5"},
            {"code": "B", "type": "fixed", "amount": 1000, "applies_to": "shipping"},
        ]);
        let read = read(&both, order_discounts).unwrap();
        assert!(matches!(read[0].value, DiscountValue::Percentage(_)));
        assert_eq!(read[0].applies_to, AppliesTo::Order);
        assert!(matches!(read[1].value, DiscountValue::Fixed(amount) if amount.get() == 1000));
        assert_eq!(read[1].applies_to, AppliesTo::Shipping);
    }

    #[test]
    fn the_other_types_member_is_refused_and_its_own_required() {
        let wrong = json!([
            {"code": "A", "type": "percentage", "amount": 10},
            {"code": "B", "type": "fixed", "value": "10", "amount": 10},
            {"code": "C", "type": "bogof"},
            {"code": "D"},
        ]);
        let found = pointers(&wrong, order_discounts);
        assert_eq!(
            found,
            ["/0/value", "/0/amount", "/1/value", "/2/type", "/3/type"]
        );
    }

    #[test]
    fn percentages_and_amounts_have_bounds() {
        let wrong = json!([
            {"code": "A", "type": "percentage", "value": "0"},
            {"code": "B", "type": "percentage", "value": "100.1"},
            {"code": "C", "type": "percentage", "value": "1.00001"},
            {"code": "D", "type": "percentage", "value": 10},
            {"code": "E", "type": "fixed", "amount": 0},
            {"code": "F", "type": "fixed", "amount": 1.5},
        ]);
        let found = pointers(&wrong, order_discounts);
        assert_eq!(
            found,
            [
                "/0/value",
                "/1/value",
                "/2/value",
                "/3/value",
                "/4/amount",
                "/5/amount"
            ]
        );
    }

    #[test]
    fn a_code_twice_and_a_21st_discount_are_refused() {
        let discount =
            |code: usize| json!({"code": format!("C{code}"), "type": "fixed", "amount": 1});
        let twice = json!([discount(1), discount(2), discount(1)]);
        assert_eq!(pointers(&twice, order_discounts), ["/2/code"]);
        let many: Vec<_> = (0..21).map(discount).collect();
        assert_eq!(pointers(&json!(many), order_discounts), [""]);
    }

    #[test]
    fn a_lines_discount_applies_to_its_line_only() {
        let discount = json!([{"code": "A", "type": "fixed", "amount": 1, "applies_to": "order"}]);
        assert_eq!(pointers(&discount, line_discounts), ["/0/applies_to"]);
    }
}
