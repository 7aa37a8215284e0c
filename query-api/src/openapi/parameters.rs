//! Parameters of queries. Each has an example, which tests send.

use read_model::schema::{Described, Schemas};
use serde_json::{Value, json};
use service_kit::openapi::query_parameter;

use crate::request::{DEFAULT_LIMIT, MAX_LIMIT, MAX_VALUES};

/// The page of a list.
pub(super) fn of_lists() -> [Value; 2] {
    let limit =
        json!({ "type": "integer", "minimum": 1, "maximum": MAX_LIMIT, "default": DEFAULT_LIMIT });
    [
        exemplified(
            query_parameter("limit", "How many items a page has at most.", &limit),
            json!(20),
        ),
        query_parameter(
            "cursor",
            "The `next_cursor` of the page before, with the same filters and sort.",
            &json!({ "type": "string" }),
        ),
    ]
}

/// A filter that takes values of this type, several with commas.
pub(super) fn several<T: Described>(
    schemas: &mut Schemas,
    name: &str,
    description: &str,
    example: &str,
) -> Value {
    several_of(
        name,
        description,
        &schemas.of::<T>(),
        example.split(',').collect(),
    )
}

/// A filter that takes several values with commas.
pub(super) fn several_of(name: &str, description: &str, value: &Value, example: Value) -> Value {
    let schema = json!({ "type": "array", "items": value, "minItems": 1, "maxItems": MAX_VALUES });
    let mut parameter = query_parameter(name, description, &schema);
    parameter["style"] = "form".into();
    parameter["explode"] = false.into();
    exemplified(parameter, example)
}

/// A parameter of one value.
pub(super) fn value<T: Described>(
    schemas: &mut Schemas,
    name: &str,
    description: &str,
    example: Value,
) -> Value {
    exemplified(
        query_parameter(name, description, &schemas.of::<T>()),
        example,
    )
}

/// The same with an example.
pub(super) fn exemplified(mut parameter: Value, example: Value) -> Value {
    parameter["example"] = example;
    parameter
}
