//! The command API's OpenAPI document: each command from the shape that reads its body ([`crate::body`]),
//! what its file says about it ([`about`]), and the answers and problems that all have.

#[cfg(test)]
mod agreement;
mod answers;
mod bulk;
mod members;

use domain::OrderId;
use domain::order::CommandName;
use read_model::schema::{Schemas, string};
use serde_json::{Map, Value, json};
use service_kit::openapi::{
    Document, Operation, header_parameter, path_parameter, query_parameter,
};
use service_kit::problem::ProblemType;

use crate::admission::media_type::JSON;
use crate::commands::about::{About, about};
use crate::commands::{self, Target};

const DESCRIPTION: &str = "\
Takes commands, which change orders; the query API shows what became of them.

Every command that succeeds tells the `position` in the log at which it stands. Send it to the query API as \
`Min-Position` to read what you have written.

Every command has an `Idempotency-Key`: a key names one effect of one actor, whatever the path. The same key with \
the same request answers again as before, with `Idempotent-Replayed: true`; so whoever lost an answer sends the \
request again. Keys are kept for 7 days, unless configured otherwise.

Amounts are integers in minor units of the order's currency. `null` is the same as absence. Unknown members and \
parameters are refused. A body is at most 1 MiB. Errors are `application/problem+json` (RFC 9457) with a stable \
`type`; an unknown path is a 404 `not-found`, another method a 405 `method-not-allowed`.";

/// The document, as `/openapi.json` serves it.
pub(crate) fn document() -> Value {
    let mut document = Document::new("order-platform: command API", DESCRIPTION);
    for (name, description) in GROUPS {
        document.tag(name, description);
    }
    answers::headers(&mut document);
    let parameters = Parameters::of(&mut document);
    let mut schemas = Schemas::default();
    document.operation("post", "/v1/orders", new_order(&parameters, &mut schemas));
    let others = CommandName::ALL.iter().copied();
    for name in others.filter(|name| *name != CommandName::Draft) {
        let operation = command(name, &parameters, &mut schemas);
        document.operation(
            "post",
            &format!("/v1/orders/{{order_id}}/{name}"),
            operation,
        );
    }
    let upload = bulk::operation(&parameters, &mut schemas);
    document.operation("post", "/v1/bulk", upload);
    let mut schemas = schemas.into_map();
    say_draft(&mut schemas);
    members::describe(&mut schemas);
    document.schemas(schemas);
    document.finish()
}

const GROUPS: [(&str, &str); 7] = [
    ("orders", "How orders come, and how they end."),
    ("drafts", "What can be changed before an order is placed."),
    ("changes", "What can be changed of a placed order."),
    (
        "payments",
        "Authorizations, captures and refunds. They need `payments:write`.",
    ),
    ("fulfillment", "What leaves, arrives, or never will."),
    ("returns", "What comes back."),
    ("bulk", "Many commands in one request."),
];

fn group(name: CommandName) -> &'static str {
    use CommandName as C;
    match name {
        C::Place | C::Draft | C::Confirm | C::Reject | C::Cancel | C::Discard => "orders",
        C::AddLine
        | C::ChangeLineQuantity
        | C::RemoveLine
        | C::ApplyDiscount
        | C::RemoveDiscount
        | C::SetShipping => "drafts",
        C::Revise
        | C::ChangeShippingAddress
        | C::ChangeBillingAddress
        | C::Hold
        | C::ReleaseHold
        | C::AddNote
        | C::Tag
        | C::Untag => "changes",
        C::AuthorizePayment
        | C::CapturePayment
        | C::VoidPayment
        | C::RecordPaymentFailure
        | C::Refund
        | C::SettleRefund => "payments",
        C::Ship | C::Deliver | C::CancelLines => "fulfillment",
        C::RequestReturn | C::ApproveReturn | C::DeclineReturn | C::ReceiveReturn => "returns",
    }
}

/// References to what requests of commands have beside their bodies.
struct Parameters {
    key: Value,
    if_match: Value,
    prefer: Value,
    dry_run: Value,
    correlation: [Value; 2],
}

impl Parameters {
    fn of(document: &mut Document) -> Self {
        let key = json!({ "type": "string", "minLength": 1, "maxLength": 255 });
        let version = json!({ "type": "string", "pattern": "^(\\*|(\\s*\"[0-9]+\"\\s*,?)+)$" });
        Self {
            key: document.parameter(header_parameter(
                "Idempotency-Key",
                "Your name for the effect, a UUID for example. A dry run looks at no key: any will do.",
                &key,
                true,
            )),
            if_match: document.parameter(header_parameter(
                "If-Match",
                "The version of the order that the command is meant for, in quotes (or several, or `*`): refused if \
                    it has another. Without it a concurrent change is no hindrance.",
                &version,
                false,
            )),
            prefer: document.parameter(header_parameter(
                "Prefer",
                "`return=representation`: the answer also holds the order as the query API would show it.",
                &string(),
                false,
            )),
            dry_run: document.parameter(query_parameter(
                "dry_run",
                "Whether to check the command and tell what it would do, and store nothing.",
                &json!({ "type": "boolean", "default": false }),
            )),
            correlation: document.correlation_parameters(),
        }
    }

    /// What every command takes.
    fn of_command(&self, operation: Operation) -> Operation {
        let [id, trace] = &self.correlation;
        [&self.dry_run, &self.key, &self.prefer, id, trace]
            .into_iter()
            .fold(operation, |operation, parameter| {
                operation.parameter(parameter.clone())
            })
    }
}

/// `POST /v1/orders`, which places or drafts.
fn new_order(parameters: &Parameters, schemas: &mut Schemas) -> Operation {
    let names = [CommandName::Place, CommandName::Draft];
    let bodies = names.map(|name| commands::describe(name, &Target::New, schemas));
    let [place, draft] = names.map(|name| about(name, &Target::New));
    let description = format!("{}\n\n{}", place.description, draft.description);
    let operation = Operation::new(
        "place-order",
        "orders",
        "Place or draft an order",
        &description,
    );
    let operation = parameters
        .of_command(operation.scopes(&[commands::scope(CommandName::Place)]))
        .body(
            JSON,
            &json!({ "oneOf": bodies }),
            true,
            requests(&[place, draft]),
        );
    answers::of_new_order(operation, schemas, &[place, draft])
        .problems(&[ProblemType::IdTaken])
        .problems(&OF_EVERY_COMMAND)
}

/// A command to an order that is there.
fn command(name: CommandName, parameters: &Parameters, schemas: &mut Schemas) -> Operation {
    // Which order makes no difference here.
    let target = match OrderId::parse("any") {
        Ok(any) => Target::Existing(any),
        Err(_) => Target::New,
    };
    let body = commands::describe(name, &target, schemas);
    let about = about(name, &target);
    let order_id = path_parameter("order_id", "The order.", &schemas.of::<OrderId>());
    let operation = Operation::new(name.as_str(), group(name), about.summary, about.description)
        .scopes(&[commands::scope(name)])
        .parameter(order_id);
    let operation = parameters
        .of_command(operation)
        .parameter(parameters.if_match.clone())
        .body(
            JSON,
            &body,
            !commands::needs_no_body(name, &target),
            requests(&[about]),
        );
    let rules: Vec<ProblemType> = ProblemType::ALL
        .iter()
        .copied()
        .filter(|kind| {
            kind.status() == ProblemType::IdTaken.status() && *kind != ProblemType::KeyInUse
        })
        .collect();
    answers::of_command(operation, schemas, about)
        .problems(&rules)
        .problems(&OF_EVERY_COMMAND)
        .problems(&[ProblemType::NotFound, ProblemType::VersionMismatch])
}

/// What may be wrong with any command, beside the order's state.
const OF_EVERY_COMMAND: [ProblemType; 14] = [
    ProblemType::Malformed,
    ProblemType::BadParameter,
    ProblemType::KeyMissing,
    ProblemType::NotAcceptable,
    ProblemType::KeyInUse,
    ProblemType::TooLarge,
    ProblemType::NotJson,
    ProblemType::InvalidRequest,
    ProblemType::KeyReused,
    ProblemType::Internal,
    ProblemType::Overloaded,
    ProblemType::Unavailable,
    ProblemType::Contention,
    ProblemType::OutcomeUnknown,
];

/// The bodies of examples, by what they do.
fn requests(abouts: &[&About]) -> Map<String, Value> {
    let example = |about: &&About| {
        let body = serde_json::from_str(about.example.body?).ok()?;
        Some((about.summary.to_owned(), body))
    };
    abouts.iter().filter_map(example).collect()
}

/// `draft` decides which of the two shapes of a new order is read, so that neither of them reads it.
fn say_draft(schemas: &mut Map<String, Value>) {
    let only = |value: bool| json!({ "type": "boolean", "const": value });
    // Not `nullable`: some generators of clients know no list of types beside a constant.
    let no = json!({ "anyOf": [only(false), { "type": "null" }] });
    schemas["PlaceOrder"]["properties"]["draft"] = no;
    let draft = &mut schemas["DraftOrder"];
    draft["properties"]["draft"] = only(true);
    if let Some(required) = draft["required"].as_array_mut() {
        required.push("draft".into());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_command_has_its_path() {
        let document = document();
        let paths = document["paths"].as_object().unwrap();
        for name in CommandName::ALL
            .iter()
            .filter(|name| **name != CommandName::Draft)
        {
            let path = format!("/v1/orders/{{order_id}}/{name}");
            assert!(paths.contains_key(&path), "{path}");
        }
    }
}
