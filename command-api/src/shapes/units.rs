//! `[ {"line_id", "quantity"} ]`

use domain::order::{LineQuantities, LineQuantity, MAX_LINES};

use crate::body::lists::distinct;
use crate::body::values::{integer, text};
use crate::body::{Node, Step};

/// Units of at least one line, and of none twice.
pub(crate) fn line_quantities(node: Node<'_>) -> Option<LineQuantities> {
    let lines = distinct(
        node,
        (1, MAX_LINES),
        line_quantity,
        |_| &[Step::Member("line_id")],
        |line| Some(line.line_id.clone()),
    )?;
    LineQuantities::parse(lines)
        .map_err(|error| node.wrong(error.to_string()))
        .ok()
}

fn line_quantity(node: Node<'_>) -> Option<LineQuantity> {
    let mut body = node.object("LineQuantity")?;
    let line_id = body.required("line_id", text);
    let quantity = body.required("quantity", integer);
    body.end();
    Some(LineQuantity {
        line_id: line_id?,
        quantity: quantity?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::body::read;
    use crate::body::testing::pointers;
    use serde_json::{Value, json};

    fn units(line: &str) -> Value {
        json!({"line_id": line, "quantity": 1})
    }

    #[test]
    fn at_least_one_line_is_named_and_none_twice() {
        assert!(read(&json!([units("1"), units("2")]), line_quantities).is_ok());
        assert_eq!(pointers(&json!([]), line_quantities), [""]);
        let twice = json!([units("1"), units("2"), units("1")]);
        assert_eq!(pointers(&twice, line_quantities), ["/2/line_id"]);
    }

    #[test]
    fn quantities_are_whole_and_positive() {
        for quantity in [
            json!(0),
            json!(-1),
            json!(1.0),
            json!(1_000_001),
            json!(null),
        ] {
            let body = json!([{"line_id": "1", "quantity": quantity}]);
            assert_eq!(
                pointers(&body, line_quantities),
                ["/0/quantity"],
                "{quantity}"
            );
        }
    }
}
