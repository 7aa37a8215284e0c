//! `POST /v1/orders/{order_id}/request-return`: ask for delivered units to be taken back.

use domain::order::{MAX_LINES, OrderCommand, ReturnLine, ReturnLines};

use crate::body::lists::distinct;
use crate::body::values::{integer, text};
use crate::body::{Node, Step};
use crate::commands::about::{About, Example};
use crate::shapes::new_id;

/// What the API's document says about it.
pub(super) const ABOUT: About = About {
    summary: "Ask for units to be taken back",
    description: "Of those that were delivered. Without an id the return gets one.",
    example: Example {
        order_id: "o-1",
        body: Some(
            r#"{"return_id": "r-1", "lines": [{"line_id": "1", "quantity": 1, "reason": "too small"}]}"#,
        ),
        shown: r#"{"order_status": "confirmed", "version": 27, "events": [{"type": "ReturnRequested"}]}"#,
    },
};

/// `{ "return_id", "lines": [ {"line_id", "quantity", "reason"} ] }`
pub(super) fn read(node: Node<'_>) -> Option<OrderCommand> {
    let mut body = node.object("RequestReturn")?;
    let return_id = body.optional("return_id", text).or_else(new_id);
    let lines = body.required("lines", lines);
    body.end();
    Some(OrderCommand::RequestReturn {
        return_id: return_id?,
        lines: lines?,
    })
}

fn lines(node: Node<'_>) -> Option<ReturnLines> {
    let lines = distinct(
        node,
        (1, MAX_LINES),
        line,
        |_| &[Step::Member("line_id")],
        |line| Some(line.line_id.clone()),
    )?;
    ReturnLines::parse(lines)
        .map_err(|error| node.wrong(error.to_string()))
        .ok()
}

fn line(node: Node<'_>) -> Option<ReturnLine> {
    let mut body = node.object("ReturnLine")?;
    let line_id = body.required("line_id", text);
    let quantity = body.required("quantity", integer);
    let reason = body.optional("reason", text);
    body.end();
    Some(ReturnLine {
        line_id: line_id?,
        quantity: quantity?,
        reason,
    })
}

#[cfg(test)]
mod tests {
    use crate::body;
    use crate::body::testing::pointers;
    use domain::order::OrderCommand;
    use serde_json::json;

    #[test]
    fn a_return_gets_an_id_and_its_lines_may_say_why() {
        let lines = json!([
            {"line_id": "1", "quantity": 1, "reason": "too small"},
            {"line_id": "2", "quantity": 1},
        ]);
        let read = body::read(&json!({"lines": lines}), super::read);
        let Ok(OrderCommand::RequestReturn { return_id, lines }) = read else {
            panic!("{read:?}")
        };
        assert_eq!(return_id.as_str().len(), 36);
        let reasons = lines.as_slice().iter().map(|line| line.reason.is_some());
        assert_eq!(reasons.collect::<Vec<_>>(), [true, false]);
    }

    #[test]
    fn at_least_one_line_is_to_come_back_and_none_twice() {
        assert_eq!(pointers(&json!({}), super::read), ["/lines"]);
        assert_eq!(pointers(&json!({"lines": []}), super::read), ["/lines"]);
        let line = json!({"line_id": "1", "quantity": 1});
        let twice = json!({"lines": [line, line]});
        assert_eq!(pointers(&twice, super::read), ["/lines/1/line_id"]);
        assert_eq!(
            pointers(&json!({"lines": [{}]}), super::read),
            ["/lines/0/line_id", "/lines/0/quantity"]
        );
    }
}
