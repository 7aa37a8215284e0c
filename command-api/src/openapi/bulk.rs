//! `POST /v1/bulk`: lines of JSON in, lines of JSON out. OpenAPI 3.1 describes a body as a whole, so the line has a
//! schema of its own, which the body's description names.

use domain::order::CommandName;
use read_model::schema::{Schemas, about, count};
use serde_json::{Map, Value, json};
use service_kit::openapi::Operation;
use service_kit::problem::ProblemType;

use super::{Parameters, answers};
use crate::admission::media_type::NDJSON;
use crate::body;
use crate::bulk::envelope;

const DESCRIPTION: &str = "\
Each line is a `BulkLine`, and is answered by a `BulkAnswer` in a line of its own, in order, as soon as it is known. \
Lines run side by side, but those of one order and those with one key in the order of their lines. A bad line fails \
alone and says why. Each command needs its own scope, and keys are shared with the single endpoints.

At most 10,000 lines of 1 MiB and 16 MiB in all: lines beyond the 10,000th are refused one by one, and beyond 16 MiB \
one last line with status 413 ends the answer.";

const EXAMPLE: &str = "\
{\"command\": \"place\", \"idempotency_key\": \"bulk-1\", \"data\": {\"order_id\": \"b-1\", \"currency\": \"EUR\", \
\"customer\": {\"customer_id\": \"c-42\"}, \"lines\": [{\"line_id\": \"1\", \"sku\": \"CUP\", \"name\": \"Cup\", \
\"quantity\": 4, \"unit_price\": 350}], \"shipping_address\": {\"name\": \"Ada Lovelace\", \
\"line1\": \"1 Main Street\", \"city\": \"Berlin\", \"country\": \"DE\"}}}
{\"command\": \"confirm\", \"order_id\": \"b-1\", \"idempotency_key\": \"bulk-2\"}
";

pub(super) fn operation(parameters: &Parameters, s: &mut Schemas) -> Operation {
    line(s);
    answer(s);
    let text = |description: &str| about(json!({ "type": "string" }), description);
    let sent = text("Lines, each a `BulkLine` (see the schemas).");
    let answered = text("Lines, each a `BulkAnswer` (see the schemas).");
    let examples: Map<String, Value> = [("Place and confirm an order".to_owned(), EXAMPLE.into())]
        .into_iter()
        .collect();
    let [id, trace] = parameters.correlation.clone();
    Operation::new("bulk", "bulk", "Carry out many commands", DESCRIPTION)
        .scopes(&[])
        .parameter(id)
        .parameter(trace)
        .body(NDJSON, &sent, true, examples)
        .answer(
            200,
            "An answer for each line.",
            &["Cache-Control"],
            NDJSON,
            &answered,
        )
        .problems(&[
            ProblemType::BadParameter,
            ProblemType::NotAcceptable,
            ProblemType::NotJson,
            ProblemType::Overloaded,
            ProblemType::Internal,
        ])
}

/// What the reader of lines takes, with the commands by name, and the bodies that they have.
fn line(s: &mut Schemas) {
    body::describe(s, envelope::envelope);
    let names: Vec<&str> = CommandName::ALL.iter().map(|name| name.as_str()).collect();
    let command = json!({ "type": "string", "enum": names });
    s.refine("BulkLine", "command", command);
    let data = json!({
        "type": ["object", "null"],
        "description": "The command's body, as at its own endpoint; that of `place` and `draft` without `draft`.",
    });
    s.refine("BulkLine", "data", data);
}

fn answer(s: &mut Schemas) {
    let problems = [
        "Problem",
        "InvalidRequestProblem",
        "OrderStateProblem",
        "VersionMismatchProblem",
    ];
    let mut bodies: Vec<Value> = problems
        .iter()
        .map(|name| json!({ "$ref": format!("#/components/schemas/{name}") }))
        .collect();
    bodies.insert(0, answers::done(s));
    s.add(
        "BulkAnswer",
        json!({
            "type": "object",
            "description": "What became of a line.",
            "required": ["index", "status", "body"],
            "properties": {
                "index": about(count(), "Which line, from 0."),
                "status": { "type": "integer", "description": "The HTTP status that a single request would have got." },
                "replayed": { "type": "boolean", "const": true, "description": "There if an earlier request with the key was told this." },
                "retry_after": { "type": "integer", "minimum": 0, "description": "After how many seconds to try the line again; of refusals that pass." },
                "body": { "description": "What a single request would have been answered.", "oneOf": bodies },
            },
        }),
    );
}
