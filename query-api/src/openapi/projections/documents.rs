//! The documents of projections and of what is asked about them, with examples.

use read_model::operations::Phase;
use read_model::schema::{
    Described as _, Schemas, about, boolean, count, list, nullable, object, string, uuid,
};
use read_model::{OrderId, Timestamp, View};
use serde_json::{Value, json};

use crate::projections::Status;

/// The id of an operation in examples.
pub(super) const ID: &str = "019a9f3c-8b10-7c31-8b0e-1f2d3c4b5a69";

fn seconds(description: &str) -> Value {
    json!({ "type": "number", "format": "double", "minimum": 0, "description": description })
}

pub(super) fn projection(s: &mut Schemas) -> Value {
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

pub(super) fn rebuild(s: &mut Schemas) -> Value {
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

pub(super) fn revert(s: &mut Schemas) -> Value {
    let phases = [Phase::Switching, Phase::Done, Phase::Failed];
    let document = progress_of("How far a way back is.", "revert_id", &phases, Vec::new());
    s.add("Revert", document)
}

pub(super) fn verification(s: &mut Schemas) -> Value {
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

pub(super) fn projection_example() -> Value {
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

pub(super) fn rebuild_example() -> Value {
    json!({
        "rebuild_id": ID, "phase": "building", "done": 500, "total": 1_045, "events_per_second": 104_500.0,
        "eta_seconds": 1.0, "error": null,
    })
}

pub(super) fn revert_example() -> Value {
    json!({
        "revert_id": ID, "phase": "done", "done": 0, "total": 0, "events_per_second": null, "eta_seconds": 0.0,
        "error": null,
    })
}

pub(super) fn verification_example() -> Value {
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
