//! The projections, and what operators ask of the projectors.

use read_model::operations::Phase;
use read_model::schema::{
    Described as _, Schemas, about, boolean, count, list, nullable, object, string, uuid,
};
use read_model::{OrderId, Timestamp, View};
use serde_json::{Value, json};
use service_kit::openapi::{Operation, path_parameter, query_parameter};
use service_kit::{ProblemType, Scope};

use super::parameters::exemplified;
use super::{JSON, Questions, one};
use crate::projections::Status;

const ID: &str = "019a9f3c-8b10-7c31-8b0e-1f2d3c4b5a69";

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
        document: rebuild,
        example: rebuild_example,
    },
    Asked {
        verb: "verify",
        place: "verifications",
        id: "verification_id",
        noun: "verification",
        summary: "Compare a view with the log",
        description: "Each row is compared with what the log says. If a verification is under way, that one is the answer: \
            its `fix` says whether it replaces rows.",
        document: verification,
        example: verification_example,
    },
    Asked {
        verb: "revert",
        place: "reverts",
        id: "revert_id",
        noun: "way back",
        summary: "Go back to the generation before",
        description: "The generation that was live before becomes the live one again. It has followed the log meanwhile, and \
            is kept for at least 15 minutes; if it is gone, the phase becomes `failed`.",
        document: revert,
        example: revert_example,
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
            "items": about(list(projection(&mut q.schemas)), "The projections."),
            "next_cursor": { "type": "null", "description": "There is no other page." },
        },
    });
    let example = json!({ "items": [projection_example()], "next_cursor": null });
    let operation = state(operation, 200, "The projections.", &page, example);
    q.get("/v1/projections", operation);
}

fn by_name(q: &mut Questions<'_>) {
    let operation = of_operators(
        q,
        "get-projection",
        "A view, and how it is",
        "How far it is, which orders it could not take in, and whether it is built anew.",
    );
    let document = projection(&mut q.schemas);
    let operation = state(
        named(operation),
        200,
        "The projection.",
        &document,
        projection_example(),
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
    let operation = state(
        operation,
        200,
        "How far it is.",
        &document,
        (asked.example)(),
    );
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
    let document = projection(&mut q.schemas);
    let operation = state(
        named(operation).problems(&[ProblemType::Malformed]),
        200,
        "The projection.",
        &document,
        projection_example(),
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

fn state(
    operation: Operation,
    status: u16,
    description: &str,
    document: &Value,
    example: Value,
) -> Operation {
    let headers = ["Cache-Control"];
    operation.answer_like(status, description, &headers, JSON, document, one(example))
}

fn seconds(description: &str) -> Value {
    json!({ "type": "number", "format": "double", "minimum": 0, "description": description })
}

fn projection(s: &mut Schemas) -> Value {
    let names: Vec<&str> = View::ALL.iter().map(|view| view.as_str()).collect();
    let parked = parked_order(s);
    let rebuild = rebuild(s);
    let mut document = object(
        "A view and how it is.",
        [
            (
                "name",
                json!({ "type": "string", "description": "Its name.", "enum": names }),
            ),
            (
                "status",
                json!({
                    "type": "string",
                    "description": "`live`; `rebuilding`: another generation is built beside the live one; `faulted`: it \
                        has stopped, since more than 100 orders were parked within a minute.",
                    "enum": Status::ALL,
                }),
            ),
            (
                "fault",
                about(string(), "Why it has stopped; only of one that is faulted."),
            ),
            ("generation", about(count(), "The live generation.")),
            ("shape_version", about(count(), "The version of its shape.")),
            (
                "position",
                about(count(), "Up to which position of the log it is complete."),
            ),
            (
                "head",
                about(
                    count(),
                    "The last position of the log that the projectors have heard of.",
                ),
            ),
            (
                "lag_events",
                about(
                    count(),
                    "How many events follow its position. Partitions fill in parallel: it may have some of them.",
                ),
            ),
            (
                "lag_seconds",
                seconds(
                    "How long ago the first of them was recorded, as far as is known here; 0 if there is none.",
                ),
            ),
            (
                "parked_orders",
                about(
                    list(parked),
                    "Orders that it could not take in and shows as they were before, at most 1,000, by position.",
                ),
            ),
            (
                "rebuild",
                about(
                    nullable(rebuild),
                    "The rebuild that is under way, if one is.",
                ),
            ),
        ],
    );
    if let Some(required) = document["required"].as_array_mut() {
        required.retain(|member| member != "fault");
    }
    s.add("Projection", document)
}

fn parked_order(s: &mut Schemas) -> Value {
    let members = [
        ("order_id", about(s.of::<OrderId>(), "The order.")),
        (
            "position",
            about(
                count(),
                "Its first event that could not be taken in; the later ones wait, too.",
            ),
        ),
        ("error", about(string(), "Why.")),
        ("since", about(Timestamp::schema(), "Since when.")),
    ];
    s.add(
        "ParkedOrder",
        object("An order that a view could not take in.", members),
    )
}

/// How far something is: its id, its phases, and what it has besides.
fn progress_of(
    description: &str,
    id: &'static str,
    phases: &[Phase],
    more: Vec<(&'static str, Value)>,
) -> Value {
    let words: Vec<&str> = phases.iter().map(|phase| phase.as_str()).collect();
    let mut members = vec![
        (id, about(uuid(), "Names it.")),
        (
            "phase",
            json!({ "type": "string", "description": "What it is at.", "enum": words }),
        ),
        ("done", about(count(), "Events that are done.")),
        (
            "total",
            about(count(), "Events that there are to do, as far as is known."),
        ),
        (
            "events_per_second",
            nullable(seconds(
                "The rate of late; null as long as nobody can tell.",
            )),
        ),
        (
            "eta_seconds",
            nullable(seconds(
                "The time that is left at this rate; null as long as nobody can tell.",
            )),
        ),
        (
            "error",
            about(
                nullable(string()),
                "Why it failed; null if it did not. What failed has changed nothing.",
            ),
        ),
    ];
    members.extend(more);
    object(description, members)
}

fn rebuild(s: &mut Schemas) -> Value {
    let phases = [
        Phase::Building,
        Phase::CatchingUp,
        Phase::Switching,
        Phase::Done,
        Phase::Failed,
    ];
    let document = progress_of("How far a rebuild is.", "rebuild_id", &phases, Vec::new());
    s.add("Rebuild", document)
}

fn revert(s: &mut Schemas) -> Value {
    let phases = [Phase::Switching, Phase::Done, Phase::Failed];
    let document = progress_of("How far a way back is.", "revert_id", &phases, Vec::new());
    s.add("Revert", document)
}

fn verification(s: &mut Schemas) -> Value {
    let row = |description| about(json!({}), description);
    let difference = object(
        "A row that is not what the log says.",
        [
            (
                "table",
                about(string(), "The view's table, without its generation."),
            ),
            ("key", row("The row's key.")),
            ("live", row("What the view has; null: no such row.")),
            ("expected", row("What the log says; null: no such row.")),
            ("fixed", about(boolean(), "Whether it was replaced.")),
        ],
    );
    let difference = s.add("Difference", difference);
    let more = vec![
        (
            "fix",
            about(boolean(), "Whether it replaces rows that differ."),
        ),
        (
            "differences",
            about(list(difference), "What it has found, the first 1,000."),
        ),
    ];
    let phases = [Phase::Verifying, Phase::Done, Phase::Failed];
    let document = progress_of(
        "How far a verification is.",
        "verification_id",
        &phases,
        more,
    );
    s.add("Verification", document)
}

fn projection_example() -> Value {
    json!({
        "name": "orders",
        "status": "rebuilding",
        "generation": 1,
        "shape_version": 1,
        "position": 1_042,
        "head": 1_045,
        "lag_events": 3,
        "lag_seconds": 0.012,
        "parked_orders": [{
            "order_id": "o-1",
            "position": 977,
            "error": "the event OrderPlaced has version 9, which this program does not know",
            "since": "2026-11-20T10:00:00.123456Z",
        }],
        "rebuild": rebuild_example(),
    })
}

fn rebuild_example() -> Value {
    json!({
        "rebuild_id": ID, "phase": "building", "done": 500, "total": 1_045, "events_per_second": 104_500.0,
        "eta_seconds": 1.0, "error": null,
    })
}

fn revert_example() -> Value {
    json!({
        "revert_id": ID, "phase": "done", "done": 0, "total": 0, "events_per_second": null, "eta_seconds": 0.0,
        "error": null,
    })
}

fn verification_example() -> Value {
    json!({
        "verification_id": ID, "phase": "done", "done": 1_045, "total": 1_045, "events_per_second": 88_000.0,
        "eta_seconds": 0.0, "error": null, "fix": false,
        "differences": [{
            "table": "customers",
            "key": { "customer_id": "c-42", "currency": "EUR", "partition": 3 },
            "live": { "orders": 2 },
            "expected": { "orders": 3 },
            "fixed": false,
        }],
    })
}
