//! `{ "line_id", "sku", "name", "quantity", "unit_price", "tax_rate", "discounts" }`

use domain::order::{MAX_LINES, OrderError};
use domain::pricing::{Location, NewLine};

use super::discount::line_discounts;
use super::new_id;
use crate::body::lists::distinct;
use crate::body::values::{integer, text};
use crate::body::{Node, Step};

/// At least `least` lines; each id once.
pub(crate) fn lines(node: Node<'_>, least: usize) -> Option<Vec<NewLine>> {
    distinct(
        node,
        (least, MAX_LINES),
        line,
        |_| &[Step::Member("line_id")],
        |line| Some(line.line_id.clone()),
    )
}

/// A line that joins an order. What makes it impossible in every order is wrong with the request.
pub(crate) fn added_line(node: Node<'_>) -> Option<NewLine> {
    let line = line(node)?;
    if let Err(error) = line.check() {
        let error = OrderError::from(error);
        match error.location() {
            Some(Location::LineDiscount { discount, .. }) => {
                let steps = [Step::Member("discounts"), Step::Element(discount)];
                node.wrong_below(&steps, &error.to_string());
            }
            _ => node.wrong(error.to_string()),
        }
        return None;
    }
    Some(line)
}

/// A line; its tax rate is 0 unless given.
fn line(node: Node<'_>) -> Option<NewLine> {
    let mut body = node.object("Line")?;
    let line_id = body.optional("line_id", text).or_else(new_id);
    let sku = body.required("sku", text);
    let name = body.required("name", text);
    let quantity = body.required("quantity", integer);
    let unit_price = body.required("unit_price", integer);
    let tax_rate = body.optional("tax_rate", text).unwrap_or_default();
    let discounts = body
        .optional("discounts", line_discounts)
        .unwrap_or_default();
    body.end();
    Some(NewLine {
        line_id: line_id?,
        sku: sku?,
        name: name?,
        quantity: quantity?,
        unit_price: unit_price?,
        tax_rate,
        discounts,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::body::read;
    use crate::body::testing::pointers;
    use serde_json::{Value, json};

    fn some_line(id: &str) -> Value {
        json!({"line_id": id, "sku": "S", "name": "N", "quantity": 1, "unit_price": 0})
    }

    fn placed(node: Node<'_>) -> Option<Vec<NewLine>> {
        lines(node, 1)
    }

    #[test]
    fn a_line_without_an_id_gets_one_of_its_own() {
        let line = json!({"sku": "S", "name": "N", "quantity": 1, "unit_price": 0});
        let read = read(&json!([line, line]), placed).unwrap();
        assert_ne!(read[0].line_id, read[1].line_id);
    }

    #[test]
    fn what_a_line_needs_is_required() {
        let found = pointers(&json!([{}]), placed);
        assert_eq!(found, ["/0/sku", "/0/name", "/0/quantity", "/0/unit_price"]);
    }

    #[test]
    fn a_line_twice_is_refused_where_it_comes_again() {
        let twice = json!([some_line("1"), some_line("2"), some_line("1")]);
        assert_eq!(pointers(&twice, placed), ["/2/line_id"]);
    }

    #[test]
    fn there_are_one_to_500_lines() {
        let lines = |n: usize| {
            json!(
                (0..n)
                    .map(|i| some_line(&i.to_string()))
                    .collect::<Vec<_>>()
            )
        };
        assert_eq!(pointers(&lines(0), placed), [""]);
        assert!(read(&lines(500), placed).is_ok());
        assert_eq!(pointers(&lines(501), placed), [""]);
    }

    #[test]
    fn numbers_and_texts_keep_their_rules() {
        let wrong = json!([{
            "line_id": " 1", "sku": "a,b", "name": "n\u{0}", "quantity": 0, "unit_price": -1,
            "tax_rate": 0.19, "discounts": {},
        }]);
        let found = pointers(&wrong, placed);
        let members = [
            "line_id",
            "sku",
            "name",
            "quantity",
            "unit_price",
            "tax_rate",
            "discounts",
        ];
        assert_eq!(found, members.map(|member| format!("/0/{member}")));
    }

    #[test]
    fn a_line_that_no_order_can_take_is_wrong_by_itself() {
        let with = |quantity: i64, price: i64, discounts: Value| {
            json!({
                "sku": "S", "name": "N", "quantity": quantity, "unit_price": price,
                "discounts": discounts,
            })
        };
        let fixed =
            |code: &str, amount: i64| json!({"code": code, "type": "fixed", "amount": amount});
        let all = with(2, 500, json!([fixed("A", 400), fixed("B", 600)]));
        assert!(read(&all, added_line).is_ok());
        let more = with(2, 500, json!([fixed("A", 400), fixed("B", 601)]));
        assert_eq!(pointers(&more, added_line), ["/discounts/1"]);
        let large = with(2, 9_007_199_254_740_991, json!([]));
        assert_eq!(pointers(&large, added_line), [""]);
        // Its order says how 0.5 is rounded, so only its order can say whether 1 is left.
        let half = json!({"code": "A", "type": "percentage", "value": "50"});
        let rounded = with(1, 1, json!([half, fixed("B", 1)]));
        assert!(read(&rounded, added_line).is_ok());
    }
}
