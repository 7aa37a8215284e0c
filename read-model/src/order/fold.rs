//! From the events of one order to all that is shown of it. Pure: state and event in, state out.

use domain::envelope::Recorded;
use domain::order::{Facts, Order, OrderEvent};
use domain::{Timestamp, order_number};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::document::{
    HoldDocument, LineDocument, NoteDocument, OrderDocument, PaymentDocument, RefundDocument,
    ReturnDocument, ShipmentDocument,
};
use super::ledger::Ledger;

/// An order with the facts of its envelopes: when things happened and who did them.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct OrderFold {
    order: Order,
    order_number: Option<String>,
    position: i64,
    last_event_id: Option<Uuid>,
    created_at: Option<Timestamp>,
    placed_at: Option<Timestamp>,
    placed_position: Option<i64>,
    confirmed_at: Option<Timestamp>,
    updated_at: Option<Timestamp>,
    /// One for each open hold, in the same order.
    holds: Vec<Mark>,
    /// One for each note, in the same order.
    notes: Vec<Mark>,
    /// One for each shipment, in the same order.
    shipments: Vec<Journey>,
    /// One for each return, in the same order.
    requests: Vec<Request>,
    ledger: Ledger,
}

/// When something was done, and by whom.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Mark {
    at: Timestamp,
    by: Box<str>,
}

/// When a shipment left and arrived.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Journey {
    shipped_at: Timestamp,
    delivered_at: Option<Timestamp>,
}

/// When a return was requested.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Request {
    /// The time.
    pub at: Timestamp,
    /// The position of the event.
    pub position: i64,
}

impl OrderFold {
    /// The version of what a fold is when it is written as JSON, for snapshots. To be raised with every change of
    /// that JSON, and with every change of what the same events are folded to: a snapshot of another version is passed by.
    pub const SHAPE_VERSION: i32 = 2;

    /// Takes in the next event of the order.
    pub fn apply(&mut self, recorded: &Recorded) {
        let at = recorded.occurred_at;
        // A released hold's mark is found by where the hold still is.
        if let OrderEvent::HoldReleased(released) = &recorded.event {
            let held = self.order.facts().map_or(&[][..], |facts| &facts.holds);
            if let Some(index) = held
                .iter()
                .position(|hold| hold.hold_id == released.hold_id)
            {
                self.holds.remove(index);
            }
        }
        self.order.apply(&recorded.event);
        self.position = recorded.position;
        self.last_event_id = Some(recorded.event_id);
        self.created_at.get_or_insert(at);
        self.updated_at = Some(at);
        match &recorded.event {
            OrderEvent::OrderPlaced(_) => {
                self.placed_at = Some(at);
                self.placed_position = Some(recorded.position);
                self.order_number = Some(order_number(at, recorded.position));
            }
            OrderEvent::OrderConfirmed(_) => self.confirmed_at = Some(at),
            _ => {}
        }
        self.mark(recorded);
    }

    /// Gives each hold, note, shipment and return that is new its time, whichever event brought it.
    fn mark(&mut self, recorded: &Recorded) {
        let Some(facts) = self.order.facts() else {
            return;
        };
        let at = recorded.occurred_at;
        let mark = || Mark {
            at,
            by: recorded.metadata.actor.as_str().into(),
        };
        self.holds.resize_with(facts.holds.len(), mark);
        self.notes.resize_with(facts.notes.len(), mark);
        let journey = Journey {
            shipped_at: at,
            delivered_at: None,
        };
        self.shipments.resize(facts.shipments.len(), journey);
        for (shipment, journey) in facts.shipments.iter().zip(&mut self.shipments) {
            if shipment.delivered {
                journey.delivered_at.get_or_insert(at);
            }
        }
        let request = Request {
            at,
            position: recorded.position,
        };
        self.requests.resize(facts.returns.len(), request);
        self.ledger.take(facts, at);
    }

    /// The order itself.
    pub fn order(&self) -> &Order {
        &self.order
    }

    /// How many events are in.
    pub fn version(&self) -> i64 {
        self.order.version()
    }

    /// The position of the last event; 0 before the first.
    pub fn position(&self) -> i64 {
        self.position
    }

    /// The id of the last event.
    pub fn last_event_id(&self) -> Option<Uuid> {
        self.last_event_id
    }

    /// Its number, from placing on.
    pub fn order_number(&self) -> Option<&str> {
        self.order_number.as_deref()
    }

    /// When its first event happened.
    pub fn created_at(&self) -> Option<Timestamp> {
        self.created_at
    }

    /// When it was placed.
    pub fn placed_at(&self) -> Option<Timestamp> {
        self.placed_at
    }

    /// The position at which it was placed.
    pub fn placed_position(&self) -> Option<i64> {
        self.placed_position
    }

    /// When it was confirmed.
    pub fn confirmed_at(&self) -> Option<Timestamp> {
        self.confirmed_at
    }

    /// When its last event happened.
    pub fn updated_at(&self) -> Option<Timestamp> {
        self.updated_at
    }

    /// When each of its returns was requested, in the order of its facts' returns.
    pub fn return_requests(&self) -> &[Request] {
        &self.requests
    }

    /// On which days its money moved.
    pub fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    /// The order as the contract shows it; nothing before the first event.
    pub fn document(&self) -> Option<OrderDocument<'_>> {
        let facts = self.order.facts()?;
        Some(OrderDocument {
            order_id: facts.order_id.as_str(),
            order_number: self.order_number(),
            version: self.order.version(),
            position: self.position,
            status: facts.status,
            payment_status: facts.payment_status(),
            fulfillment_status: facts.fulfillment_status(),
            return_status: facts.return_status(),
            on_hold: !facts.holds.is_empty(),
            holds: self.hold_documents(facts),
            currency: facts.currency,
            rounding: facts.rounding,
            tax: facts.tax,
            customer: &facts.customer,
            lines: facts.lines.iter().map(LineDocument::from).collect(),
            discounts: &facts.discounts,
            shipping: facts.shipping.as_ref(),
            amounts: facts.amounts(),
            payments: facts.payments.iter().map(PaymentDocument::from).collect(),
            shipments: self.shipment_documents(facts),
            returns: facts.returns.iter().map(ReturnDocument::from).collect(),
            refunds: facts.refunds.iter().map(RefundDocument::from).collect(),
            notes: self.note_documents(facts),
            tags: &facts.tags,
            shipping_address: facts.shipping_address.as_ref(),
            billing_address: facts.billing_address.as_ref(),
            reason: facts.reason.as_ref(),
            created_at: self.created_at,
            placed_at: self.placed_at,
            updated_at: self.updated_at,
            allowed_commands: self.order.allowed_commands(),
        })
    }

    fn hold_documents<'a>(&'a self, facts: &'a Facts) -> Vec<HoldDocument<'a>> {
        let marked = facts.holds.iter().zip(&self.holds);
        marked
            .map(|(hold, mark)| HoldDocument {
                hold_id: &hold.hold_id,
                reason: &hold.reason,
                note: hold.note.as_ref(),
                placed_at: mark.at,
                placed_by: &mark.by,
            })
            .collect()
    }

    fn note_documents<'a>(&'a self, facts: &'a Facts) -> Vec<NoteDocument<'a>> {
        let marked = facts.notes.iter().zip(&self.notes);
        marked
            .map(|(note, mark)| NoteDocument {
                text: &note.text,
                visibility: note.visibility,
                at: mark.at,
                by: &mark.by,
            })
            .collect()
    }

    fn shipment_documents<'a>(&'a self, facts: &'a Facts) -> Vec<ShipmentDocument<'a>> {
        let timed = facts.shipments.iter().zip(&self.shipments);
        timed
            .map(|(shipment, journey)| ShipmentDocument {
                shipment_id: &shipment.shipment_id,
                lines: &shipment.lines,
                carrier: shipment.carrier.as_ref(),
                tracking_number: shipment.tracking_number.as_ref(),
                shipped_at: journey.shipped_at,
                delivered_at: journey.delivered_at,
            })
            .collect()
    }
}
