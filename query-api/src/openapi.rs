//! The query API's OpenAPI document: its questions, by what they are about, and what all of them have in common.

mod audit;
mod orders;
mod parameters;
mod projections;
mod reports;

use read_model::schema::{Schemas, about, count, list, nullable, string};
use serde_json::{Map, Value, json};
use service_kit::openapi::{Document, Operation, header_parameter};
use service_kit::{ProblemType, Scope};

const JSON: &str = "application/json";

const DESCRIPTION: &str = "\
Answers questions about orders; the command API takes the commands that change them.

Answers tell with `Log-Position` up to where they are complete. Who has written something sends the position of that \
as `Min-Position`: the answer waits until it is at least that new, as long as `Prefer: wait=<seconds>` says (2 by \
default, 30 at most), and is then a 503 `view-behind` rather than an old one.

Lists are pages of `items`, with `next_cursor` (also as a `Link` with `rel=\"next\"`) until the last. Filters take \
several values with commas, of which one must fit; of several filters, all must. `from` and `…_from` are inclusive, \
`to` and `…_to` exclusive. Unknown parameters are refused. Times need a zone.

Amounts are integers in minor units of their currency. Members may be added, but never change or go. Errors are \
`application/problem+json` (RFC 9457) with a stable `type`; an unknown path is a 404 `not-found`, another method a \
405 `method-not-allowed`.";

/// The document, as `/openapi.json` serves it.
pub(crate) fn document() -> Value {
    let mut document = Document::new("order-platform: query API", DESCRIPTION);
    for (name, description) in [
        ("orders", "Orders as they are, and as they were."),
        ("events", "What happens, as it happens."),
        ("audit", "Who did what, when, and what it changed."),
        ("reports", "Customers, products, and the ledger."),
        ("fulfillment", "What can ship now, and what comes back."),
        (
            "projections",
            "How the views are, and what the projectors are asked to do about it. These answers say how things are now: \
                they have no position, and wait for none.",
        ),
    ] {
        document.tag(name, description);
    }
    headers(&mut document);
    let mut questions = Questions::new(&mut document);
    orders::describe(&mut questions);
    audit::describe(&mut questions);
    reports::describe(&mut questions);
    projections::describe(&mut questions);
    let schemas = questions.schemas.into_map();
    document.schemas(schemas);
    document.finish()
}

fn headers(document: &mut Document) {
    let described = [
        (
            "Log-Position",
            "Up to which position of the log the answer is complete.",
            count(),
        ),
        (
            "ETag",
            "The order's version, in quotes.",
            json!({ "type": "string", "pattern": "^\"[0-9]+\"$" }),
        ),
        (
            "Location",
            "The path where it is told how far it is.",
            string(),
        ),
        (
            "Link",
            "The next page, with `rel=\"next\"`; none on the last.",
            string(),
        ),
        (
            "X-Accel-Buffering",
            "`no`: proxies pass each piece on at once.",
            string(),
        ),
    ];
    for (name, description, schema) in described {
        document.header(name, description, &schema);
    }
}

/// What describing questions needs.
struct Questions<'a> {
    document: &'a mut Document,
    schemas: Schemas,
    /// What every question of the views takes.
    of_all: Vec<Value>,
    /// What every request takes.
    correlation: [Value; 2],
    limit: Value,
    cursor: Value,
}

impl<'a> Questions<'a> {
    fn new(document: &'a mut Document) -> Self {
        let min_position = header_parameter(
            "Min-Position",
            "The position that the answer must have reached, such as that of your own write.",
            &count(),
            false,
        );
        let prefer = header_parameter(
            "Prefer",
            "`wait=<seconds>`: how long to wait for `Min-Position`; 2 by default, 30 at most.",
            &string(),
            false,
        );
        let mut of_all = vec![document.parameter(min_position), document.parameter(prefer)];
        let correlation = document.correlation_parameters();
        of_all.extend(correlation.clone());
        let [limit, cursor] = parameters::of_lists().map(|parameter| document.parameter(parameter));
        Self {
            document,
            schemas: Schemas::default(),
            of_all,
            correlation,
            limit,
            cursor,
        }
    }

    /// A question that this scope may ask.
    fn question(
        &self,
        id: &str,
        tag: &str,
        summary: &str,
        description: &str,
        scope: Scope,
    ) -> Operation {
        let operation = Operation::new(id, tag, summary, description)
            .scopes(&[scope])
            .problems(&[
                ProblemType::Malformed,
                ProblemType::BadParameter,
                ProblemType::NotAcceptable,
                ProblemType::Internal,
                ProblemType::Overloaded,
                ProblemType::Unavailable,
                ProblemType::ViewBehind,
            ]);
        let of_all = self.of_all.iter().cloned();
        of_all.fold(operation, Operation::parameter)
    }

    /// A question that a list answers.
    fn list(&self, operation: Operation, item: Value, example: &Value) -> Operation {
        let page = json!({
            "type": "object",
            "description": "A page.",
            "required": ["items", "next_cursor"],
            "properties": {
                "items": about(list(item), "What is on it."),
                "next_cursor": about(nullable(string()), "The cursor of the next page; null on the last."),
            },
        });
        let example = json!({ "items": [example], "next_cursor": null });
        operation
            .parameter(self.limit.clone())
            .parameter(self.cursor.clone())
            .answer_like(
                200,
                "A page.",
                &["Log-Position", "Cache-Control", "Link"],
                JSON,
                &page,
                one(example),
            )
            .problems(&[ProblemType::BadCursor])
    }

    fn get(&mut self, path: &str, operation: Operation) {
        self.document.operation("get", path, operation);
    }

    fn post(&mut self, path: &str, operation: Operation) {
        self.document.operation("post", path, operation);
    }
}

/// A question that may be about nothing: up to which position there is nothing is told, too.
fn may_find_nothing(operation: Operation) -> Operation {
    operation
        .problems(&[ProblemType::NotFound])
        .problem_header(ProblemType::NotFound, "Log-Position")
}

/// The one example of an answer.
fn one(example: Value) -> Map<String, Value> {
    [("An answer".to_owned(), example)].into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_document_has_the_paths_that_are_served_and_no_others() {
        // A router does not tell its paths; the file that makes it does.
        let routes = include_str!("router.rs");
        let mut served: Vec<&str> = routes
            .split('"')
            .filter(|text| text.starts_with("/v1/"))
            .collect();
        let document = document();
        let paths = document["paths"].as_object().unwrap().keys();
        let mut described: Vec<&str> = paths
            .map(String::as_str)
            .filter(|path| path.starts_with("/v1/"))
            .collect();
        served.sort_unstable();
        described.sort_unstable();
        assert_eq!(described, served);
    }
}
