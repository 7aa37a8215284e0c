//! What a shape asks for, as JSON Schema: noted while it is read from no value.

use std::cell::RefCell;

use read_model::schema::{Described, Schemas, nullable};
use serde_json::{Map, Value, json};

use super::node::Node;

/// Where the schema of one value is noted, and those of its parts that have names.
pub(crate) struct Sketch<'a> {
    noted: RefCell<Option<Value>>,
    named: &'a RefCell<Schemas>,
}

/// The schema of what `shape` reads, or the reference to it; what has a name is added to `schemas`.
pub(crate) fn describe<T>(
    schemas: &mut Schemas,
    shape: impl FnOnce(Node<'_>) -> Option<T>,
) -> Value {
    let named = RefCell::new(std::mem::take(schemas));
    let schema = Sketch::of(&named, shape);
    *schemas = named.into_inner();
    schema
}

impl<'a> Sketch<'a> {
    fn of<T>(named: &'a RefCell<Schemas>, shape: impl FnOnce(Node<'_>) -> Option<T>) -> Value {
        let sketch = Sketch {
            noted: RefCell::new(None),
            named,
        };
        shape(Node::described(&sketch));
        // What is asked nothing may be anything.
        sketch.noted.into_inner().unwrap_or_else(|| json!({}))
    }

    /// Notes what the value is.
    pub(super) fn note(&self, schema: Value) {
        *self.noted.borrow_mut() = Some(schema);
    }

    /// The schema of a part of the value.
    pub(super) fn part<T>(&self, shape: impl FnOnce(Node<'_>) -> Option<T>) -> Value {
        Sketch::of(self.named, shape)
    }

    /// The schema of one of the domain's values.
    pub(crate) fn of_value<T: Described>(&self) -> Value {
        self.named.borrow_mut().of::<T>()
    }

    fn add(&self, name: &str, schema: Value) -> Value {
        self.named.borrow_mut().add(name, schema)
    }
}

/// What an object's shape asks for.
pub(super) struct Outline<'a> {
    name: &'static str,
    sketch: &'a Sketch<'a>,
    /// One, or one for each kind of a tagged object.
    pub(super) shapes: Vec<Shape>,
}

/// The members that are asked for together.
#[derive(Clone, Default)]
pub(super) struct Shape {
    kind: Option<(&'static str, &'static str)>,
    properties: Map<String, Value>,
    required: Vec<&'static str>,
}

impl<'a> Outline<'a> {
    pub(super) fn new(name: &'static str, sketch: &'a Sketch<'a>) -> Self {
        Outline {
            name,
            sketch,
            shapes: vec![Shape::default()],
        }
    }

    /// Notes a member; unless it is required, null is absent.
    pub(super) fn member<T>(
        &mut self,
        name: &'static str,
        read: impl FnOnce(Node<'_>) -> Option<T>,
    ) {
        let schema = self.sketch.part(read);
        for shape in &mut self.shapes {
            let schema = schema.clone();
            let schema = if shape.required.contains(&name) {
                schema
            } else {
                nullable(schema)
            };
            shape.properties.insert(name.to_owned(), schema);
        }
    }

    /// Notes that a member must be there.
    pub(super) fn require(&mut self, name: &'static str) {
        for shape in &mut self.shapes {
            shape.required.push(name);
        }
    }

    /// Notes that a member must not be there, but may be null, as anything absent.
    pub(super) fn refuse(&mut self, name: &'static str) {
        for shape in &mut self.shapes {
            let null = json!({ "type": "null" });
            shape.properties.insert(name.to_owned(), null);
        }
    }

    /// What was noted so far, of this kind of the object alone: the one that `word` names.
    pub(super) fn of_kind(&self, tag: &'static str, word: &'static str) -> Self {
        let mut outline = Outline {
            name: self.name,
            sketch: self.sketch,
            shapes: self.shapes.clone(),
        };
        outline.require(tag);
        for shape in &mut outline.shapes {
            shape.kind = Some((tag, word));
            let only = json!({ "type": "string", "const": word });
            shape.properties.insert(tag.to_owned(), only);
        }
        outline
    }

    /// Notes the object. Kinds have names of their own: that of the object with that of the kind.
    pub(super) fn end(&self) {
        let mut kinds = Vec::new();
        let mut mapping = Map::new();
        for shape in &self.shapes {
            let schema = json!({
                "type": "object",
                "required": shape.required,
                "properties": shape.properties,
                "additionalProperties": false,
            });
            let Some((_, word)) = shape.kind else {
                let reference = self.sketch.add(self.name, schema);
                self.sketch.note(reference);
                return;
            };
            let reference = self
                .sketch
                .add(&format!("{}{}", self.name, pascal_case(word)), schema);
            mapping.insert(word.to_owned(), reference["$ref"].clone());
            kinds.push(reference);
        }
        let tag = self.shapes.iter().find_map(|shape| shape.kind);
        let union = json!({
            "oneOf": kinds,
            "discriminator": { "propertyName": tag.map(|(tag, _)| tag), "mapping": mapping },
        });
        let reference = self.sketch.add(self.name, union);
        self.sketch.note(reference);
    }
}

/// `add_line` as `AddLine`, `add-line` too.
fn pascal_case(word: &str) -> String {
    let parts = word.split(['_', '-']);
    parts
        .flat_map(|part| {
            let mut rest = part.chars();
            let first = rest.next().map(|first| first.to_ascii_uppercase());
            first.into_iter().chain(rest)
        })
        .collect()
}
