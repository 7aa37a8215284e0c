//! Whether a service answers as its OpenAPI document says.

use std::collections::HashSet;

use serde_json::{Value, json};

/// Headers that belong to the transport, and are in no document.
const OF_THE_TRANSPORT: [&str; 6] = [
    "content-type",
    "content-length",
    "date",
    "transfer-encoding",
    "connection",
    "allow",
];

/// Types that many members have, and that say of none what it is.
const PLAIN: [&str; 5] = ["Text", "NoteText", "Amount", "PositiveAmount", "Timestamp"];

/// A service's OpenAPI document.
///
/// What is not described must not come: answers may get members one day, so the document leaves objects open, but
/// what they have today it has.
pub struct Described {
    document: Value,
    components: Value,
}

/// An answer, read to its end.
#[derive(Debug)]
pub struct Answered<'a> {
    /// The status.
    pub status: u16,
    /// Names in small letters, and values.
    pub headers: Vec<(&'a str, &'a str)>,
    /// The body.
    pub body: &'a str,
}

impl Answered<'_> {
    fn content_type(&self) -> &str {
        let mut headers = self.headers.iter();
        let value = headers
            .find(|(name, _)| *name == "content-type")
            .map_or("", |(_, value)| value);
        value.split(';').next().unwrap_or_default()
    }
}

impl Described {
    /// Takes the document.
    pub fn new(document: Value) -> Self {
        let mut components = document["components"].clone();
        close(&mut components);
        Self {
            document,
            components,
        }
    }

    /// The document.
    pub fn document(&self) -> &Value {
        &self.document
    }

    /// The operation that answers this method at this path, which may have a query; nothing if there is none.
    pub fn operation(&self, method: &str, path: &str) -> Option<&Value> {
        let path = path.split('?').next()?;
        let mut paths = self.document["paths"].as_object()?.iter();
        // A path that is written out goes before one with parts that may be anything.
        let exact = self.document["paths"].get(path);
        let methods = exact.or_else(|| {
            paths
                .find(|(template, _)| fits(template, path))
                .map(|(_, methods)| methods)
        })?;
        methods.get(method.to_lowercase())
    }

    /// Asserts that the operation may answer so: the status, the headers, the type and the body.
    #[track_caller]
    pub fn assert_answer(&self, method: &str, path: &str, answer: &Answered<'_>) {
        let what = format!("{method} {path} answers {}", answer.status);
        let operation = self
            .operation(method, path)
            .unwrap_or_else(|| panic!("{method} {path} is not described"));
        let response = self.resolved(&operation["responses"][answer.status.to_string()]);
        assert!(response.is_object(), "{what}: {}", answer.body);
        let headers = response["headers"]
            .as_object()
            .expect("an answer has headers");
        let unknown = answer.headers.iter().find(|(name, _)| {
            !OF_THE_TRANSPORT.contains(name)
                && !headers.keys().any(|known| known.eq_ignore_ascii_case(name))
        });
        assert!(unknown.is_none(), "{what} with {unknown:?}");
        let content = response["content"].as_object();
        if answer.body.is_empty() && content.is_none() {
            return;
        }
        let described = content.and_then(|content| content.get(answer.content_type()));
        let described = described.unwrap_or_else(|| panic!("{what} as {}", answer.content_type()));
        let body = if answer.content_type().ends_with("json")
            && answer.content_type() != "application/x-ndjson"
        {
            serde_json::from_str(answer.body).expect("JSON is JSON")
        } else {
            Value::from(answer.body)
        };
        self.assert_value(&described["schema"], &body, &what);
    }

    /// Asserts that a value is as this schema of the document says, and has no member that it does not know.
    #[track_caller]
    pub fn assert_value(&self, schema: &Value, value: &Value, what: &str) {
        let mut schema = schema.clone();
        close(&mut schema);
        let schema = json!({ "allOf": [schema], "components": self.components });
        let validator = jsonschema::draft202012::options()
            .should_validate_formats(true)
            .build(&schema)
            .unwrap_or_else(|error| panic!("{what}: the schema is wrong: {error}"));
        let errors = validator.iter_errors(value);
        let wrong: Vec<String> = errors
            .map(|error| format!("{}: {error}", error.instance_path()))
            .collect();
        assert!(wrong.is_empty(), "{what}: {wrong:#?}\n{value}");
    }

    /// Asserts that each example of a body is as its schema says; how many there are.
    #[track_caller]
    pub fn assert_examples(&self) -> usize {
        let mut found = Vec::new();
        examples(&self.document["paths"], "", &mut found);
        examples(&self.document["components"]["responses"], "", &mut found);
        for (schema, example, place) in &found {
            self.assert_value(schema, example, place);
        }
        found.len()
    }

    /// Asserts that the document leaves nothing open: every reference leads somewhere, every operation has a name of its
    /// own, every schema and every member says what it is.
    #[track_caller]
    pub fn assert_complete(&self) {
        self.follow(&self.document);
        let paths = self.document["paths"].as_object().into_iter().flatten();
        let operations = paths.flat_map(|(_, methods)| methods.as_object().into_iter().flatten());
        let mut names = HashSet::new();
        for (_, operation) in operations {
            let name = operation["operationId"].as_str().expect("a name");
            assert!(names.insert(name), "{name} is the name of two operations");
        }
        let mut silent = Vec::new();
        let schemas = self.document["components"]["schemas"].as_object();
        for (name, schema) in schemas.into_iter().flatten() {
            if !schema["description"].is_string() {
                silent.push(name.clone());
            }
            let members = schema["properties"].as_object().into_iter().flatten();
            let undescribed = members.filter(|(_, member)| !self.is_described(member));
            silent.extend(undescribed.map(|(member, _)| format!("{name}.{member}")));
        }
        assert!(silent.is_empty(), "nothing says what these are: {silent:?}");
    }

    /// Whether a member says what it is, itself or by a type that is made for it.
    fn is_described(&self, member: &Value) -> bool {
        let reference = member["$ref"].as_str().unwrap_or_default();
        let plain = PLAIN
            .iter()
            .any(|name| reference.ends_with(&format!("/{name}")));
        let mut parts = member["anyOf"].as_array().into_iter().flatten();
        member["description"].is_string()
            || (!plain && self.resolved(member)["description"].is_string())
            || parts.any(|part| self.is_described(part))
    }

    fn follow(&self, value: &Value) {
        self.resolved(value);
        match value {
            Value::Object(members) => members.values().for_each(|value| self.follow(value)),
            Value::Array(elements) => elements.iter().for_each(|value| self.follow(value)),
            _ => {}
        }
    }

    /// What a reference leads to, or the value itself.
    pub fn resolved<'a>(&'a self, value: &'a Value) -> &'a Value {
        match value["$ref"].as_str() {
            Some(reference) => self
                .document
                .pointer(&reference[1..])
                .unwrap_or_else(|| panic!("{reference} leads nowhere")),
            None => value,
        }
    }
}

/// Examples of bodies and of parameters, with their schemas and where they are.
fn examples<'a>(value: &'a Value, place: &str, found: &mut Vec<(&'a Value, &'a Value, String)>) {
    match value {
        Value::Object(members) => {
            let Some(schema) = members.get("schema") else {
                for (name, value) in members {
                    examples(value, &format!("{place}/{name}"), found);
                }
                return;
            };
            let several = members.get("examples").and_then(Value::as_object);
            for (name, example) in several.into_iter().flatten() {
                found.push((schema, &example["value"], format!("{place}, {name}")));
            }
            if let Some(example) = members.get("example") {
                found.push((schema, example, format!("{place}/{}", members["name"])));
            }
        }
        Value::Array(elements) => elements
            .iter()
            .for_each(|value| examples(value, place, found)),
        _ => {}
    }
}

fn fits(template: &str, path: &str) -> bool {
    let (template, path): (Vec<_>, Vec<_>) =
        (template.split('/').collect(), path.split('/').collect());
    let same = |(part, came): (&&str, &&str)| part == came || part.starts_with('{');
    template.len() == path.len() && template.iter().zip(&path).all(same)
}

fn close(schema: &mut Value) {
    match schema {
        Value::Object(members) => {
            if members.contains_key("properties") && !members.contains_key("additionalProperties") {
                members.insert("additionalProperties".to_owned(), false.into());
            }
            members.values_mut().for_each(close);
        }
        Value::Array(elements) => elements.iter_mut().for_each(close),
        _ => {}
    }
}
