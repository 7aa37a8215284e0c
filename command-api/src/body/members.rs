//! The members of an object. What is never asked for is unknown, and refused by name.

use serde_json::{Map, Value, json};

use super::node::{Node, Sent};
use super::outline::{Outline, Shape};

/// The members of an object; [`end`](Self::end) refuses those that were not asked for.
pub(crate) struct Members<'a>(Source<'a>);

enum Source<'a> {
    /// Those that came.
    Sent {
        object: &'a Map<String, Value>,
        sent: Sent<'a>,
        asked: Vec<&'static str>,
        /// Whether it is unknown what may be asked for.
        open: bool,
    },
    /// None: what is asked for is noted.
    Described(Outline<'a>),
}

impl<'a> Members<'a> {
    /// The members of a value that came.
    pub(super) fn sent(object: &'a Map<String, Value>, sent: Sent<'a>) -> Self {
        Members(Source::Sent {
            object,
            sent,
            asked: Vec::with_capacity(object.len()),
            open: false,
        })
    }

    /// No members, to learn which are asked for.
    pub(super) fn described(outline: Outline<'a>) -> Self {
        Members(Source::Described(outline))
    }

    /// The member `name`, which must be there.
    pub(crate) fn required<T>(
        &mut self,
        name: &'static str,
        read: impl FnOnce(Node<'_>) -> Option<T>,
    ) -> Option<T> {
        if !self.has(name) {
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
        match &mut self.0 {
            Source::Sent {
                object,
                sent,
                asked,
                ..
            } => {
                asked.push(name);
                let value = present(object, name)?;
                let at = sent.at.member(name);
                read(Node::sent(Sent { value, at, ..*sent }))
            }
            Source::Described(outline) => {
                outline.member(name, read);
                None
            }
        }
    }

    /// What `read` makes of the other members, for the kind that the member `tag` names: one of
    /// `kinds`. Without a known kind nothing else can be judged.
    pub(crate) fn tagged<K: Copy, T>(
        &mut self,
        tag: &'static str,
        kinds: &[(&'static str, K)],
        read: impl Fn(K, &mut Self) -> Option<T>,
    ) -> Option<T> {
        if let Source::Described(outline) = &mut self.0 {
            let of_kinds = kinds.iter().flat_map(|(word, kind)| {
                let mut members = Members::described(outline.of_kind(tag, word));
                read(*kind, &mut members);
                members.into_shapes()
            });
            outline.shapes = of_kinds.collect();
            return None;
        }
        let kind = self.required(tag, |node| kind(node, kinds));
        if let (None, Source::Sent { open, .. }) = (kind, &mut self.0) {
            *open = true;
        }
        read(kind?, self)
    }

    /// Refuses the member `name`, saying why: it is known, but has no place here.
    pub(crate) fn refused(&mut self, name: &'static str, detail: impl Into<String>) {
        match &mut self.0 {
            Source::Sent { asked, .. } => asked.push(name),
            Source::Described(outline) => outline.refuse(name),
        }
        if self.has(name) {
            self.wrong(name, detail);
        }
    }

    /// Whether the member is there and not `null`; this does not count as having asked for it.
    pub(crate) fn has(&self, name: &str) -> bool {
        match &self.0 {
            Source::Sent { object, .. } => present(object, name).is_some(),
            Source::Described(_) => false,
        }
    }

    /// Notes that the member `name` is missing.
    pub(crate) fn missing(&mut self, name: &'static str) {
        match &mut self.0 {
            Source::Sent { .. } => self.wrong(name, "is required"),
            Source::Described(outline) => outline.require(name),
        }
    }

    /// Notes every member that was not asked for.
    pub(crate) fn end(self) {
        match &self.0 {
            Source::Sent {
                object,
                asked,
                open: false,
                ..
            } => {
                for name in object.keys() {
                    if !asked.contains(&name.as_str()) {
                        self.wrong(name, "is not a known member");
                    }
                }
            }
            Source::Sent { .. } => {}
            Source::Described(outline) => outline.end(),
        }
    }

    fn into_shapes(self) -> Vec<Shape> {
        match self.0 {
            Source::Sent { .. } => Vec::new(),
            Source::Described(outline) => outline.shapes,
        }
    }

    fn wrong(&self, name: &str, detail: impl Into<String>) {
        if let Source::Sent { sent, .. } = &self.0 {
            sent.findings.add(&sent.at.member(name), detail);
        }
    }
}

fn present<'a>(object: &'a Map<String, Value>, name: &str) -> Option<&'a Value> {
    object.get(name).filter(|value| !value.is_null())
}

/// The kind that a text names.
fn kind<K: Copy>(node: Node<'_>, kinds: &[(&'static str, K)]) -> Option<K> {
    let words = || kinds.iter().map(|(word, _)| *word);
    let value = node.value(|_| json!({ "enum": words().collect::<Vec<_>>() }))?;
    let Value::String(text) = value else {
        node.wrong("must be a string");
        return None;
    };
    let known = kinds.iter().find(|(word, _)| word == text);
    if known.is_none() {
        let words = words().collect::<Vec<_>>().join(", ");
        node.wrong(format!("must be one of {words}"));
    }
    known.map(|(_, kind)| *kind)
}
