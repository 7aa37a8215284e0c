//! What a caller is told about a command that succeeded, made from the events alone: so that the
//! answer to a retry, made from the same events, is the same.

use axum::http::StatusCode;
use domain::OrderId;
use domain::envelope::Recorded;
use domain::order::{Amounts, EventMembers, Order, OrderEvent, OrderStatus};
use event_store::{RecordedKey, StoredEvent};
use read_model::order::{OrderDocument, OrderFold};
use serde::Serialize;
use serde_json::value::{RawValue, to_raw_value};
use uuid::Uuid;

use crate::refusal::Refusal;

/// The answer to a command that succeeded.
#[derive(Debug)]
pub(crate) struct Answer {
    /// 201 for a new order, else 200.
    pub(crate) status: StatusCode,
    /// The order that the command was about.
    pub(crate) order_id: OrderId,
    /// Where the log is and which version the order has; a dry run changes neither.
    pub(crate) place: Option<Place>,
    /// Whether the body holds the order, because the caller preferred so.
    pub(crate) represented: bool,
    /// Whether this is what an earlier request with the key was told.
    pub(crate) replayed: bool,
    /// The body, as JSON.
    pub(crate) body: Box<RawValue>,
}

/// What a command led to, in numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Place {
    /// How many events the order has.
    pub(crate) version: i64,
    /// The position of the last of them.
    pub(crate) position: i64,
}

#[derive(Serialize)]
struct Body<'a> {
    order_id: &'a OrderId,
    order_number: Option<&'a str>,
    version: i64,
    position: i64,
    order_status: Option<OrderStatus>,
    events: Vec<EventBody>,
    #[serde(skip_serializing_if = "Option::is_none")]
    order: Option<OrderDocument<'a>>,
}

#[derive(Serialize)]
struct EventBody {
    event_id: Uuid,
    #[serde(rename = "type")]
    event_type: &'static str,
    sequence: i64,
    position: i64,
}

#[derive(Serialize)]
struct DryRunBody<'a> {
    order_id: &'a OrderId,
    order_number: Option<&'a str>,
    version: i64,
    position: Option<i64>,
    order_status: Option<OrderStatus>,
    dry_run: bool,
    events: Vec<DryRunEvent<'a>>,
    amounts: Amounts,
}

#[derive(Serialize)]
struct DryRunEvent<'a> {
    #[serde(rename = "type")]
    event_type: &'static str,
    sequence: i64,
    data: EventMembers<'a>,
}

impl Answer {
    /// The answer to a command that led to `recorded`, the last events of `order`.
    pub(crate) fn new(
        status: StatusCode,
        order_id: &OrderId,
        order: &OrderFold,
        recorded: &[Recorded],
        represented: bool,
    ) -> Result<Self, Refusal> {
        let place = Place {
            version: order.version(),
            position: order.position(),
        };
        let event = |recorded: &Recorded| EventBody {
            event_id: recorded.event_id,
            event_type: recorded.event.event_type(),
            sequence: recorded.sequence,
            position: recorded.position,
        };
        let body = to_raw_value(&Body {
            order_id,
            order_number: order.order_number(),
            version: place.version,
            position: place.position,
            order_status: order.order().status(),
            events: recorded.iter().map(event).collect(),
            order: if represented { order.document() } else { None },
        })?;
        let order_id = order_id.clone();
        Ok(Answer {
            status,
            order_id,
            place: Some(place),
            represented,
            replayed: false,
            body,
        })
    }

    /// The answer that a command got before: its events are the last of `events` up to its own.
    pub(crate) fn replay(events: &[StoredEvent], key: &RecordedKey) -> Result<Self, Refusal> {
        let mut order = OrderFold::default();
        let mut recorded = Vec::new();
        for event in events
            .iter()
            .take_while(|event| event.position <= key.last_position())
        {
            let event = event.decode()?;
            order.apply(&event);
            if event.position >= key.first_position {
                recorded.push(event);
            }
        }
        let order_id = OrderId::parse(key.aggregate_id.as_str())?;
        let status = if key.status == 201 {
            StatusCode::CREATED
        } else {
            StatusCode::OK
        };
        let answer = Self::new(status, &order_id, &order, &recorded, key.represented)?;
        Ok(Answer {
            replayed: true,
            ..answer
        })
    }

    /// What `events` would make of `order`.
    pub(crate) fn dry_run(
        order_id: &OrderId,
        order: &OrderFold,
        events: &[OrderEvent],
    ) -> Result<Self, Refusal> {
        let mut after: Order = order.order().clone();
        let mut shown = Vec::with_capacity(events.len());
        for event in events {
            after.apply(event);
            shown.push(DryRunEvent {
                event_type: event.event_type(),
                sequence: after.version(),
                data: event.members(),
            });
        }
        let body = to_raw_value(&DryRunBody {
            order_id,
            order_number: order.order_number(),
            version: after.version(),
            position: None,
            order_status: after.status(),
            dry_run: true,
            events: shown,
            amounts: after.amounts(),
        })?;
        Ok(Answer {
            status: StatusCode::OK,
            order_id: order_id.clone(),
            place: None,
            represented: false,
            replayed: false,
            body,
        })
    }
}
