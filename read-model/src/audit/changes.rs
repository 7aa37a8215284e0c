//! What an event changed: the order's document before and after, compared.

use std::fmt::{self, Display, Write};
use std::sync::LazyLock;

use serde::Serialize;
use serde_json::{Map, Value};

/// Members that change with every event, or follow from the others.
const NOT_COMPARED: [&str; 4] = ["version", "position", "updated_at", "allowed_commands"];

/// One difference between two documents.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Change<'a> {
    /// Where, as a JSON pointer (RFC 6901).
    pub path: String,
    /// What was there; null if nothing.
    pub from: &'a Value,
    /// What is there; null if nothing.
    pub to: &'a Value,
}

/// Compares an order's document before (nothing for the first event) and after an event: objects by
/// member, arrays by index, in document order. What was added or removed appears once, whole, at
/// its own path.
pub fn changes<'a>(before: Option<&'a Value>, after: &'a Value) -> Vec<Change<'a>> {
    let mut comparison = Comparison {
        path: String::new(),
        changes: Vec::new(),
    };
    let before = before.and_then(Value::as_object).unwrap_or(&NOTHING);
    let after = after.as_object().unwrap_or(&NOTHING);
    let compared = |name: &str| !NOT_COMPARED.contains(&name);
    comparison.objects(before, after, compared);
    comparison.changes
}

/// What stands on the side where there is nothing.
static NULL: Value = Value::Null;
static NOTHING: LazyLock<Map<String, Value>> = LazyLock::new(Map::new);

/// A walk through two documents at once.
struct Comparison<'a> {
    /// Where the walk is.
    path: String,
    changes: Vec<Change<'a>>,
}

impl<'a> Comparison<'a> {
    fn values(&mut self, from: &'a Value, to: &'a Value) {
        match (from, to) {
            (Value::Object(from), Value::Object(to)) => self.objects(from, to, |_| true),
            (Value::Array(from), Value::Array(to)) => {
                for index in 0..from.len().max(to.len()) {
                    let from = from.get(index).unwrap_or(&NULL);
                    let to = to.get(index).unwrap_or(&NULL);
                    self.at(index, |walk| walk.values(from, to));
                }
            }
            (from, to) if from != to => {
                self.changes.push(Change {
                    path: self.path.clone(),
                    from,
                    to,
                });
            }
            _ => {}
        }
    }

    /// Members in the order of the document after, each removed one where it stood before.
    fn objects(
        &mut self,
        from: &'a Map<String, Value>,
        to: &'a Map<String, Value>,
        compared: impl Fn(&str) -> bool,
    ) {
        let mut removed = from.iter().filter(|(name, _)| compared(name)).peekable();
        for (name, value) in to.iter().filter(|(name, _)| compared(name)) {
            if let Some(before) = from.get(name) {
                while let Some((gone, before)) = removed.next_if(|(gone, _)| *gone != name) {
                    if !to.contains_key(gone) {
                        self.at(Escaped(gone), |walk| walk.values(before, &NULL));
                    }
                }
                removed.next();
                self.at(Escaped(name), |walk| walk.values(before, value));
            } else {
                self.at(Escaped(name), |walk| walk.values(&NULL, value));
            }
        }
        for (gone, before) in removed.filter(|(gone, _)| !to.contains_key(*gone)) {
            self.at(Escaped(gone), |walk| walk.values(before, &NULL));
        }
    }

    /// Goes one step down the path, and back.
    fn at(&mut self, step: impl Display, walk: impl FnOnce(&mut Self)) {
        let length = self.path.len();
        // Writing into a string cannot fail.
        let _ = write!(self.path, "/{step}");
        walk(self);
        self.path.truncate(length);
    }
}

/// A member's name as a step of a JSON pointer.
struct Escaped<'a>(&'a str);

impl Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.contains(['~', '/']) {
            f.write_str(&self.0.replace('~', "~0").replace('/', "~1"))
        } else {
            f.write_str(self.0)
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// Each change as (path, from, to).
    fn listed(before: &Value, after: &Value) -> Vec<(String, Value, Value)> {
        let changes = changes(Some(before), after);
        changes
            .into_iter()
            .map(|c| (c.path, c.from.clone(), c.to.clone()))
            .collect()
    }

    #[test]
    fn the_first_event_adds_each_member_whole_unless_it_is_null() {
        let after = json!({"order_id": "o", "lines": [{"a": 1}], "reason": null, "version": 1});
        let first: Vec<_> = changes(None, &after)
            .into_iter()
            .map(|c| (c.path, c.to))
            .collect();
        let expected = [
            ("/order_id".into(), &json!("o")),
            ("/lines".into(), &json!([{"a": 1}])),
        ];
        assert_eq!(first, expected);
    }

    #[test]
    fn objects_are_compared_by_member_and_arrays_by_index() {
        let before = json!({"lines": [{"shipped": 0, "sku": "A"}, {"shipped": 1}]});
        let after = json!({"lines": [{"shipped": 2, "sku": "A"}, {"shipped": 1}]});
        assert_eq!(
            listed(&before, &after),
            [("/lines/0/shipped".to_owned(), json!(0), json!(2))]
        );
    }

    #[test]
    fn what_is_added_or_removed_appears_once_and_whole() {
        let before = json!({"holds": [{"id": "h"}], "notes": []});
        let after = json!({"holds": [], "notes": [{"text": "t"}]});
        assert_eq!(
            listed(&before, &after),
            [
                ("/holds/0".to_owned(), json!({"id": "h"}), json!(null)),
                ("/notes/0".to_owned(), json!(null), json!({"text": "t"})),
            ]
        );
    }

    #[test]
    fn what_every_event_changes_is_left_out_at_the_top_only() {
        let before = json!({"version": 1, "position": 1, "updated_at": 1, "allowed_commands": [],
            "inner": {"version": 1}});
        let after = json!({"version": 2, "position": 2, "updated_at": 2, "allowed_commands": [1],
            "inner": {"version": 2}});
        assert_eq!(
            listed(&before, &after),
            [("/inner/version".to_owned(), json!(1), json!(2))]
        );
    }

    #[test]
    fn null_and_absent_are_no_difference() {
        assert_eq!(listed(&json!({"a": null}), &json!({})), []);
        assert_eq!(listed(&json!({}), &json!({"a": null})), []);
    }

    #[test]
    fn a_member_that_only_moved_is_no_difference() {
        let (before, after) = (json!({"a": 1, "b": 2}), json!({"b": 2, "a": 1}));
        assert_eq!(listed(&before, &after), []);
    }

    #[test]
    fn a_removed_member_stands_where_it_was() {
        let before = json!({"code": "C", "value": "10", "applied": 1});
        let after = json!({"code": "C", "amount": 5, "applied": 2});
        let paths: Vec<_> = listed(&before, &after)
            .into_iter()
            .map(|(path, ..)| path)
            .collect();
        assert_eq!(paths, ["/amount", "/value", "/applied"]);
    }

    #[test]
    fn a_step_is_escaped_as_a_json_pointer_asks() {
        let paths: Vec<_> = listed(&json!({}), &json!({"a/b~c": 1}))
            .into_iter()
            .map(|(path, ..)| path)
            .collect();
        assert_eq!(paths, ["/a~1b~0c"]);
    }
}
