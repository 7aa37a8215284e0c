//! How a service describes itself: an OpenAPI 3.1 document at `/openapi.json`, and a page to read and try it at `/docs`.
//!
//! A [`Document`] is made of [`Operation`]s. What every answer of every service has, it adds by itself: the headers of
//! [`crate::edge`], the token, and the problems that an operation names.

mod common;
mod docs;
mod operation;
mod problems;

use axum::Router;
use serde_json::{Map, Value, json};

pub use operation::{Operation, header_parameter, path_parameter, query_parameter};
pub use problems::problem_uri;

/// An OpenAPI 3.1 document in the making.
#[derive(Debug)]
pub struct Document {
    info: Value,
    tags: Vec<Value>,
    schemas: Map<String, Value>,
    headers: Map<String, Value>,
    parameters: Map<String, Value>,
    responses: Map<String, Value>,
    paths: Map<String, Value>,
}

impl Document {
    /// A document without operations, but for those that every service has.
    pub fn new(title: &str, description: &str) -> Self {
        let mut document = Self {
            info: json!({
                "title": title,
                "version": "1.0.0",
                "description": description,
                "license": { "name": "Apache-2.0", "identifier": "Apache-2.0" },
            }),
            tags: Vec::new(),
            schemas: problems::schemas(),
            headers: common::headers(),
            parameters: Map::new(),
            responses: Map::new(),
            paths: Map::new(),
        };
        common::operations(&mut document);
        document
    }

    /// Groups operations.
    pub fn tag(&mut self, name: &str, description: &str) {
        self.tags
            .push(json!({ "name": name, "description": description }));
    }

    /// Adds named schemas.
    pub fn schemas(&mut self, schemas: Map<String, Value>) {
        self.schemas.extend(schemas);
    }

    /// Names a header of answers.
    pub fn header(&mut self, name: &str, description: &str, schema: &Value) {
        let header = json!({ "description": description, "schema": schema });
        self.headers.insert(name.to_owned(), header);
    }

    /// Names a parameter that several operations take; the reference to it.
    pub fn parameter(&mut self, parameter: Value) -> Value {
        let name = parameter["name"].as_str().unwrap_or_default().to_owned();
        let reference = json!({ "$ref": format!("#/components/parameters/{name}") });
        self.parameters.insert(name, parameter);
        reference
    }

    /// The headers of a request that [`crate::Correlation`] takes over.
    pub fn correlation_parameters(&mut self) -> [Value; 2] {
        common::correlation().map(|parameter| self.parameter(parameter))
    }

    /// Adds what a method of a path does.
    pub fn operation(&mut self, method: &str, path: &str, operation: Operation) {
        let operation = operation.describe(&mut self.responses);
        let methods = self.paths.entry(path).or_insert_with(|| json!({}));
        methods[method] = operation;
    }

    /// Drops the schemas of problems that no answer has.
    fn keep_used_problems(&mut self) {
        let mut users = Value::Object(self.responses.clone()).to_string();
        users.push_str(&Value::Object(self.schemas.clone()).to_string());
        for name in problems::schemas().keys() {
            if !users.contains(&format!("\"#/components/schemas/{name}\"")) {
                self.schemas.shift_remove(name);
            }
        }
    }

    /// The document.
    pub fn finish(mut self) -> Value {
        common::tag(&mut self);
        self.keep_used_problems();
        self.schemas.sort_keys();
        json!({
            "openapi": "3.1.0",
            "info": self.info,
            "servers": [{ "url": "/", "description": "where this document comes from" }],
            "security": [{ "bearer": [] }],
            "tags": self.tags,
            "paths": self.paths,
            "components": {
                "securitySchemes": { "bearer": common::security_scheme() },
                "schemas": self.schemas,
                "parameters": self.parameters,
                "headers": self.headers,
                "responses": self.responses,
            },
        })
    }
}

/// `/openapi.json` and `/docs`, which need no token.
pub fn routes(document: &Value) -> Router {
    docs::routes(document)
}
