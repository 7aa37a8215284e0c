//! `POST /v1/orders/{order_id}/revise`: change an order in several ways at once, or not at all.

use domain::LineId;
use domain::order::{Change, MAX_CHANGES, OrderCommand, Revision};

use crate::body::lists::distinct;
use crate::body::values::{boolean, integer, text};
use crate::body::{Members, Node, Step};
use crate::commands::about::{About, Example};
use crate::shapes::line::added_line;
use crate::shapes::shipping::shipping;

#[derive(Clone, Copy)]
enum Op {
    AddLine,
    CancelUnits,
    SetShipping,
}

const OPS: [(&str, Op); 3] = [
    ("add_line", Op::AddLine),
    ("cancel_units", Op::CancelUnits),
    ("set_shipping", Op::SetShipping),
];

/// What the API's document says about it.
pub(super) const ABOUT: About = About {
    summary: "Change an order in several ways at once",
    description: "Adds lines, cancels units and sets the shipping of a placed order, all of it or nothing. \
        Lines are never priced again. The changes apply in their order and are judged together \
        at the end.",
    example: Example {
        order_id: "o-1",
        body: Some(
            r#"{ "changes": [ {"op": "add_line", "line": {"line_id": "3", "sku": "CUP", "name": "Cup", "quantity": 4, "unit_price": 350}}, {"op": "cancel_units", "line_id": "1", "quantity": 1, "restock": true}, {"op": "set_shipping", "shipping": {"method": "express", "amount": 999, "tax_rate": "0.19"}} ], "reason": "customer called" }"#,
        ),
        shown: r#"{"order_status": "confirmed", "version": 16, "events": [{"type": "OrderRevised"}]}"#,
    },
};

/// `{ "changes": [ {"op": "add_line", "line": {…}},
/// {"op": "cancel_units", "line_id", "quantity", "restock": true},
/// {"op": "set_shipping", "shipping": {…}} ], "reason": "…" }`
pub(super) fn read(node: Node<'_>) -> Option<OrderCommand> {
    let mut body = node.object("Revise")?;
    let revision = body.required("changes", revision);
    let reason = body.required("reason", text);
    body.end();
    Some(OrderCommand::Revise {
        revision: revision?,
        reason: reason?,
    })
}

/// Changes of which no two are about one line, added or cancelled, and at most one about shipping.
fn revision(node: Node<'_>) -> Option<Revision> {
    let changes = distinct(node, (1, MAX_CHANGES), change, named, |change| {
        Some(line_of(change).cloned())
    })?;
    Revision::parse(changes)
        .map_err(|error| node.wrong(error.to_string()))
        .ok()
}

/// The line that a change is about; none if it is about the shipping.
fn line_of(change: &Change) -> Option<&LineId> {
    match change {
        Change::AddLine(line) => Some(&line.line_id),
        Change::CancelUnits { line_id, .. } => Some(line_id),
        Change::SetShipping(_) => None,
    }
}

/// Where a change says what it is about.
fn named(change: &Change) -> &'static [Step<'static>] {
    match change {
        Change::AddLine(_) => &[Step::Member("line"), Step::Member("line_id")],
        Change::CancelUnits { .. } => &[Step::Member("line_id")],
        Change::SetShipping(_) => &[Step::Member("shipping")],
    }
}

fn change(node: Node<'_>) -> Option<Change> {
    let mut body = node.object("Change")?;
    let change = body.tagged("op", &OPS, |op, body| match op {
        Op::AddLine => {
            let line = body.required("line", added_line);
            line.map(|line| Change::AddLine(Box::new(line)))
        }
        Op::CancelUnits => cancel_units(body),
        Op::SetShipping => body.required("shipping", shipping).map(Change::SetShipping),
    });
    body.end();
    change
}

fn cancel_units(body: &mut Members<'_>) -> Option<Change> {
    let line_id = body.required("line_id", text);
    let quantity = body.required("quantity", integer);
    let restock = body.optional("restock", boolean).unwrap_or(true);
    Some(Change::CancelUnits {
        line_id: line_id?,
        quantity: quantity?,
        restock,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::body;
    use crate::body::testing::pointers;
    use serde_json::{Value, json};

    fn revise(changes: &Value) -> Value {
        json!({"changes": changes, "reason": "customer called"})
    }

    fn add(line_id: &str) -> Value {
        let line =
            json!({"line_id": line_id, "sku": "S", "name": "N", "quantity": 1, "unit_price": 5});
        json!({"op": "add_line", "line": line})
    }

    fn cancel(line_id: &str) -> Value {
        json!({"op": "cancel_units", "line_id": line_id, "quantity": 1})
    }

    fn ship(amount: i64) -> Value {
        json!({"op": "set_shipping", "shipping": {"method": "M", "amount": amount}})
    }

    #[test]
    fn changes_are_read_in_their_order() {
        let body = revise(&json!([add("3"), cancel("1"), ship(5)]));
        let Ok(OrderCommand::Revise { revision, .. }) = body::read(&body, read) else {
            panic!("a revision is refused")
        };
        assert!(matches!(
            revision.changes(),
            [
                Change::AddLine(_),
                Change::CancelUnits { restock: true, .. },
                Change::SetShipping(_)
            ]
        ));
    }

    #[test]
    fn there_are_one_to_500_changes_and_a_reason() {
        assert_eq!(pointers(&json!({}), read), ["/changes", "/reason"]);
        assert_eq!(pointers(&revise(&json!([])), read), ["/changes"]);
        let many = |n: usize| json!((0..n).map(|i| cancel(&i.to_string())).collect::<Vec<_>>());
        assert!(body::read(&revise(&many(500)), read).is_ok());
        assert_eq!(pointers(&revise(&many(501)), read), ["/changes"]);
    }

    #[test]
    fn a_line_is_in_one_change_and_shipping_in_one() {
        for (changes, pointer) in [
            ([add("1"), add("1")], "/changes/1/line/line_id"),
            ([add("1"), cancel("1")], "/changes/1/line_id"),
            ([cancel("1"), cancel("1")], "/changes/1/line_id"),
            ([cancel("1"), add("1")], "/changes/1/line/line_id"),
            ([ship(1), ship(2)], "/changes/1/shipping"),
        ] {
            assert_eq!(pointers(&revise(&json!(changes)), read), [pointer]);
        }
    }

    #[test]
    fn each_change_has_the_members_of_its_kind() {
        let changes = json!([
            {"op": "add_line", "line_id": "1"},
            {"op": "cancel_units", "line": {}},
            {"op": "set_shipping", "restock": true},
            {"op": "reprice", "line_id": "1"},
            {"line_id": "1"},
            7,
        ]);
        let expected = [
            "/changes/0/line",
            "/changes/0/line_id",
            "/changes/1/line_id",
            "/changes/1/quantity",
            "/changes/1/line",
            "/changes/2/shipping",
            "/changes/2/restock",
            "/changes/3/op",
            "/changes/4/op",
            "/changes/5",
        ];
        assert_eq!(pointers(&revise(&changes), read), expected);
    }

    #[test]
    fn an_added_line_that_is_impossible_by_itself_is_wrong_where_it_is() {
        let mut change = add("1");
        change["line"]["discounts"] = json!([{"code": "A", "type": "fixed", "amount": 6}]);
        assert_eq!(
            pointers(&revise(&json!([change])), read),
            ["/changes/0/line/discounts/0"]
        );
    }
}
