//! A value in a body together with where it is and where to note what is wrong with it.
//!
//! Every reading function answers `None` after noting why, and goes on as far as it can: a shape asks
//! for all its members first and only then gives up (`?`), so that one answer names everything.

use serde_json::{Map, Value};

use super::findings::Findings;
use super::pointer::{Pointer, Step};

/// A value that is there; `null` is not, except as an element of a list.
#[derive(Clone, Copy)]
pub(crate) struct Node<'a> {
    value: &'a Value,
    at: Pointer<'a>,
    findings: &'a Findings,
}

impl<'a> Node<'a> {
    /// The whole body.
    pub(crate) fn root(value: &'a Value, findings: &'a Findings) -> Self {
        Node {
            value,
            at: Pointer::ROOT,
            findings,
        }
    }

    /// Notes that this value is wrong.
    pub(crate) fn wrong(&self, detail: impl Into<String>) {
        self.findings.add(&self.at, detail);
    }

    /// Notes that what lies at `steps` below this value is wrong.
    pub(crate) fn wrong_below(&self, steps: &[Step<'_>], detail: &str) {
        match steps {
            [] => self.findings.add(&self.at, detail),
            [step, rest @ ..] => Node {
                at: self.at.then(*step),
                ..*self
            }
            .wrong_below(rest, detail),
        }
    }

    /// The value, as it came.
    pub(crate) fn value(&self) -> &'a Value {
        self.value
    }

    /// The elements of a list of `least` to `most`, each read with `element`; `None` stands for an
    /// element that is wrong. A list of another size is not read any further.
    pub(crate) fn list<T>(
        self,
        least: usize,
        most: usize,
        element: impl Fn(Node<'_>) -> Option<T>,
    ) -> Option<Vec<Option<T>>> {
        let Value::Array(elements) = self.value else {
            self.wrong("must be a list");
            return None;
        };
        if elements.len() < least {
            self.wrong(format!("must have at least {least} element"));
            return None;
        }
        if elements.len() > most {
            self.wrong(format!(
                "must have at most {most} elements, not {}",
                elements.len()
            ));
            return None;
        }
        let read = elements.iter().enumerate().map(|(index, value)| {
            element(Node {
                value,
                at: self.at.element(index),
                findings: self.findings,
            })
        });
        Some(read.collect())
    }

    /// The members of an object; [`Members::end`] must follow the last question.
    pub(crate) fn object(self) -> Option<Members<'a>> {
        let Value::Object(object) = self.value else {
            self.wrong("must be an object");
            return None;
        };
        Some(Members {
            object,
            node: self,
            asked: Vec::with_capacity(object.len()),
        })
    }
}

/// The members of an object. What is never asked for is unknown, and [`end`](Self::end) says so.
pub(crate) struct Members<'a> {
    object: &'a Map<String, Value>,
    node: Node<'a>,
    asked: Vec<&'static str>,
}

impl Members<'_> {
    /// The member `name`, which must be there.
    pub(crate) fn required<T>(
        &mut self,
        name: &'static str,
        read: impl FnOnce(Node<'_>) -> Option<T>,
    ) -> Option<T> {
        if self.member(name).is_none() {
            self.missing(name);
        }
        self.optional(name, read)
    }

    /// The member `name`, if it is there. `null` is absent.
    pub(crate) fn optional<T>(
        &mut self,
        name: &'static str,
        read: impl FnOnce(Node<'_>) -> Option<T>,
    ) -> Option<T> {
        self.asked.push(name);
        let value = self.member(name)?;
        read(Node {
            value,
            at: self.node.at.member(name),
            findings: self.node.findings,
        })
    }

    /// Whether the member is there and not `null`; this does not count as having asked for it.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.member(name).is_some()
    }

    /// Notes that the member `name` is missing.
    pub(crate) fn missing(&self, name: &str) {
        self.wrong(name, "is required");
    }

    /// Notes that the member `name` is wrong.
    pub(crate) fn wrong(&self, name: &str, detail: impl Into<String>) {
        self.node.findings.add(&self.node.at.member(name), detail);
    }

    /// Notes every member that was not asked for.
    pub(crate) fn end(self) {
        for name in self.object.keys() {
            if !self.asked.contains(&name.as_str()) {
                self.wrong(name, "is not a known member");
            }
        }
    }

    fn member(&self, name: &str) -> Option<&Value> {
        self.object.get(name).filter(|value| !value.is_null())
    }
}

#[cfg(test)]
mod tests {
    use super::super::read;
    use super::super::testing::pointers;
    use super::super::values::integer;
    use super::*;
    use serde_json::json;

    fn quantity(node: Node<'_>) -> Option<i64> {
        let mut body = node.object()?;
        let quantity = body.required("quantity", integer);
        body.end();
        quantity
    }

    #[test]
    fn null_is_absent() {
        assert_eq!(
            pointers(&json!({"quantity": null}), quantity),
            ["/quantity"]
        );
        let body = json!({"quantity": null});
        let optional = read(&body, |node| {
            let mut body = node.object()?;
            let quantity: Option<i64> = body.optional("quantity", integer);
            body.end();
            Some(quantity)
        });
        assert_eq!(optional, Ok(None));
    }

    #[test]
    fn unknown_members_are_named_even_when_they_are_null() {
        let body = json!({"quantity": 1, "quantitty": 2, "x/y": null});
        assert_eq!(pointers(&body, quantity), ["/quantitty", "/x~1y"]);
    }

    #[test]
    fn a_body_that_is_no_object_says_so_once() {
        for body in [json!([]), json!("x"), json!(1), json!(null)] {
            assert_eq!(pointers(&body, quantity), [""]);
        }
    }

    #[test]
    fn everything_wrong_is_found_in_one_reading() {
        let body = json!({"list": [{"quantity": "1"}, {"quantity": 1, "a": 1}, {}, null]});
        let found = pointers(&body, |node| {
            let mut body = node.object()?;
            let list = body.required("list", |n| n.list(0, 10, quantity));
            body.end();
            list
        });
        assert_eq!(
            found,
            [
                "/list/0/quantity",
                "/list/1/a",
                "/list/2/quantity",
                "/list/3"
            ]
        );
    }
}
