//! One line of an upload as a command:
//! `{ "command": "place", "order_id": null, "idempotency_key": "…", "if_match": null, "data": {…} }`

use std::sync::Arc;
use std::time::Instant;

use domain::OrderId;
use domain::order::CommandName;
use serde_json::{Map, Value};
use service_kit::Actor;

use crate::admission::if_match::IfMatch;
use crate::admission::{idempotency_key, malformed};
use crate::body::values::{integer, text};
use crate::body::{self, Finding, Node, json};
use crate::call::{Call, Mode, Origin};
use crate::commands::{self, Target};
use crate::refusal::Refusal;

/// Lets a line in, or says why not, in the order in which a single request is told: 404 (there is no
/// such command), 403, 400, 422.
pub(super) fn admit(
    text: &[u8],
    actor: &Actor,
    origin: &Arc<Origin>,
    deadline: Instant,
) -> Result<Call, Refusal> {
    let mut line = json::parse(text).map_err(|error| malformed(&error))?;
    let envelope = body::read(&line, envelope);
    let Some((name, target)) = addressee(&line)? else {
        return Err(Refusal::Invalid(envelope.err().unwrap_or_default()));
    };
    actor.require(commands::scope(name))?;

    let key = match line.get("idempotency_key") {
        None | Some(Value::Null) => return Err(Refusal::KeyMissing),
        Some(Value::String(key)) => idempotency_key::checked(key)?,
        Some(_) => String::new(), // a finding of the envelope
    };
    let if_match = line.get("if_match").and_then(Value::as_i64);
    if target == Target::New && if_match.is_some() {
        let detail = "if_match has no meaning for a new order".to_owned();
        return Err(Refusal::Malformed { detail });
    }
    let data = line
        .get_mut("data")
        .map(Value::take)
        .filter(|data| !data.is_null());
    let missing = data.is_none() && !commands::needs_no_body(name, &target);
    let body = data.unwrap_or_else(|| Value::Object(Map::new()));
    if let Some(findings) = wrong(envelope, missing, name, &target, &body) {
        return Err(Refusal::Invalid(findings));
    }
    Ok(Call {
        origin: Arc::clone(origin),
        name,
        target,
        body,
        mode: Mode::Effect {
            key,
            represented: false,
        },
        if_match: if_match.map(|version| IfMatch::Versions(vec![version])),
        deadline,
    })
}

/// Findings in a command's body are told from where the line begins.
pub(super) fn below_data(findings: Vec<Finding>) -> Vec<Finding> {
    let below = |finding: Finding| Finding {
        pointer: format!("/data{}", finding.pointer),
        ..finding
    };
    findings.into_iter().map(below).collect()
}

/// Everything that is wrong with a line, its data included, if its envelope is wrong.
fn wrong(
    envelope: Result<(), Vec<Finding>>,
    missing: bool,
    name: CommandName,
    target: &Target,
    body: &Value,
) -> Option<Vec<Finding>> {
    let mut findings = envelope.err().unwrap_or_default();
    if missing {
        let detail = "is required".to_owned();
        findings.push(Finding {
            pointer: "/data".to_owned(),
            detail,
        });
    } else if !findings.is_empty() {
        findings.extend(below_data(
            commands::read(name, target, body).err().unwrap_or_default(),
        ));
    }
    (!findings.is_empty()).then_some(findings)
}

/// What a line holds. Its data is read by its command.
pub(crate) fn envelope(node: Node<'_>) -> Option<()> {
    let mut line = node.object("BulkLine")?;
    line.required("command", text::<String>);
    line.optional("order_id", text::<String>);
    line.optional("idempotency_key", key);
    line.optional("if_match", version);
    line.optional("data", |_| Some(()));
    line.end();
    Some(())
}

fn key(node: Node<'_>) -> Option<()> {
    let key: String = text(node)?;
    if key.contains('\0') {
        node.wrong("must not contain U+0000");
    }
    Some(())
}

fn version(node: Node<'_>) -> Option<()> {
    let version: i64 = integer(node)?;
    if version < 0 {
        node.wrong("must be a version");
    }
    Some(())
}

/// The command and the order that it is for; nothing if that cannot be read.
fn addressee(line: &Value) -> Result<Option<(CommandName, Target)>, Refusal> {
    let Some(Value::String(command)) = line.get("command") else {
        return Ok(None);
    };
    let unknown = || Refusal::UnknownCommand {
        name: command.clone(),
    };
    let name = CommandName::parse(command).ok_or_else(unknown)?;
    let order_id = line.get("order_id").filter(|id| !id.is_null());
    match (name, order_id) {
        (CommandName::Place | CommandName::Draft, None) => Ok(Some((name, Target::New))),
        // There is no such path either: the id of a new order is part of its data.
        (CommandName::Draft, Some(_)) => Err(unknown()),
        (_, Some(Value::String(id))) => match OrderId::parse(id.as_str()) {
            Ok(order_id) => Ok(Some((name, Target::Existing(order_id)))),
            Err(_) => Err(Refusal::NoSuchOrder),
        },
        (_, None) => Err(Refusal::Invalid(vec![Finding {
            pointer: "/order_id".to_owned(),
            detail: "is required".to_owned(),
        }])),
        (_, Some(_)) => Ok(None),
    }
}
