//! As much of JSON Schema as the description of the stream uses, and a refusal of all else: a keyword that is not
//! checked would be a promise that nobody keeps.

use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;

/// Checks a value against a schema of `document`, in which its references are found.
pub(super) fn check(document: &Value, schema: &Value, value: &Value) -> Result<()> {
    let keywords = schema.as_object().context("a schema is an object")?;
    for (keyword, operand) in keywords {
        let holds = match keyword.as_str() {
            "description" => true,
            "$ref" => {
                let pointer = operand.as_str().and_then(|text| text.strip_prefix('#'));
                let target = pointer.and_then(|pointer| document.pointer(pointer));
                check(
                    document,
                    target.with_context(|| format!("{operand}"))?,
                    value,
                )?;
                true
            }
            "oneOf" => {
                let schemas = operand.as_array().context("schemas")?;
                let fit = schemas
                    .iter()
                    .filter(|schema| check(document, schema, value).is_ok());
                fit.count() == 1
            }
            "type" => is_of_type(operand, value)?,
            "enum" => operand.as_array().context("values")?.contains(value),
            "const" => operand == value,
            "minimum" => value.as_i64() >= operand.as_i64(),
            "maximum" => value.as_i64() <= operand.as_i64(),
            "minLength" => {
                value.as_str().map(|text| text.chars().count() as u64) >= operand.as_u64()
            }
            "pattern" => {
                let pattern = operand.as_str().context("a pattern")?;
                regex::Regex::new(pattern)?.is_match(value.as_str().context("a text")?)
            }
            "items" => {
                for item in value.as_array().into_iter().flatten() {
                    check(document, operand, item).with_context(|| format!("in {value}"))?;
                }
                true
            }
            "properties" => {
                for (name, schema) in operand.as_object().context("properties")? {
                    if let Some(member) = value.get(name) {
                        check(document, schema, member).with_context(|| name.clone())?;
                    }
                }
                true
            }
            "required" => {
                let names = operand.as_array().context("names")?;
                names
                    .iter()
                    .all(|name| value.get(name.as_str().unwrap_or_default()).is_some())
            }
            "additionalProperties" => {
                ensure!(operand == &Value::Bool(false), "only false is understood");
                let known = &keywords["properties"];
                let members = value.as_object().into_iter().flatten();
                members
                    .into_iter()
                    .all(|(name, _)| known.get(name).is_some())
            }
            other => bail!("the keyword {other} is not checked by this test"),
        };
        ensure!(holds, "{value} is against {keyword}: {operand}");
    }
    Ok(())
}

fn is_of_type(name: &Value, value: &Value) -> Result<bool> {
    Ok(match name.as_str() {
        Some("object") => value.is_object(),
        Some("array") => value.is_array(),
        Some("string") => value.is_string(),
        Some("integer") => value.is_i64(),
        Some("boolean") => value.is_boolean(),
        Some("null") => value.is_null(),
        _ => bail!("the type {name} is not checked by this test"),
    })
}

#[test]
fn what_is_wrong_is_found() {
    use serde_json::json;
    let document =
        json!({ "components": { "schemas": { "Id": { "type": "string", "minLength": 1 } } } });
    let schema = json!({
        "type": "object",
        "properties": {
            "id": { "$ref": "#/components/schemas/Id" },
            "code": { "type": "string", "pattern": "^[A-Z]{2}$" },
            "amounts": { "type": "array", "items": { "type": "integer", "minimum": 1, "maximum": 9 } },
            "note": { "oneOf": [{ "type": "string" }, { "type": "null" }] },
            "kind": { "type": "string", "enum": ["a"] },
        },
        "required": ["id"],
        "additionalProperties": false,
    });
    let fine = json!({ "id": "x", "code": "DE", "amounts": [1, 9], "note": null, "kind": "a" });
    check(&document, &schema, &fine).expect("all is well");
    for wrong in [
        json!({}),
        json!([]),
        json!({ "id": "" }),
        json!({ "id": 1 }),
        json!({ "id": "x", "code": "DEU" }),
        json!({ "id": "x", "amounts": [0] }),
        json!({ "id": "x", "amounts": [10] }),
        json!({ "id": "x", "amounts": [1.5] }),
        json!({ "id": "x", "note": 1 }),
        json!({ "id": "x", "kind": "b" }),
        json!({ "id": "x", "more": 1 }),
    ] {
        assert!(check(&document, &schema, &wrong).is_err(), "{wrong}");
    }
    let unknown = json!({ "multipleOf": 2 });
    assert!(check(&document, &unknown, &json!(2)).is_err());
}
