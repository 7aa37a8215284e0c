//! What commands answer: the shapes of [`crate::answer`], and the headers of [`crate::reply`].

use domain::OrderId;
use domain::order::OrderStatus;
use read_model::schema::{self, Schemas, about, count, list, nullable, object, string, uuid};
use serde_json::{Map, Value, json};
use service_kit::openapi::{Document, Operation};

use crate::admission::media_type::JSON;
use crate::commands::about::About;

/// The headers of an answer that tells of an effect.
const OF_AN_EFFECT: [&str; 5] = [
    "ETag",
    "Log-Position",
    "Preference-Applied",
    "Idempotent-Replayed",
    "Cache-Control",
];

/// Names the headers.
pub(super) fn headers(document: &mut Document) {
    let described = [
        (
            "ETag",
            "The order's version, in quotes.",
            json!({ "type": "string", "pattern": "^\"[0-9]+\"$" }),
        ),
        (
            "Log-Position",
            "The position of the command's last event: the `Min-Position` of a read.",
            count(),
        ),
        (
            "Location",
            "The order at the query API.",
            json!({ "type": "string", "format": "uri" }),
        ),
        (
            "Preference-Applied",
            "`return=representation`, if the answer holds the order.",
            string(),
        ),
        (
            "Idempotent-Replayed",
            "`true`, if this is what an earlier request with the key was told.",
            string(),
        ),
    ];
    for (name, description, schema) in described {
        document.header(name, description, &schema);
    }
}

/// The answers of `POST /v1/orders`.
pub(super) fn of_new_order(
    operation: Operation,
    schemas: &mut Schemas,
    abouts: &[&About],
) -> Operation {
    let (done, told) = (done(schemas), dry_run(schemas));
    let mut headers = OF_AN_EFFECT.to_vec();
    headers.push("Location");
    operation
        .answer_like(201, "It is done.", &headers, JSON, &done, answers(abouts))
        .answer(
            200,
            "What it would do (`dry_run=true`).",
            &["Cache-Control"],
            JSON,
            &told,
        )
}

/// The answers of a command to an order that is there.
pub(super) fn of_command(operation: Operation, schemas: &mut Schemas, about: &About) -> Operation {
    let either = json!({ "oneOf": [done(schemas), dry_run(schemas)] });
    let description =
        "It is done; or, with `dry_run=true`, what it would do, without `ETag` and `Log-Position`.";
    operation.answer_like(
        200,
        description,
        &OF_AN_EFFECT,
        JSON,
        &either,
        answers(&[about]),
    )
}

/// What came of the examples, with ids and positions as they may be.
fn answers(abouts: &[&About]) -> Map<String, Value> {
    let example = |about: &&About| {
        let shown: Value = serde_json::from_str(about.example.shown).ok()?;
        Some((
            about.summary.to_owned(),
            answer(about.example.order_id, &shown),
        ))
    };
    abouts.iter().filter_map(example).collect()
}

fn answer(order_id: &str, shown: &Value) -> Value {
    const BEFORE: i64 = 1_000;
    let version = shown["version"].as_i64().unwrap_or_default();
    let types: Vec<&Value> = shown["events"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|event| &event["type"])
        .collect();
    let earlier = version - i64::try_from(types.len()).unwrap_or_default();
    let events: Vec<Value> = (earlier + 1..)
        .zip(types)
        .map(|(sequence, kind)| {
            json!({
                "event_id": format!("019a9f3c-7a52-7c31-8b0e-{:012}", BEFORE + sequence),
                "type": kind,
                "sequence": sequence,
                "position": BEFORE + sequence,
            })
        })
        .collect();
    let numbered = !matches!(shown["order_status"].as_str(), Some("draft" | "discarded"));
    json!({
        "order_id": order_id,
        "order_number": numbered.then_some("2026-001001"),
        "version": version,
        "position": BEFORE + version,
        "order_status": shown["order_status"],
        "events": events,
    })
}

/// The answer to a command that took effect.
pub(super) fn done(s: &mut Schemas) -> Value {
    let event = [
        ("event_id", about(uuid(), "Its id.")),
        ("type", schema::event_type(s)),
        (
            "sequence",
            about(count(), "Its place among the events of its order."),
        ),
        (
            "position",
            about(count(), "Its place in the one order of all events."),
        ),
    ];
    let event = s.add(
        "NewEvent",
        object("An event that the command led to.", event),
    );
    let mut done = object(
        "What the command led to.",
        [
            ("order_id", s.of::<OrderId>()),
            ("order_number", order_number()),
            (
                "version",
                about(count(), "How many events the order has now."),
            ),
            (
                "position",
                about(
                    count(),
                    "The position of the last of them: the `Min-Position` of a read.",
                ),
            ),
            ("order_status", s.of::<OrderStatus>()),
            ("events", about(list(event), "What happened.")),
        ],
    );
    done["properties"]["order"] = about(
        schema::order(s),
        "The order, with `Prefer: return=representation`.",
    );
    s.add("Done", done)
}

/// The answer to a dry run.
fn dry_run(s: &mut Schemas) -> Value {
    let event = [
        ("type", schema::event_type(s)),
        (
            "sequence",
            about(count(), "Its place among the events of its order."),
        ),
        (
            "data",
            json!({ "type": "object", "description": "Its members.", "additionalProperties": true }),
        ),
    ];
    let event = s.add(
        "PossibleEvent",
        object("An event that the command would lead to.", event),
    );
    let told = object(
        "What the command would lead to.",
        [
            ("order_id", s.of::<OrderId>()),
            ("order_number", order_number()),
            (
                "version",
                about(count(), "How many events the order would have."),
            ),
            (
                "position",
                json!({ "type": "null", "description": "None: nothing was stored." }),
            ),
            ("order_status", s.of::<OrderStatus>()),
            (
                "dry_run",
                json!({ "type": "boolean", "const": true, "description": "Always true." }),
            ),
            ("events", about(list(event), "What would happen.")),
            ("amounts", schema::amounts(s)),
        ],
    );
    s.add("DryRun", told)
}

fn order_number() -> Value {
    about(
        nullable(string()),
        "The order's number; null before placing.",
    )
}
