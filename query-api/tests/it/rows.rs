//! The rows of the views, as a projector would write them.

use read_model::history::{self, HistoryRow};
use read_model::orders::{self, OrderRow, TermsRow};
use read_model::words::words;
use read_model::{
    Currency, FulfillmentStatus, OrderStatus, PaymentStatus, ReturnStatus, Timestamp, View,
    partition_of,
};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::stage::PARTITIONS;

/// Moves a checkpoint forward.
pub(crate) async fn checkpoint(
    connection: &mut PgConnection,
    view: View,
    generation: i32,
    partition: u16,
    position: i64,
) {
    let done = sqlx::query(
        "update checkpoint set position = $4, event_id = $5
        where projection = $1 and generation = $2 and partition = $3 and position < $4",
    )
    .bind(view.as_str())
    .bind(generation)
    .bind(i16::try_from(partition).unwrap())
    .bind(position)
    .bind(Uuid::new_v4())
    .execute(connection)
    .await
    .unwrap();
    assert_eq!(done.rows_affected(), 1, "a checkpoint only moves forward");
}

/// An order to be written, with its last event.
#[derive(Debug, Clone)]
pub(crate) struct Order {
    pub(crate) id: String,
    pub(crate) number: Option<String>,
    pub(crate) status: OrderStatus,
    pub(crate) customer: String,
    pub(crate) created_at: Timestamp,
    pub(crate) placed_at: Option<Timestamp>,
    pub(crate) version: i64,
    pub(crate) position: i64,
    pub(crate) document: Option<String>,
    pub(crate) payment_status: PaymentStatus,
    pub(crate) fulfillment_status: FulfillmentStatus,
    pub(crate) return_status: ReturnStatus,
    pub(crate) on_hold: bool,
    pub(crate) currency: &'static str,
    pub(crate) total: i64,
    pub(crate) skus: &'static [&'static str],
    pub(crate) tags: &'static [&'static str],
    /// All texts by which it is found.
    pub(crate) text: String,
}

/// An event of an order, as the history shows it.
#[derive(Debug, Clone)]
pub(crate) struct Event {
    pub(crate) position: i64,
    pub(crate) order_id: String,
    pub(crate) sequence: i64,
    pub(crate) kind: &'static str,
    pub(crate) actor: String,
    pub(crate) correlation_id: String,
    pub(crate) occurred_at: Timestamp,
    /// The event's own members, as JSON.
    pub(crate) data: String,
}

impl Event {
    /// An order's first event, or another note to it.
    pub(crate) fn note(order_id: &str, sequence: i64, position: i64) -> Self {
        Self {
            position,
            order_id: order_id.to_owned(),
            sequence,
            kind: "NoteAdded",
            actor: "alice".to_owned(),
            correlation_id: format!("c-{position}"),
            occurred_at: minute(position),
            data: format!("{{\"text\":\"note {sequence}\",\"visibility\":\"internal\"}}"),
        }
    }

    /// The entry as it is stored.
    pub(crate) fn entry(&self) -> String {
        format!(
            r#"{{"position":{},"event_id":"{}","type":"{}","event_version":"1","order_id":"{}","order_number":null,"sequence":{},"occurred_at":"{}","actor":"{}","command":"add-note","command_id":"{}","idempotency_key":null,"correlation_id":"{}","causation_id":null,"traceparent":null,"client":{{"address":null,"user_agent":null}},"reason":null,"changes":[],"data":{}}}"#,
            self.position,
            self.event_id(),
            self.kind,
            self.order_id,
            self.sequence,
            self.occurred_at,
            self.actor,
            Uuid::nil(),
            self.correlation_id,
            self.data
        )
    }

    fn event_id(&self) -> Uuid {
        Uuid::from_u128(u128::try_from(self.position).unwrap())
    }

    pub(crate) async fn write(&self, connection: &mut PgConnection, generation: i32) {
        let row = HistoryRow {
            position: self.position,
            event_id: self.event_id(),
            order_id: self.order_id.clone(),
            sequence: self.sequence,
            event_type: self.kind.to_owned(),
            actor: self.actor.clone(),
            correlation_id: self.correlation_id.clone(),
            occurred_at: self.occurred_at,
            entry: self.entry(),
        };
        history::write(connection, generation, &[row])
            .await
            .unwrap();
    }
}

impl Order {
    /// A placed order whose only event is at this position.
    pub(crate) fn placed(id: &str, position: i64) -> Self {
        let at = minute(position);
        Self {
            id: id.to_owned(),
            number: Some(format!("2026-{position:06}")),
            status: OrderStatus::Placed,
            customer: "c-1".to_owned(),
            created_at: at,
            placed_at: Some(at),
            version: 1,
            position,
            document: None,
            payment_status: PaymentStatus::Unpaid,
            fulfillment_status: FulfillmentStatus::Unfulfilled,
            return_status: ReturnStatus::None,
            on_hold: false,
            currency: "EUR",
            total: 1_000,
            skus: &["SKU-1"],
            tags: &[],
            text: String::new(),
        }
    }

    /// A draft whose only event is at this position.
    pub(crate) fn draft(id: &str, position: i64) -> Self {
        Self {
            number: None,
            status: OrderStatus::Draft,
            placed_at: None,
            ..Self::placed(id, position)
        }
    }

    /// Its document as stored.
    pub(crate) fn document(&self) -> String {
        self.document.clone().unwrap_or_else(|| {
            format!(
                r#"{{"order_id":"{}","version":{},"position":{}}}"#,
                self.id, self.version, self.position
            )
        })
    }

    /// Its last audit entry as stored.
    pub(crate) fn entry(&self) -> String {
        format!(
            r#"{{ "position": {}, "order_id": "{}", "sequence": {} }}"#,
            self.position, self.id, self.version
        )
    }

    pub(crate) async fn write(&self, connection: &mut PgConnection, generation: i32) {
        self.write_row(connection, generation).await;
        let row = HistoryRow {
            position: self.position,
            event_id: Uuid::new_v4(),
            order_id: self.id.clone(),
            sequence: self.version,
            event_type: "NoteAdded".to_owned(),
            actor: "alice".to_owned(),
            correlation_id: "c-1".to_owned(),
            occurred_at: minute(self.position),
            entry: self.entry(),
        };
        history::write(connection, generation, &[row])
            .await
            .unwrap();
    }

    pub(crate) async fn write_row(&self, connection: &mut PgConnection, generation: i32) {
        let row = OrderRow {
            order_id: self.id.clone(),
            order_number: self.number.clone(),
            status: self.status,
            payment_status: self.payment_status,
            fulfillment_status: self.fulfillment_status,
            return_status: self.return_status,
            on_hold: self.on_hold,
            customer_id: self.customer.clone(),
            currency: Currency::parse(self.currency).unwrap(),
            total: self.total,
            placed_at: self.placed_at,
            created_at: self.created_at,
            updated_at: minute(self.position),
            version: self.version,
            position: self.position,
            document: self.document(),
        };
        let owned = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
        let terms = TermsRow {
            order_id: self.id.clone(),
            skus: owned(self.skus),
            tags: owned(self.tags),
            words: words(&self.text).collect(),
            sorted_at: self.placed_at.unwrap_or(self.created_at),
        };
        orders::write(connection, generation, &[row], &[terms])
            .await
            .unwrap();
    }
}

/// A time that rises with its number.
pub(crate) fn minute(number: i64) -> Timestamp {
    let start = Timestamp::parse("2026-11-20T10:00:00Z").unwrap();
    Timestamp::from_datetime(start.as_datetime() + chrono::TimeDelta::minutes(number))
}

/// An order id that belongs to this partition.
pub(crate) fn id_in(partition: u16) -> String {
    (0..10_000)
        .map(|number| format!("o-{number}"))
        .find(|id| partition_of(id, PARTITIONS) == partition)
        .unwrap()
}

/// Adds events, and moves the checkpoints of their partitions.
pub(crate) async fn write_events(connection: &mut PgConnection, events: &[Event]) {
    for event in events {
        event.write(connection, 1).await;
        let partition = partition_of(&event.order_id, PARTITIONS);
        let view = View::OrderHistory;
        checkpoint(connection, view, 1, partition, event.position).await;
    }
}
