//! The projections, and what operators ask of the projectors.

mod documents;

use read_model::View;
use read_model::schema::{Schemas, about, list, uuid};
use serde_json::{Value, json};
use service_kit::openapi::{Operation, path_parameter, query_parameter};
use service_kit::{ProblemType, Scope};

use super::parameters::exemplified;
use super::{JSON, Questions, one};
use documents::ID;

/// An operation that has a progress of its own.
struct Asked {
    /// What it is called in its path.
    verb: &'static str,
    /// What its progresses are called in their path.
    place: &'static str,
    /// The member that names it.
    id: &'static str,
    /// What it is called in a sentence.
    noun: &'static str,
    summary: &'static str,
    description: &'static str,
    /// Its progress.
    document: fn(&mut Schemas) -> Value,
    example: fn() -> Value,
}

const OPERATIONS: [Asked; 3] = [
    Asked {
        verb: "rebuild",
        place: "rebuilds",
        id: "rebuild_id",
        noun: "rebuild",
        summary: "Build a view anew",
        description: "A new generation of the view is built from the log beside the live one, which serves and follows \
            meanwhile; when it is as far, it becomes the live one. If a rebuild is under way, that one is the answer.",
        document: documents::rebuild,
        example: documents::rebuild_example,
    },
    Asked {
        verb: "verify",
        place: "verifications",
        id: "verification_id",
        noun: "verification",
        summary: "Compare a view with the log",
        description: "Each row is compared with what the log says. If a verification is under way, that one is the answer: \
            its `fix` says whether it replaces rows.",
        document: documents::verification,
        example: documents::verification_example,
    },
    Asked {
        verb: "revert",
        place: "reverts",
        id: "revert_id",
        noun: "way back",
        summary: "Go back to the generation before",
        description: "The generation that was live before becomes the live one again. It has followed the log meanwhile, and \
            is kept for at least 15 minutes; if it is gone, the phase becomes `failed`.",
        document: documents::revert,
        example: documents::revert_example,
    },
];

pub(super) fn describe(q: &mut Questions<'_>) {
    all(q);
    by_name(q);
    for asked in &OPERATIONS {
        ask(q, asked);
        progress(q, asked);
    }
    retry(q);
}

fn all(q: &mut Questions<'_>) {
    let operation = of_operators(
        q,
        "list-projections",
        "Every view, and how it is",
        "All of them, in one page.",
    );
    let page = json!({
        "type": "object",
        "description": "All of them.",
        "required": ["items", "next_cursor"],
        "properties": {
            "items": about(list(documents::projection(&mut q.schemas)), "The projections."),
            "next_cursor": { "type": "null", "description": "There is no other page." },
        },
    });
    let example = json!({ "items": [documents::projection_example()], "next_cursor": null });
    let operation = state(operation, "The projections.", &page, example);
    q.get("/v1/projections", operation);
}

fn by_name(q: &mut Questions<'_>) {
    let operation = of_operators(
        q,
        "get-projection",
        "A view, and how it is",
        "How far it is, which orders it could not take in, and whether it is built anew.",
    );
    let document = documents::projection(&mut q.schemas);
    let operation = state(
        named(operation),
        "The projection.",
        &document,
        documents::projection_example(),
    );
    q.get("/v1/projections/{name}", operation);
}

fn ask(q: &mut Questions<'_>, asked: &Asked) {
    let operation = of_operators(
        q,
        &format!("{}-projection", asked.verb),
        asked.summary,
        asked.description,
    );
    let mut operation = named(operation).problems(&[ProblemType::Malformed]);
    if asked.verb == "verify" {
        let fix = json!({ "type": "boolean", "default": false });
        let fix = query_parameter("fix", "Whether rows that differ are replaced.", &fix);
        operation = operation.parameter(exemplified(fix, json!(false)));
    }
    let document = (asked.document)(&mut q.schemas);
    let operation = operation.answer_like(
        202,
        &format!(
            "The {} is asked for; `Location` tells how far it is.",
            asked.noun
        ),
        &["Location", "Cache-Control"],
        JSON,
        &document,
        one((asked.example)()),
    );
    q.post(
        &format!("/v1/projections/{{name}}/{}", asked.verb),
        operation,
    );
}

fn progress(q: &mut Questions<'_>, asked: &Asked) {
    let operation = of_operators(
        q,
        &format!("get-{}", asked.noun.replace(' ', "-")),
        &format!("How far a {} is", asked.noun),
        "It stays there after it has ended. As long as no projector has begun with it, nothing is done of its first phase.",
    );
    let id = path_parameter(asked.id, "Its id.", &uuid());
    let operation = named(operation).parameter(exemplified(id, json!(ID)));
    let document = (asked.document)(&mut q.schemas);
    let operation = state(operation, "How far it is.", &document, (asked.example)());
    let path = format!("/v1/projections/{{name}}/{}/{{{}}}", asked.place, asked.id);
    q.get(&path, operation);
}

fn retry(q: &mut Questions<'_>) {
    let operation = of_operators(
        q,
        "retry-projection",
        "Try parked orders again",
        "The projectors take in the orders that are parked once more, and a view that is faulted goes on. The answer is \
            how the projection is now, which may be before they have.",
    );
    let document = documents::projection(&mut q.schemas);
    let operation = state(
        named(operation).problems(&[ProblemType::Malformed]),
        "The projection.",
        &document,
        documents::projection_example(),
    );
    q.post("/v1/projections/{name}/retry", operation);
}

/// What an operator may ask.
fn of_operators(q: &Questions<'_>, id: &str, summary: &str, description: &str) -> Operation {
    let operation = Operation::new(id, "projections", summary, description)
        .scopes(&[Scope::Ops])
        .problems(&[
            ProblemType::BadParameter,
            ProblemType::NotAcceptable,
            ProblemType::Internal,
            ProblemType::Overloaded,
            ProblemType::Unavailable,
        ]);
    let correlation = q.correlation.iter().cloned();
    correlation.fold(operation, Operation::parameter)
}

/// Is about the view in its path.
fn named(operation: Operation) -> Operation {
    let names: Vec<&str> = View::ALL.iter().map(|view| view.as_str()).collect();
    let name = json!({ "type": "string", "enum": names });
    let name = path_parameter("name", "The view.", &name);
    operation
        .parameter(exemplified(name, json!("orders")))
        .problems(&[ProblemType::NotFound])
}

fn state(operation: Operation, description: &str, document: &Value, example: Value) -> Operation {
    let headers = ["Cache-Control"];
    operation.answer_like(200, description, &headers, JSON, document, one(example))
}
