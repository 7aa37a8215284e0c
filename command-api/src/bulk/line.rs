//! One line of an upload: what is read of it, what becomes of it, and its answer.

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use serde::Serialize;
use serde_json::value::{RawValue, to_raw_value};
use service_kit::Actor;

use super::chains::Link;
use super::envelope;
use crate::answer::Answer;
use crate::app::App;
use crate::call::{Call, Origin};
use crate::measure;
use crate::refusal::Refusal;

/// What was read of a line.
pub(super) enum Reading {
    /// A command.
    Call(Box<Call>),
    /// Nothing that could be carried out.
    Refused(Refusal),
}

/// Reads a line.
pub(super) fn read(text: &[u8], actor: &Actor, origin: &Arc<Origin>, limit: Duration) -> Reading {
    match envelope::admit(text, actor, origin, Instant::now() + limit) {
        Ok(call) => Reading::Call(Box::new(call)),
        Err(refusal) => Reading::Refused(refusal),
    }
}

/// What this line must not be overtaken with: its order, or that which it makes, and its key.
pub(super) fn links(call: &Call) -> impl Iterator<Item = Link> {
    let new = || {
        call.body
            .get("order_id")
            .and_then(serde_json::Value::as_str)
    };
    let order = call
        .target
        .order_id()
        .map(domain::OrderId::as_str)
        .or_else(new);
    let order = order.map(|order| Link::Order(order.to_owned()));
    order
        .into_iter()
        .chain(call.key().map(|key| Link::Key(key.to_owned())))
}

/// Carries a line out. Its time begins now: how long it waited for its turn is the upload's doing.
pub(super) async fn carry_out(app: &App, mut call: Call) -> Result<Answer, Refusal> {
    let began = Instant::now();
    call.deadline = began + app.request_deadline;
    let outcome = match app.commands.carry_out(&call).await {
        Err(Refusal::Invalid(findings)) => Err(Refusal::Invalid(envelope::below_data(findings))),
        outcome => outcome,
    };
    let status = match &outcome {
        Ok(answer) => answer.status,
        Err(refusal) => refusal.status(),
    };
    measure::command(call.name, status, began.elapsed());
    outcome
}

#[derive(Serialize)]
struct LineBody<'a> {
    index: usize,
    status: u16,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    replayed: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    retry_after: Option<u32>,
    body: &'a RawValue,
}

/// The answer to the line `index`, with its newline.
pub(super) fn answer(index: usize, outcome: Result<Answer, Refusal>, origin: &Origin) -> Bytes {
    let (status, replayed, retry_after, body) = match outcome {
        Ok(answer) => (answer.status, answer.replayed, None, Ok(answer.body)),
        Err(refusal) => {
            let problem = refusal.into_problem();
            let body = problem.to_body(&origin.path, &origin.correlation_id);
            (
                problem.status(),
                false,
                problem.retry_after_seconds(),
                to_raw_value(&body),
            )
        }
    };
    let text = body.and_then(|body| {
        let status = status.as_u16();
        let mut text = serde_json::to_vec(&LineBody {
            index,
            status,
            replayed,
            retry_after,
            body: &body,
        })?;
        text.push(b'\n');
        Ok(text)
    });
    text.map_or_else(
        |_| Bytes::from(format!("{{\"index\":{index},\"status\":500}}\n")),
        Bytes::from,
    )
}
