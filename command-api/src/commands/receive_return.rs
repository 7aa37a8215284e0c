//! `POST /v1/orders/{order_id}/receive-return`: record what came back, which closes the return.

use domain::order::{MAX_LINES, OrderCommand, ReceivedLine, ReceivedLines};

use crate::body::lists::distinct;
use crate::body::values::{boolean, integer, text, word};
use crate::body::{Node, Step};
use crate::commands::about::{About, Example};

/// What the API's document says about it.
pub(super) const ABOUT: About = About {
    summary: "Record what came back",
    description: "Closes the return. What did not come may be asked for again. Whether units can be sold \
        again and go back to stock is said line by line. It may complete the order.",
    example: Example {
        order_id: "o-1",
        body: Some(
            r#"{"return_id": "r-1", "lines": [{"line_id": "1", "quantity": 1, "condition": "sellable", "restock": true}]}"#,
        ),
        shown: r#"{"order_status": "confirmed", "version": 31, "events": [{"type": "ReturnReceived"}]}"#,
    },
};

/// `{ "return_id", "lines": [ {"line_id", "quantity", "condition": "sellable", "restock": true} ] }`;
/// without lines nothing came.
pub(super) fn read(node: Node<'_>) -> Option<OrderCommand> {
    let mut body = node.object("ReceiveReturn")?;
    let return_id = body.required("return_id", text);
    let lines = body.optional("lines", lines).unwrap_or_default();
    body.end();
    Some(OrderCommand::ReceiveReturn {
        return_id: return_id?,
        // No line is in it twice: that cannot be refused, and is not unwrapped.
        lines: ReceivedLines::parse(lines).ok()?,
    })
}

fn lines(node: Node<'_>) -> Option<Vec<ReceivedLine>> {
    distinct(
        node,
        (0, MAX_LINES),
        line,
        |_| &[Step::Member("line_id")],
        |line| Some(line.line_id.clone()),
    )
}

/// Whether units can be sold again and whether they go back to stock is never guessed.
fn line(node: Node<'_>) -> Option<ReceivedLine> {
    let mut body = node.object("ReceivedLine")?;
    let line_id = body.required("line_id", text);
    let quantity = body.required("quantity", integer);
    let condition = body.required("condition", word);
    let restock = body.required("restock", boolean);
    body.end();
    Some(ReceivedLine {
        line_id: line_id?,
        quantity: quantity?,
        condition: condition?,
        restock: restock?,
    })
}

#[cfg(test)]
mod tests {
    use crate::body;
    use crate::body::testing::pointers;
    use domain::order::{Condition, OrderCommand};
    use serde_json::{Value, json};

    fn received(lines: &Value) -> Value {
        json!({"return_id": "r", "lines": lines})
    }

    #[test]
    fn nothing_may_have_come() {
        for nothing in [json!([]), Value::Null] {
            let read = body::read(&received(&nothing), super::read);
            let Ok(OrderCommand::ReceiveReturn { lines, .. }) = read else {
                panic!("{read:?}")
            };
            assert!(lines.as_slice().is_empty());
        }
        assert_eq!(pointers(&json!({}), super::read), ["/return_id"]);
    }

    #[test]
    fn condition_and_restock_must_be_said_of_each_line() {
        let line = json!({"line_id": "1", "quantity": 1, "condition": "damaged", "restock": false});
        let read = body::read(&received(&json!([line])), super::read);
        let Ok(OrderCommand::ReceiveReturn { lines, .. }) = read else {
            panic!("{read:?}")
        };
        assert_eq!(lines.as_slice()[0].condition, Condition::Damaged);
        assert!(!lines.as_slice()[0].restock);
        let silent = received(&json!([{"line_id": "1", "quantity": 1}]));
        assert_eq!(
            pointers(&silent, super::read),
            ["/lines/0/condition", "/lines/0/restock"]
        );
        assert_eq!(
            pointers(&received(&json!([line, line])), super::read),
            ["/lines/1/line_id"]
        );
        let wrong = json!({"line_id": "1", "quantity": 1, "condition": "new", "restock": "yes"});
        assert_eq!(
            pointers(&received(&json!([wrong])), super::read),
            ["/lines/0/condition", "/lines/0/restock"]
        );
    }
}
