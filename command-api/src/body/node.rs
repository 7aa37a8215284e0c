//! A value in a body together with where it is and where to note what is wrong with it.
//!
//! Every reading function answers `None` after noting why, and goes on as far as it can: a shape asks
//! for all its members first and only then gives up (`?`), so that one answer names everything.
//!
//! That is also what lets a shape describe itself: it is read from no value at all ([`Node::described`]),
//! every function answers `None` after noting what it would have taken, and the API's document shows
//! what the shapes ask for, because it was asked by them.

use serde_json::{Value, json};

use super::findings::Findings;
use super::members::Members;
use super::outline::{Outline, Sketch};
use super::pointer::{Pointer, Step};

/// A value that is there; `null` is not, except as an element of a list.
#[derive(Clone, Copy)]
pub(crate) struct Node<'a>(Source<'a>);

#[derive(Clone, Copy)]
enum Source<'a> {
    /// A value that came.
    Sent(Sent<'a>),
    /// No value: what is asked for is noted.
    Described(&'a Sketch<'a>),
}

/// A value that came, and where.
#[derive(Clone, Copy)]
pub(super) struct Sent<'a> {
    pub(super) value: &'a Value,
    pub(super) at: Pointer<'a>,
    pub(super) findings: &'a Findings,
}

impl<'a> Node<'a> {
    /// The whole body.
    pub(crate) fn root(value: &'a Value, findings: &'a Findings) -> Self {
        Self::sent(Sent {
            value,
            at: Pointer::ROOT,
            findings,
        })
    }

    /// A value that came.
    pub(super) fn sent(sent: Sent<'a>) -> Self {
        Node(Source::Sent(sent))
    }

    /// No value, to learn what a shape takes.
    pub(super) fn described(sketch: &'a Sketch<'a>) -> Self {
        Node(Source::Described(sketch))
    }

    /// Notes that this value is wrong.
    pub(crate) fn wrong(&self, detail: impl Into<String>) {
        if let Source::Sent(sent) = self.0 {
            sent.findings.add(&sent.at, detail);
        }
    }

    /// Notes that what lies at `steps` below this value is wrong.
    pub(crate) fn wrong_below(&self, steps: &[Step<'_>], detail: &str) {
        match (self.0, steps) {
            (Source::Sent(sent), [step, rest @ ..]) => {
                let at = sent.at.then(*step);
                Node::sent(Sent { at, ..sent }).wrong_below(rest, detail);
            }
            _ => self.wrong(detail),
        }
    }

    /// The value, as it came. If there is none because it is only described, `schema` is what it would be.
    pub(crate) fn value(&self, schema: impl FnOnce(&Sketch<'_>) -> Value) -> Option<&'a Value> {
        match self.0 {
            Source::Sent(sent) => Some(sent.value),
            Source::Described(sketch) => {
                sketch.note(schema(sketch));
                None
            }
        }
    }

    /// The elements of a list of `least` to `most`, each read with `element`; `None` stands for an
    /// element that is wrong. A list of another size is not read any further.
    pub(crate) fn list<T>(
        self,
        least: usize,
        most: usize,
        element: impl Fn(Node<'_>) -> Option<T>,
    ) -> Option<Vec<Option<T>>> {
        let sent = match self.0 {
            Source::Sent(sent) => sent,
            Source::Described(sketch) => {
                let items = sketch.part(&element);
                sketch.note(json!({
                    "type": "array", "minItems": least, "maxItems": most, "items": items,
                }));
                return None;
            }
        };
        let Value::Array(elements) = sent.value else {
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
            let at = sent.at.element(index);
            element(Node::sent(Sent { value, at, ..sent }))
        });
        Some(read.collect())
    }

    /// The members of an object, which the API's document calls `name`; [`Members::end`] must follow
    /// the last question.
    pub(crate) fn object(self, name: &'static str) -> Option<Members<'a>> {
        let sent = match self.0 {
            Source::Sent(sent) => sent,
            Source::Described(sketch) => {
                return Some(Members::described(Outline::new(name, sketch)));
            }
        };
        let Value::Object(object) = sent.value else {
            self.wrong("must be an object");
            return None;
        };
        Some(Members::sent(object, sent))
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
        let mut body = node.object("Test")?;
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
            let mut body = node.object("Test")?;
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
            let mut body = node.object("Test")?;
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
