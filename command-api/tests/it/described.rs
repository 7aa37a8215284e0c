//! Whether an answer is one that the document describes: its status, its headers, its body, and nothing besides.

use reqwest::Method;
use serde_json::{Value, json};

use crate::api::Answer;

/// Headers that belong to the transport, and are in no document.
const OF_THE_TRANSPORT: [&str; 5] = ["content-type", "content-length", "date", "transfer-encoding", "allow"];

/// Asserts that the document has this answer to a request of this path, if it has the operation.
#[track_caller]
pub(crate) fn assert_described(document: &Value, method: &Method, path: &str, answer: &Answer) {
    let Some(operation) = operation(document, method, path) else {
        let name = answer.problem();
        assert!(["not-found", "method-not-allowed"].contains(&name), "{method} {path} is not described");
        return;
    };
    let status = answer.status.as_u16().to_string();
    let response = resolved(document, &operation["responses"][&status]);
    assert!(response.is_object(), "{method} {path} answers {status}");
    for name in answer.headers.keys().filter(|name| !OF_THE_TRANSPORT.contains(&name.as_str())) {
        let described = response["headers"].as_object().unwrap();
        let known = described.keys().any(|described| described.eq_ignore_ascii_case(name.as_str()));
        assert!(known, "{method} {path} answers {status} with the header {name}");
    }
    let content = answer.header("content-type").unwrap().split(';').next().unwrap();
    let content = &response["content"][content];
    assert!(content.is_object(), "{method} {path} answers {status} with {:?}", answer.header("content-type"));
    assert_body(document, &content["schema"], &answer.body, &format!("{method} {path} answers {status}"));
}

/// Asserts that a value is as its schema says, and has no member that the schema does not know.
#[track_caller]
pub(crate) fn assert_body(document: &Value, schema: &Value, body: &Value, what: &str) {
    if body.is_null() {
        return;
    }
    let mut components = document["components"].clone();
    close(&mut components);
    let mut schema = schema.clone();
    close(&mut schema);
    let schema = json!({ "allOf": [schema], "components": components });
    let validator = jsonschema::draft202012::options()
        .should_validate_formats(true)
        .build(&schema)
        .unwrap();
    let wrong: Vec<_> = validator.iter_errors(body).map(|error| format!("{}: {error}", error.instance_path())).collect();
    assert!(wrong.is_empty(), "{what}: {wrong:#?}\n{body}");
}

/// An answer may get members, so the document leaves objects open; today it has none that are not described.
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

fn operation<'a>(document: &'a Value, method: &Method, path: &str) -> Option<&'a Value> {
    let path = path.split('?').next()?;
    let paths = document["paths"].as_object()?;
    let (_, methods) = paths.iter().find(|(template, _)| fits(template, path))?;
    methods.get(method.as_str().to_lowercase())
}

fn fits(template: &str, path: &str) -> bool {
    let (template, path): (Vec<_>, Vec<_>) = (template.split('/').collect(), path.split('/').collect());
    let same = |(part, came): (&&str, &&str)| part == came || part.starts_with('{');
    template.len() == path.len() && template.iter().zip(&path).all(same)
}

/// What a reference leads to, or the value itself.
pub(crate) fn resolved<'a>(document: &'a Value, value: &'a Value) -> &'a Value {
    match value["$ref"].as_str() {
        Some(reference) => document.pointer(&reference[1..]).unwrap(),
        None => value,
    }
}
