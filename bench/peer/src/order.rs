//! The aggregate, its events and its view.

use cqrs_es::event_sink::EventSink;
use cqrs_es::{Aggregate, DomainEvent, EventEnvelope, View};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What a customer orders. Prices are taken as they come.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct NewOrder {
    pub(crate) order_id: String,
    currency: String,
    customer: Customer,
    lines: Vec<Line>,
    #[serde(default)]
    discounts: Vec<Value>,
    shipping: Option<Value>,
    shipping_address: Option<Value>,
    #[serde(default)]
    tags: Vec<String>,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[expect(clippy::struct_field_names, reason = "the contract's names")]
pub(crate) struct Customer {
    customer_id: String,
    name: Option<String>,
    email: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[expect(clippy::struct_field_names, reason = "the contract's names")]
pub(crate) struct Line {
    line_id: String,
    sku: String,
    name: String,
    quantity: i64,
    unit_price: i64,
    tax_rate: Option<String>,
    #[serde(default)]
    discounts: Vec<Value>,
}

#[derive(Debug)]
pub(crate) enum OrderCommand {
    Place(Box<NewOrder>),
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) enum OrderEvent {
    OrderPlaced { order: Box<NewOrder>, total: i64 },
}

impl DomainEvent for OrderEvent {
    fn event_type(&self) -> String {
        "OrderPlaced".to_owned()
    }

    fn event_version(&self) -> String {
        "1.0".to_owned()
    }
}

/// Why a command is refused.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum OrderError {
    AlreadyPlaced,
    NoLine,
    Quantity,
}

impl std::fmt::Display for OrderError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::AlreadyPlaced => "the order is placed already",
            Self::NoLine => "an order needs a line",
            Self::Quantity => "a quantity is at least 1",
        })
    }
}

impl std::error::Error for OrderError {}

#[derive(Debug, Default, Clone, Serialize, Deserialize)]
pub(crate) struct Order {
    placed: Option<Box<NewOrder>>,
    total: i64,
}

impl Aggregate for Order {
    const TYPE: &'static str = "order";
    type Command = OrderCommand;
    type Event = OrderEvent;
    type Error = OrderError;
    type Services = ();

    async fn handle(
        &mut self,
        command: OrderCommand,
        (): &(),
        sink: &EventSink<Self>,
    ) -> Result<(), OrderError> {
        let OrderCommand::Place(order) = command;
        if self.placed.is_some() {
            return Err(OrderError::AlreadyPlaced);
        }
        if order.lines.is_empty() {
            return Err(OrderError::NoLine);
        }
        if order.lines.iter().any(|line| line.quantity < 1) {
            return Err(OrderError::Quantity);
        }
        let total = order
            .lines
            .iter()
            .map(|line| line.quantity * line.unit_price)
            .sum();
        sink.write(OrderEvent::OrderPlaced { order, total }, self)
            .await;
        Ok(())
    }

    fn apply(&mut self, OrderEvent::OrderPlaced { order, total }: OrderEvent) {
        self.placed = Some(order);
        self.total = total;
    }
}

/// What a reader sees.
#[derive(Debug, Default, Clone, Serialize, Deserialize)]
pub(crate) struct OrderView {
    status: String,
    version: usize,
    total: i64,
    #[serde(flatten)]
    order: NewOrder,
}

impl View<Order> for OrderView {
    fn update(&mut self, event: &EventEnvelope<Order>) {
        let OrderEvent::OrderPlaced { order, total } = &event.payload;
        "placed".clone_into(&mut self.status);
        self.version = event.sequence;
        self.total = *total;
        self.order = (**order).clone();
    }
}
