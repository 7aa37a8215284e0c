//! What is shown and taken, as JSON Schema 2020-12: the domain's values, and the documents that are made of them.
//! Both services describe themselves with these (OpenAPI 3.1), so that a value is described once.

mod audit;
mod order;
mod reports;
mod settling;
mod values;

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

pub use audit::{audit_entry, event_type};
pub use order::{ORDER_EXAMPLE, amounts, order};
pub use reports::{customer_document, product, queue_entry, return_of_order, revenue};

/// A value that says what it looks like in JSON.
pub trait Described {
    /// What its schema is called in a document; none for what is too plain for a name.
    const NAME: Option<&'static str>;

    /// Its schema.
    fn schema() -> Value;
}

/// The named schemas of a document.
#[derive(Debug, Default)]
pub struct Schemas(BTreeMap<String, Value>);

impl Schemas {
    /// The schema of a value, or the reference to it, if it has a name.
    pub fn of<T: Described>(&mut self) -> Value {
        match T::NAME {
            Some(name) => self.add(name, T::schema()),
            None => T::schema(),
        }
    }

    /// Names a schema; the reference to it. A name stands for one schema.
    pub fn add(&mut self, name: &str, schema: Value) -> Value {
        let known = self.0.insert(name.to_owned(), schema);
        debug_assert!(
            known.is_none_or(|known| known == self.0[name]),
            "{name} names two schemas"
        );
        json!({ "$ref": format!("#/components/schemas/{name}") })
    }

    /// Says more about a member of a named object than its reader could.
    pub fn refine(&mut self, name: &str, member: &str, schema: Value) {
        if let Some(object) = self.0.get_mut(name) {
            object["properties"][member] = schema;
        }
    }

    /// The schema of this name; null if there is none.
    fn get(&self, name: &str) -> Value {
        self.0.get(name).cloned().unwrap_or_default()
    }

    /// All of them, by name.
    pub fn into_map(self) -> Map<String, Value> {
        self.0.into_iter().collect()
    }
}

/// The same, or null.
pub fn nullable(schema: Value) -> Value {
    match schema {
        Value::Object(mut members) if members.get("type").is_some_and(Value::is_string) => {
            if let Some(Value::Array(words)) = members.get_mut("enum") {
                words.push(Value::Null);
            }
            if let Some(kind) = members.get_mut("type") {
                *kind = json!([kind.take(), "null"]);
            }
            Value::Object(members)
        }
        schema => json!({ "anyOf": [schema, { "type": "null" }] }),
    }
}

/// The same, with what this one is.
pub fn about(mut schema: Value, description: &str) -> Value {
    schema["description"] = description.into();
    schema
}

/// A list of these.
pub fn list(items: Value) -> Value {
    let mut list = json!({ "type": "array" });
    list["items"] = items;
    list
}

/// An integer that can be below 0.
pub fn integer() -> Value {
    json!({ "type": "integer", "format": "int64" })
}

/// How many there are of something.
pub fn count() -> Value {
    json!({ "type": "integer", "format": "int64", "minimum": 0 })
}

/// A text without rules.
pub fn string() -> Value {
    json!({ "type": "string" })
}

/// An id that the platform made.
pub fn uuid() -> Value {
    json!({ "type": "string", "format": "uuid" })
}

/// True or false.
pub fn boolean() -> Value {
    json!({ "type": "boolean" })
}

/// An object that always has these members.
pub fn object<'a>(description: &str, members: impl IntoIterator<Item = (&'a str, Value)>) -> Value {
    let properties: Map<String, Value> = members
        .into_iter()
        .map(|(name, schema)| (name.to_owned(), schema))
        .collect();
    let required: Vec<&String> = properties.keys().collect();
    json!({
        "type": "object",
        "description": description,
        "required": required,
        "properties": properties,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn null_joins_a_type_a_list_of_words_and_a_reference() {
        assert_eq!(nullable(string()), json!({ "type": ["string", "null"] }));
        assert_eq!(
            nullable(json!({ "type": "string", "enum": ["a"] })),
            json!({ "type": ["string", "null"], "enum": ["a", null] })
        );
        let reference = json!({ "$ref": "#/components/schemas/A" });
        assert_eq!(
            nullable(reference.clone()),
            json!({ "anyOf": [reference, { "type": "null" }] })
        );
    }
}
