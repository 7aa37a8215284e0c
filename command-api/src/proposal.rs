//! Events that were decided, and what the log is asked to take.

use chrono::{DateTime, Utc};
use domain::envelope::{Metadata, Recorded};
use domain::order::{OrderCommand, OrderEvent};
use domain::{OrderId, Timestamp};
use event_store::{Append, KeyToRecord, NewEvent, ORDER};
use uuid::Uuid;

use crate::answer::Answer;
use crate::call::Call;
use crate::commands::Target;
use crate::orders::Known;
use crate::refusal::Refusal;

/// The order that a command is about: the one in its path, or the one that it makes.
pub(crate) fn order_id<'a>(command: &'a OrderCommand, target: &'a Target) -> Option<&'a OrderId> {
    match command {
        OrderCommand::Place(order) | OrderCommand::Draft(order) => Some(&order.order_id),
        _ => target.order_id(),
    }
}

/// A command's events with all that goes into the log beside them. Proposed again after an answer was
/// lost it is the same: the ids are made here.
pub(crate) struct Proposal<'a> {
    call: &'a Call,
    order_id: &'a OrderId,
    /// The order before the events.
    known: Known,
    events: Vec<OrderEvent>,
    new_events: Vec<NewEvent>,
    metadata: Metadata,
}

impl<'a> Proposal<'a> {
    /// What is to be appended to an order for a call.
    pub(crate) fn new(
        call: &'a Call,
        command: &OrderCommand,
        order_id: &'a OrderId,
        known: Known,
        events: Vec<OrderEvent>,
    ) -> Result<Self, Refusal> {
        let metadata = metadata(call, command);
        let metadata_json = serde_json::to_string(&metadata)?;
        let new_event = |event: &OrderEvent| {
            Ok(NewEvent {
                event_id: Uuid::now_v7(),
                event_type: event.event_type().to_owned(),
                event_version: event.event_version().to_owned(),
                payload: event.to_payload()?,
                metadata: metadata_json.clone(),
            })
        };
        let new_events = events
            .iter()
            .map(new_event)
            .collect::<Result<_, serde_json::Error>>()?;
        Ok(Proposal {
            call,
            order_id,
            known,
            events,
            new_events,
            metadata,
        })
    }

    /// What the log is asked to take.
    pub(crate) fn append(&self, key: Option<KeyToRecord>) -> Append {
        Append {
            aggregate_type: ORDER.to_owned(),
            aggregate_id: self.order_id.to_string(),
            expected_sequence: self.known.fold().version(),
            expected_last_event: self.known.fold().last_event_id(),
            events: self.new_events.clone(),
            key,
            deadline: self.call.deadline,
        }
    }

    /// The order that the log did not find as it was, so that only what has changed need be read.
    pub(crate) fn into_known(self) -> Known {
        self.known
    }

    /// The answer, after the log has taken it at this position and time, and the order as it is now.
    pub(crate) fn answer(
        self,
        key: Option<KeyToRecord>,
        first_position: i64,
        recorded_at: DateTime<Utc>,
    ) -> (Result<Answer, Refusal>, Known) {
        let mut known = self.known;
        let before = known.fold().version();
        let mut recorded = Vec::with_capacity(self.events.len());
        for (offset, (event, new)) in (0..).zip(self.events.into_iter().zip(&self.new_events)) {
            let event = Recorded {
                position: first_position + offset,
                event_id: new.event_id,
                order_id: self.order_id.to_string(),
                sequence: before + 1 + offset,
                occurred_at: Timestamp::from_datetime(recorded_at),
                metadata: self.metadata.clone(),
                event,
            };
            known.apply(&event, new.payload.len());
            recorded.push(event);
        }
        let represented = key.is_some_and(|key| key.represented);
        let answer = Answer::new(
            self.call.target.success(),
            self.order_id,
            known.fold(),
            &recorded,
            represented,
        );
        (answer, known)
    }
}

fn metadata(call: &Call, command: &OrderCommand) -> Metadata {
    let origin = &call.origin;
    Metadata {
        actor: origin.actor.clone(),
        command: call.name.as_str().to_owned(),
        command_id: Uuid::now_v7(),
        idempotency_key: call.key().map(str::to_owned),
        correlation_id: origin.correlation_id.clone(),
        causation_id: None,
        traceparent: Some(origin.traceparent.clone()),
        client: origin.client.clone(),
        reason: command.reason().map(str::to_owned),
    }
}
