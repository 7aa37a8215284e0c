//! One method of one path.

use axum::http::StatusCode;
use serde_json::{Map, Value, json};

use super::problems;
use crate::auth::Scope;
use crate::problem::ProblemType;

/// Headers that the edge gives to every answer, and those of the rate limit that it may have.
const EVERYWHERE: [&str; 2] = ["X-Correlation-Id", "traceparent"];
const WHERE_COUNTED: [&str; 2] = ["RateLimit", "RateLimit-Policy"];

/// What a method of a path takes and answers.
#[derive(Debug)]
pub struct Operation {
    members: Map<String, Value>,
    parameters: Vec<Value>,
    answers: Map<String, Value>,
    problems: Vec<ProblemType>,
    problem_headers: Vec<(StatusCode, &'static str)>,
    public: bool,
}

impl Operation {
    /// An operation that takes and answers nothing yet. `id` names it for programs, `summary` is a line, `description`
    /// is Markdown.
    pub fn new(id: &str, tag: &str, summary: &str, description: &str) -> Self {
        let mut members = Map::new();
        members.insert("operationId".to_owned(), id.into());
        members.insert("tags".to_owned(), json!([tag]));
        members.insert("summary".to_owned(), summary.into());
        members.insert("description".to_owned(), description.into());
        Self {
            members,
            parameters: Vec::new(),
            answers: Map::new(),
            problems: Vec::new(),
            problem_headers: Vec::new(),
            public: false,
        }
    }

    /// Needs no token.
    #[must_use]
    pub fn public(mut self) -> Self {
        self.public = true;
        self.members.insert("security".to_owned(), json!([]));
        self
    }

    /// Needs a token with one of these scopes (none: with any), and counts for the rate limit.
    #[must_use]
    pub fn scopes(mut self, scopes: &[Scope]) -> Self {
        let one = |scope: &Scope| json!({ "bearer": [scope.as_str()] });
        let mut security: Vec<Value> = scopes.iter().map(one).collect();
        if security.is_empty() {
            security.push(json!({ "bearer": [] }));
        }
        self.members.insert("security".to_owned(), security.into());
        self.problems(&[
            ProblemType::Unauthenticated,
            ProblemType::Forbidden,
            ProblemType::RateLimited,
        ])
    }

    /// Takes a parameter of the path, the query or a header.
    #[must_use]
    pub fn parameter(mut self, parameter: Value) -> Self {
        self.parameters.push(parameter);
        self
    }

    /// Takes a body. `examples` by their names.
    #[must_use]
    pub fn body(
        mut self,
        media_type: &str,
        schema: &Value,
        required: bool,
        examples: Map<String, Value>,
    ) -> Self {
        let content = content(media_type, schema, examples);
        let body = json!({ "required": required, "content": content });
        self.members.insert("requestBody".to_owned(), body);
        self
    }

    /// Answers with this status.
    #[must_use]
    pub fn answer(
        self,
        status: u16,
        description: &str,
        headers: &[&str],
        media_type: &str,
        schema: &Value,
    ) -> Self {
        self.answer_like(status, description, headers, media_type, schema, Map::new())
    }

    /// Answers with this status, for example so. A second media type of the same status joins the first.
    #[must_use]
    pub fn answer_like(
        mut self,
        status: u16,
        description: &str,
        headers: &[&str],
        media_type: &str,
        schema: &Value,
        examples: Map<String, Value>,
    ) -> Self {
        let content = content(media_type, schema, examples);
        let counted = if self.public { &[][..] } else { &WHERE_COUNTED };
        let headers = references(headers.iter().chain(&EVERYWHERE).chain(counted));
        let answer = self
            .answers
            .entry(status.to_string())
            .or_insert_with(|| json!({ "description": description, "headers": {}, "content": {} }));
        for (member, more) in [("content", content), ("headers", headers)] {
            if let (Some(all), Value::Object(more)) = (answer[member].as_object_mut(), more) {
                all.extend(more);
            }
        }
        self
    }

    /// Answers with this status and no body.
    #[must_use]
    pub fn empty_answer(mut self, status: u16, description: &str, headers: &[&str]) -> Self {
        let headers = references(headers.iter().chain(&EVERYWHERE).chain(&WHERE_COUNTED));
        let answer = json!({ "description": description, "headers": headers });
        self.answers.insert(status.to_string(), answer);
        self
    }

    /// May answer with these problems.
    #[must_use]
    pub fn problems(mut self, problems: &[ProblemType]) -> Self {
        self.problems.extend(problems);
        self
    }

    /// Problems of this type may have this header, too.
    #[must_use]
    pub fn problem_header(mut self, kind: ProblemType, name: &'static str) -> Self {
        self.problem_headers.push((kind.status(), name));
        self
    }

    /// Writes it out. Problems of one status are one answer; answers that several operations have are written once,
    /// among `responses`.
    pub(super) fn describe(mut self, responses: &mut Map<String, Value>) -> Value {
        if !self.parameters.is_empty() {
            self.members
                .insert("parameters".to_owned(), self.parameters.into());
        }
        for status in problems::statuses(&self.problems) {
            let of_status = |kind: &&ProblemType| kind.status() == status;
            let kinds: Vec<ProblemType> = self.problems.iter().filter(of_status).copied().collect();
            let mut headers = vec!["Cache-Control"];
            headers.extend(EVERYWHERE);
            headers.extend(WHERE_COUNTED);
            headers.extend(problems::headers(status));
            let further = self.problem_headers.iter().filter(|(of, _)| *of == status);
            headers.extend(further.map(|(_, name)| *name));
            let answer = problems::response(&kinds, &references(headers.iter()));
            let answer = shared(responses, status, &answer);
            self.answers.insert(status.as_str().to_owned(), answer);
        }
        self.answers.sort_keys();
        self.members
            .insert("responses".to_owned(), self.answers.into());
        Value::Object(self.members)
    }
}

/// A reference to this answer among `responses`, which are called by their status; a second one of a status has a
/// number, too.
fn shared(responses: &mut Map<String, Value>, status: StatusCode, answer: &Value) -> Value {
    let reason: String = status
        .canonical_reason()
        .unwrap_or("Other")
        .split(' ')
        .collect();
    let mut name = reason.clone();
    let mut number = 1;
    while *responses.entry(&name).or_insert_with(|| answer.clone()) != *answer {
        number += 1;
        name = format!("{reason}{number}");
    }
    json!({ "$ref": format!("#/components/responses/{name}") })
}

fn references<'a>(headers: impl Iterator<Item = &'a &'a str>) -> Value {
    let reference = |name: &&str| {
        (
            (*name).to_owned(),
            json!({ "$ref": format!("#/components/headers/{name}") }),
        )
    };
    Value::Object(headers.map(reference).collect())
}

fn content(media_type: &str, schema: &Value, examples: Map<String, Value>) -> Value {
    let mut content = json!({ media_type: { "schema": schema } });
    if !examples.is_empty() {
        let example = |(name, value)| (name, json!({ "value": value }));
        let examples: Map<String, Value> = examples.into_iter().map(example).collect();
        content[media_type]["examples"] = examples.into();
    }
    content
}

/// A part of the path.
pub fn path_parameter(name: &str, description: &str, schema: &Value) -> Value {
    parameter("path", name, description, schema, true)
}

/// A parameter of the query, which may be left out.
pub fn query_parameter(name: &str, description: &str, schema: &Value) -> Value {
    parameter("query", name, description, schema, false)
}

/// A header of the request.
pub fn header_parameter(name: &str, description: &str, schema: &Value, required: bool) -> Value {
    parameter("header", name, description, schema, required)
}

fn parameter(place: &str, name: &str, description: &str, schema: &Value, required: bool) -> Value {
    json!({
        "name": name,
        "in": place,
        "description": description,
        "required": required,
        "schema": schema,
    })
}
