//! Problems as answers: their schemas, and an example of each, made by [`Problem`] itself.

use axum::http::StatusCode;
use serde_json::{Map, Value, json};

use crate::problem::{Problem, ProblemType, TYPE_PREFIX};

/// What problems of a type have besides what all have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shape {
    Plain,
    /// `errors`.
    Invalid,
    /// `order_status`, `version`, `allowed_commands`.
    OrderState,
    /// `current_version`.
    Version,
    /// `position`.
    ViewBehind,
}

impl Shape {
    const ALL: [Self; 5] = [
        Self::Plain,
        Self::Invalid,
        Self::OrderState,
        Self::Version,
        Self::ViewBehind,
    ];

    fn of(kind: ProblemType) -> Self {
        match kind {
            ProblemType::InvalidRequest => Self::Invalid,
            ProblemType::VersionMismatch => Self::Version,
            ProblemType::ViewBehind => Self::ViewBehind,
            ProblemType::KeyInUse => Self::Plain,
            kind if kind.status() == StatusCode::CONFLICT => Self::OrderState,
            _ => Self::Plain,
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Plain => "Problem",
            Self::Invalid => "InvalidRequestProblem",
            Self::OrderState => "OrderStateProblem",
            Self::Version => "VersionMismatchProblem",
            Self::ViewBehind => "ViewBehindProblem",
        }
    }

    /// Its own members.
    fn members(self) -> Value {
        match self {
            Self::Plain => json!({}),
            Self::Invalid => json!({
                "errors": {
                    "type": "array",
                    "description": "Every place of the body that is wrong.",
                    "minItems": 1,
                    "items": { "$ref": "#/components/schemas/PointedError" },
                },
            }),
            Self::OrderState => json!({
                "order_status": { "type": "string", "description": "Where the order is in its life." },
                "version": { "type": "integer", "format": "int64", "description": "How many events it has." },
                "allowed_commands": {
                    "type": "array",
                    "description": "The commands that the order would take.",
                    "items": { "type": "string" },
                },
            }),
            Self::Version => json!({
                "current_version": { "type": "integer", "format": "int64", "description": "The order's version." },
            }),
            Self::ViewBehind => json!({
                "position": {
                    "type": "integer",
                    "format": "int64",
                    "description": "Up to where the view has come.",
                },
            }),
        }
    }

    fn schema(self) -> Value {
        let kinds = ProblemType::ALL
            .iter()
            .copied()
            .filter(|kind| Self::of(*kind) == self);
        let types: Vec<String> = kinds.map(problem_uri).collect();
        let mut properties = json!({
            "type": { "type": "string", "format": "uri", "description": "What went wrong, as a stable name.", "enum": types },
            "title": { "type": "string", "description": "The same for every problem of this type." },
            "status": { "type": "integer", "description": "The HTTP status." },
            "detail": { "type": "string", "description": "What went wrong this time, for a person." },
            "instance": { "type": "string", "description": "The path of the request." },
            "correlation_id": { "type": "string", "description": "Finds the request in the logs." },
        });
        let mut required = vec!["type", "title", "status", "instance", "correlation_id"];
        let members = self.members();
        for (name, schema) in members.as_object().into_iter().flatten() {
            properties[name] = schema.clone();
            required.push(name);
        }
        json!({
            "type": "object",
            "description": "An error (RFC 9457).",
            "required": required,
            "properties": properties,
        })
    }
}

/// The URI that a problem of this type has as `type`.
pub fn problem_uri(kind: ProblemType) -> String {
    format!("{TYPE_PREFIX}{}", kind.name())
}

pub(super) fn schemas() -> Map<String, Value> {
    let mut schemas: Map<String, Value> = Shape::ALL
        .iter()
        .map(|shape| (shape.name().to_owned(), shape.schema()))
        .collect();
    let error = json!({
        "type": "object",
        "description": "A place of the body that is wrong.",
        "required": ["pointer", "detail"],
        "properties": {
            "pointer": { "type": "string", "description": "Where: a JSON pointer (RFC 6901)." },
            "detail": { "type": "string", "description": "What is wrong, for a person." },
        },
    });
    schemas.insert("PointedError".to_owned(), error);
    schemas
}

/// Each status that these problems have, once.
pub(super) fn statuses(kinds: &[ProblemType]) -> Vec<StatusCode> {
    let mut statuses: Vec<StatusCode> = kinds.iter().map(|kind| kind.status()).collect();
    statuses.sort_unstable();
    statuses.dedup();
    statuses
}

/// The headers that problems of a status have besides those of all answers.
pub(super) fn headers(status: StatusCode) -> &'static [&'static str] {
    match status {
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => &["WWW-Authenticate"],
        // Of 409 only `key-in-use` has it.
        StatusCode::CONFLICT | StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE => {
            &["Retry-After"]
        }
        _ => &[],
    }
}

/// An answer that is one of these problems, which have one status.
pub(super) fn response(kinds: &[ProblemType], headers: &Value) -> Value {
    let shapes = Shape::ALL
        .iter()
        .filter(|shape| kinds.iter().any(|kind| Shape::of(*kind) == **shape));
    let mut schemas: Vec<Value> = shapes
        .map(|shape| json!({ "$ref": format!("#/components/schemas/{}", shape.name()) }))
        .collect();
    let schema = match schemas.len() {
        1 => schemas.remove(0),
        _ => json!({ "oneOf": schemas }),
    };
    let examples: Map<String, Value> = kinds
        .iter()
        .map(|kind| (kind.name().to_owned(), json!({ "value": example(*kind) })))
        .collect();
    let titles: Vec<String> = kinds
        .iter()
        .map(|kind| format!("- `{}`: {}", kind.name(), kind.title()))
        .collect();
    json!({
        "description": titles.join("\n"),
        "headers": headers,
        "content": { "application/problem+json": { "schema": schema, "examples": examples } },
    })
}

fn example(kind: ProblemType) -> Value {
    let problem = Problem::new(kind).detail(kind.title().to_lowercase());
    let problem = match Shape::of(kind) {
        Shape::Plain => problem,
        Shape::Invalid => problem.error("/lines/0/quantity", "must be from 1 to 1000000"),
        Shape::OrderState => problem
            .member("order_status", "placed")
            .member("version", 2)
            .member("allowed_commands", json!(["release-hold", "cancel"])),
        Shape::Version => problem.member("current_version", 4),
        Shape::ViewBehind => problem.member("position", 1041),
    };
    problem.to_body("/v1/orders", "019a9f3c-7a52-7c31-8b0e-1f2d3c4b5a69")
}
